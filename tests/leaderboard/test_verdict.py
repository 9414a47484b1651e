"""The rule of the verdict."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.metrics.resampling.chance import better_than_chance
from benchmark.metrics.resampling.intervals import of_mean
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


@pytest.mark.slow
@pytest.mark.parametrize("difference", [0.0, 0.5])
def test_equal_regions_rarely_get_a_winner_and_unequal_ones_mostly_get_the_right_one(difference: float) -> None:
    """Simulated: 20 units of 5 images whose answers agree within a unit, chance 1 / 6, the background at 0.3."""
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    found = Counter(_simulated(generator, groups, 0.3 + difference) for _ in range(400))
    if difference:
        assert found["pattern"] >= 0.8 * 400
        assert found["background"] == 0
    else:
        assert found["pattern"] + found["background"] <= 0.07 * 400


def _simulated(generator: np.random.Generator, groups: NDArray[np.int64], pattern: float) -> str:
    """The region that a simulated contestant's verdict names; empty if none."""

    def answers(accuracy: float) -> NDArray[np.bool_]:
        by_unit = generator.beta(accuracy * 2, (1 - accuracy) * 2, groups.max() + 1)
        return generator.random(len(groups)) < by_unit[groups]

    right = {"pattern": answers(pattern), "background": answers(0.3)}
    chance = np.full(len(groups), 1 / 6)
    alone = {
        name: Alone(better_than_chance(one, chance, groups, seed=0).verdict == "yes", is_most=True)
        for name, one in right.items()
    }
    between_them = right["pattern"].astype(int) - right["background"]
    advantage = of_mean(between_them, groups, bounds=(-1, 1))
    assert advantage is not None
    name = compared(alone["pattern"], alone["background"], advantage).name
    return name.removeprefix("mostly ") if name.startswith("mostly") else ""
