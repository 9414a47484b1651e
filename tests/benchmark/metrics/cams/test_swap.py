"""The swap null against sums over pairs; and blobs that ignore the image beside CAMs that follow it."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN
from benchmark.metrics.cams.localisation import localise
from benchmark.metrics.cams.swap import Swap, compare, pair, partners
from benchmark.records.localisation import Localisation

SIDE = 32
"""Pixels of an image."""

GRID = 8
"""Cells of a CAM."""

Array = NDArray[np.float64]


def blob(centres: Array, side: int, width: float) -> Array:
    """Gaussians at centres (P, 2), in shares of the image, as (P, side, side)."""
    place = (np.arange(side) + 0.5) / side
    down, across = (np.exp(-((place - centres[:, axis, None]) ** 2) / (2 * width**2)) for axis in (0, 1))
    return down[:, :, None] * across[:, None, :]


def animals(centres: Array) -> NDArray[np.uint8]:
    """Masks of round bodies with a round pattern in their middle, near the middle of the crop."""
    closeness = blob(centres, SIDE, 0.25)
    return np.select([closeness > 0.85, closeness > 0.5], [PATTERN, BODY], BACKGROUND).astype(np.uint8)


def centred(random: np.random.Generator, units: int, each: int, spread: float) -> Array:
    """Centres near the middle, which differ between units and hardly within them, (units * each, 2)."""
    return random.normal(0.5, spread, (units, 2)).repeat(each, axis=0) + random.normal(0, 0.01, (units * each, 2))


def localised(cams: Array, regions: NDArray[np.uint8], groups: NDArray[np.int64]) -> Localisation:
    return localise(cams, regions, order=np.arange(len(cams)), groups=groups, seed=0, method="gradcam")


def swapped(cams: Array, targets: Array, groups: NDArray[np.int64]) -> Swap:
    swap = compare(pair(cams, targets, groups), groups)
    assert swap is not None
    return swap


def excess_of(result: Localisation) -> float:
    assert result.swap is not None
    assert result.density.pattern is not None
    assert result.swap.density.pattern is not None
    return result.density.pattern - result.swap.density.pattern


def test_it_is_the_mean_over_all_pairs_of_different_units_with_the_jackknife_over_units() -> None:
    random = np.random.default_rng(0)
    cams, targets = random.random((12, 5)), random.random((12, 5))
    groups = np.array([7, 7, 1, 2, 2, 2, 3, 4, 4, 5, 6, 1])

    def difference(rows: NDArray[np.int64]) -> tuple[float, float]:
        own = np.mean([cams[i] @ targets[i] for i in rows])
        return float(own), float(np.mean([cams[i] @ targets[j] for i in rows for j in rows if groups[i] != groups[j]]))

    result = swapped(cams, targets, groups)
    own, swap = difference(np.arange(12))
    assert (result.own, result.swap) == pytest.approx((own, swap))
    left = np.array([np.subtract(*difference(np.flatnonzero(groups != unit))) for unit in np.unique(groups)])
    reach = stats.t.ppf(0.975, 6) * np.sqrt(6 / 7 * ((left - left.mean()) ** 2).sum())
    assert result.excess is not None
    assert (result.excess.low, result.excess.high) == pytest.approx((own - swap - reach, own - swap + reach))
    assert result.excess.groups == 7


def test_few_units_have_no_interval_and_one_unit_has_no_other_image() -> None:
    values = np.random.default_rng(1).random((6, 4))
    assert swapped(values, values, np.array([0, 1, 2, 3, 4, 4])).excess is None
    one = swapped(values, values, np.zeros(6, int))
    assert (one.own, one.swap, one.excess) == (pytest.approx((values**2).sum() / 6), None, None)


def test_partners_are_of_other_units_and_each_of_them_is_equally_likely() -> None:
    groups = np.array([3, 0, 3, 3, 1, 0, 3])
    drawn = partners(groups, 4000, seed=0)
    assert (groups[drawn] != groups).all()
    for image in range(len(groups)):
        others = np.flatnonzero(groups != groups[image])
        shares = np.bincount(drawn[:, image], minlength=len(groups))[others] / len(drawn)
        assert shares == pytest.approx(1 / len(others), abs=0.04)


def test_a_centred_blob_that_ignores_the_image_is_dense_on_patterns_but_not_above_the_swap_null() -> None:
    random = np.random.default_rng(2)
    units = np.arange(20).repeat(3)
    regions = animals(centred(random, 20, 3, 0.05))
    cams = blob(np.full((60, 2), 0.5), GRID, 0.15)
    result = localised(cams, regions, units)
    assert result.density.pattern is not None
    assert result.density.pattern > 3.5  # although it knows nothing
    assert excess_of(result) == pytest.approx(0, abs=0.05)
    assert result.pattern_excess is not None
    assert result.pattern_excess.low <= 1e-9
    assert result.pattern_excess.high >= -1e-9


def test_cams_that_follow_the_pattern_are_above_the_swap_null() -> None:
    random = np.random.default_rng(3)
    units = np.arange(20).repeat(3)
    centres = centred(random, 20, 3, 0.1)
    result = localised(blob(centres, GRID, 0.15), animals(centres), units)
    assert result.pattern_excess is not None
    assert result.pattern_excess.low > 0.3


@pytest.mark.slow
@pytest.mark.parametrize(("units", "most"), [(6, 0.985), (12, 0.97), (30, 0.97)])
def test_the_interval_covers_zero_as_often_as_it_says_if_cams_ignore_their_image(units: int, most: float) -> None:
    """CAMs and patterns move from unit to unit, but not together: the difference is 0.

    With six units the interval is wider than it needs to be.
    """
    random = np.random.default_rng(units)
    runs, covered = 2000, 0
    groups = np.arange(units).repeat(2)
    for _ in range(runs):
        cams = blob(centred(random, units, 2, 0.1), GRID, 0.15).reshape(2 * units, -1)
        patterns = blob(centred(random, units, 2, 0.1), GRID, 0.1).reshape(2 * units, -1)
        own, other = (values / values.sum(axis=1, keepdims=True) for values in (cams, patterns))
        excess = swapped(own, other, groups).excess
        assert excess is not None
        covered += excess.low <= 0 <= excess.high
    assert 0.93 <= covered / runs <= most
