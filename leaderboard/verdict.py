"""By which of two regions a classifier names the animals: one rule for the tables and for the report of own photos."""

from typing import NamedTuple

from benchmark.records.base import Interval

MOSTLY = 0.5
"""Share of the gain over not looking that a region alone must keep to be called most of it; a convention."""

UNTOLD = "cannot tell"


class Verdict(NamedTuple):
    """What a classifier of whole images relies on.

    Attributes:
        name: `mostly pattern` or `mostly background`; `more pattern than background` or the reverse, if the better of
            the two is still far from the whole image; `both`; `cannot tell`.
        reason: why nothing can be told, or what limits the verdict; may be empty.
    """

    name: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})" if self.reason else self.name


class Alone(NamedTuple):
    """What images that show only one region are named by.

    Attributes:
        carries: whether they are named better than without looking.
        is_most: whether they keep at least the share `MOSTLY` of what whole images gain over not looking.
    """

    carries: bool
    is_most: bool


def compared(pattern: Alone, background: Alone, advantage: Interval) -> Verdict:
    """The verdict from two regions.

    >>> compared(Alone(True, True), Alone(False, False), Interval(low=0.1, high=0.4, groups=20)).name
    'mostly pattern'

    Args:
        pattern: what the pattern shows alone.
        background: what the background shows alone.
        advantage: interval of the accuracy on the pattern less that on the background, on the same images.
    """
    if pattern.carries and advantage.low > 0:
        return _one_above("pattern", "background", pattern, background)
    if background.carries and advantage.high < 0:
        return _one_above("background", "pattern", background, pattern)
    if pattern.carries and background.carries:
        return Verdict("both", "each alone is better than chance; no difference between them is shown")
    if not pattern.carries and not background.carries:
        return Verdict(UNTOLD, "neither of the two alone is shown to be named better than chance")
    one, other = ("pattern", "background") if pattern.carries else ("background", "pattern")
    return Verdict(
        UNTOLD, f"only the {one} alone is better than chance, but it is not shown to be better than the {other}"
    )


def _one_above(one: str, other: str, above: Alone, below: Alone) -> Verdict:
    name = f"mostly {one}" if above.is_most else f"more {one} than {other}"
    return Verdict(name, f"the {other} alone is better than chance too" if below.carries else "")
