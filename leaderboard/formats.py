"""Numbers as text in a cell."""

from benchmark.records.base import Interval

FEW = 5
"""A share of fewer images than this is shown as a count too."""

SAME = 1e-6
"""Difference below which a number of images is whole."""


def decimals(value: float, digits: int = 2, sign: str = "") -> str:
    """The value with fixed decimals, without a minus sign before zero.

    >>> decimals(0.12345, 3), decimals(-0.001), decimals(0.5, sign="+")
    ('0.123', '0.00', '+0.50')

    Args:
        value: any number.
        digits: number of decimals.
        sign: `+` to show the sign of positive numbers too.
    """
    return f"{round(value, digits) + 0:{sign}.{digits}f}"


def three(value: float) -> str:
    """The value with three decimals."""
    return decimals(value, 3)


def four(value: float) -> str:
    """The value with four decimals."""
    return decimals(value, 4)


def signed(value: float) -> str:
    """The value with two decimals and its sign."""
    return decimals(value, sign="+")


def whole(value: float) -> str:
    """The value without decimals, thousands separated.

    >>> whole(1562752)
    '1,562,752'
    """
    return f"{value:,.0f}"


def count(value: float) -> str:
    """The value without decimals.

    >>> count(12784)
    '12784'
    """
    return f"{value:.0f}"


def of(share: float, images: int) -> str:
    """A share of some images as a count, to be appended to it; empty if it is a mean over seeds, which is no count.

    >>> of(0.25, 4), of(0.3, 4)
    (' (1 of 4)', '')

    Args:
        share: in [0, 1].
        images: number of all images.
    """
    right = round(share * images)
    return f" ({right} of {images})" if abs(share * images - right) < SAME else ""


def few_of(share: float | None, images: int | None) -> str:
    """`of` for a share of fewer than five images; else, and for None, empty.

    >>> few_of(0.25, 4), few_of(0.5, 36), few_of(None, 4)
    (' (1 of 4)', '', '')
    """
    return of(share, images) if share is not None and images and share * images < FEW - SAME else ""


def bracketed(interval: Interval | None, digits: int = 2) -> str:
    """An interval to be appended to its number; empty for None.

    >>> bracketed(Interval(low=0.4, high=0.612, groups=9))
    ' [0.40, 0.61]'

    Args:
        interval: the interval.
        digits: number of decimals.
    """
    return f" [{decimals(interval.low, digits)}, {decimals(interval.high, digits)}]" if interval else ""


def difference(value: float, other: float) -> float:
    """`value` - `other` after both are rounded to two decimals, so that a reader can check it.

    >>> difference(4 / 36, 10 / 35)
    -0.18
    """
    return round(round(value, 2) - round(other, 2), 2)


def not_trained_text(loss: float, seeds: str = "") -> str:
    """The cell of a head that is not trained.

    >>> not_trained_text(1.7431)
    'not trained (loss 1.74)'

    Args:
        loss: its last training loss.
        seeds: how many seeds it holds for, to be put before the loss.
    """
    return f"not trained ({seeds}loss {loss:.2f})"
