"""A number of a record beside the same number made again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["match", "drift", "mismatch", "unknown"]


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may be apart, and why.

    Attributes:
        match: largest difference that rounding explains: the numbers are the same.
        drift: largest difference that another machine explains: the numbers were made in the same way.
        source: where the two come from, as a clause.
    """

    match: float
    drift: float
    source: str

    def outcome(self, difference: float) -> Outcome:
        """What a difference means; not a number is a mismatch.

        >>> [Tolerance(0.1, 0.5, "by hand").outcome(difference) for difference in (0.0, 0.3, 0.9, float("nan"))]
        ['match', 'drift', 'mismatch', 'mismatch']
        """
        if difference <= self.match:
            return "match"
        return "drift" if difference <= self.drift else "mismatch"


SUMS = Tolerance(1e-9, 1e-9, "sums of the same numbers in another order")
EQUAL = Tolerance(0.0, 0.0, "digests and names are equal or not")


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        place: in the record, such as `classification.deep.test.accuracy`.
        outcome: `unknown` if it could not be compared.
        told: what the record says, or why it cannot be compared.
        found: what was made again.
        tolerance: of the comparison.
    """

    place: str
    outcome: Outcome
    told: str
    found: str = ""
    tolerance: Tolerance = EQUAL


def compare(told: object, found: object, place: str, tolerance: Tolerance = SUMS) -> Iterator[Check]:
    """A check for each number, name and list of a value and of the same value made again.

    Lists of numbers are one check: that of their largest difference.

    Args:
        told: JSON value of the record.
        found: JSON value made again.
        place: of the value.
        tolerance: of numbers; anything else is equal or not.
    """
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        for name in dict.fromkeys([*told, *found]):
            yield from compare(told.get(name), found.get(name), f"{place}.{name}" if place else str(name), tolerance)
    elif isinstance(told, list | tuple) and isinstance(found, list | tuple):
        yield from _compare_lists(told, found, place, tolerance)
    elif isinstance(told, int | float) and isinstance(found, int | float) and type(told) is not bool:
        outcome = tolerance.outcome(abs(told - found))
        yield Check(place, outcome, _text(told), _text(found), tolerance)
    else:
        yield Check(place, "match" if told == found else "mismatch", _text(told), _text(found))


def _compare_lists(
    told: Sequence[object], found: Sequence[object], place: str, tolerance: Tolerance
) -> Iterator[Check]:
    if len(told) != len(found):
        yield Check(place, "mismatch", f"{len(told)} values", f"{len(found)} values")
        return
    parts = [
        check
        for number, pair in enumerate(zip(told, found, strict=True))
        for check in compare(*pair, f"{place}[{number}]", tolerance)
    ]
    order: tuple[Outcome, ...] = ("match", "drift", "unknown", "mismatch")
    if parts:
        worst = max(parts, key=lambda check: order.index(check.outcome))
        yield worst if worst.outcome != "match" else Check(place, "match", f"{len(told)} values", tolerance=tolerance)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:80]
