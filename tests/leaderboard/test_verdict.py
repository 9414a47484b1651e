"""The rule of the verdict."""

from itertools import product

import pytest

from benchmark.records.base import Interval
from leaderboard.verdict import Alone, compared

MOST, SOME, NONE = Alone(carries=True, is_most=True), Alone(carries=True, is_most=False), Alone(False, False)
ABOVE, OPEN, BELOW = (0.1, 0.5), (-0.1, 0.1), (-0.5, -0.1)
ONLY_PATTERN = "only the pattern alone is better than chance, but it is not shown to be better than the background"


def between(ends: tuple[float, float]) -> Interval:
    return Interval(low=ends[0], high=ends[1], groups=9)


@pytest.mark.parametrize(
    ("pattern", "background", "ends", "expected"),
    [
        (MOST, NONE, ABOVE, "mostly pattern"),
        (SOME, NONE, ABOVE, "more pattern than background"),
        (MOST, SOME, ABOVE, "mostly pattern (the background alone is better than chance too)"),
        (MOST, MOST, OPEN, "both (each alone is better than chance; no difference between them is shown)"),
        (NONE, NONE, ABOVE, "cannot tell (neither of the two alone is shown to be named better than chance)"),
        (MOST, NONE, OPEN, f"cannot tell ({ONLY_PATTERN})"),
    ],
)
def test_a_region_has_to_be_better_than_chance_and_than_the_other(
    pattern: Alone, background: Alone, ends: tuple[float, float], expected: str
) -> None:
    assert str(compared(pattern, background, between(ends))) == expected


@pytest.mark.parametrize(("pattern", "background"), list(product((MOST, SOME, NONE), repeat=2)))
@pytest.mark.parametrize("ends", [ABOVE, OPEN, BELOW])
def test_exchanged_regions_have_the_exchanged_verdict(
    pattern: Alone, background: Alone, ends: tuple[float, float]
) -> None:
    other = compared(background, pattern, between((-ends[1], -ends[0])))
    exchanged = str(other).replace("pattern", "#").replace("background", "pattern").replace("#", "background")
    assert str(compared(pattern, background, between(ends))) == exchanged
