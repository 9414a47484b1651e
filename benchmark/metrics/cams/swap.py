"""The swap null of CAMs: what the same CAMs reach when they are laid on the regions of other images.

A CAM that ignores the image, such as a blob in the middle of every crop, falls on the pattern as often as patterns lie
in the middle. It falls on the patterns of other images as often. What remains after subtracting is due to CAMs that
follow their own image; it is the covariance of CAMs and regions over the images. Other images are those of other units
(`benchmark.metrics.resampling.units`): images of one unit are near-copies.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS, LEVEL, number_groups
from benchmark.records.base import Interval


class Swap(NamedTuple):
    """Mean score of CAMs on their own and on other images.

    Attributes:
        own: mean over the images.
        swap: mean over all pairs of a CAM and an image of another unit; None if there is one unit alone.
        excess: interval of own - swap; None with fewer than six units.
    """

    own: float
    swap: float | None
    excess: Interval | None


class Pairs(NamedTuple):
    """Mean scores of each CAM on its own and on other images; all (P,), NaN where there is no pair.

    Attributes:
        own: score of the CAM on its own image; NaN for an image that takes no part.
        swap: mean score of the CAM on the images of other units.
        others: mean score of the CAMs of other units on the image; None = not known, then there is no interval.
    """

    own: NDArray[np.float64]
    swap: NDArray[np.float64]
    others: NDArray[np.float64] | None


def pair(cams: NDArray[np.floating], targets: NDArray[np.floating], groups: NDArray[np.integer]) -> Pairs:
    """Mean scores of CAMs on their own images and on images of other units.

    The score of a CAM on an image is the sum of their product over the cells, so all pairs together need sums over
    units alone.

    Args:
        cams: (P, n) of P >= 1 images.
        targets: (P, n) what each cell of an image counts.
        groups: (P,) the unit of each image.
    """
    number, count = number_groups(groups, len(cams))
    others = (len(number) - np.bincount(number))[number].astype(np.float64)  # images of other units
    others[others == 0] = np.nan
    cam_sums, target_sums = _unit_sums(cams, number, count), _unit_sums(targets, number, count)
    other_cams, other_targets = (sums.sum(axis=0) - sums[number] for sums in (cam_sums, target_sums))
    return Pairs(
        own=np.einsum("pn,pn->p", cams, targets),
        swap=np.einsum("pn,pn->p", cams, other_targets) / others,
        others=np.einsum("pn,pn->p", other_cams, targets) / others,
    )


def compare(pairs: Pairs, groups: NDArray[np.integer]) -> Swap | None:
    """Mean score of CAMs on their own images and over all pairs with an image of another unit; None without CAMs.

    The interval is that of the jackknife over units with Student's t: the difference is a U-statistic of the units
    (Arvesen 1969). Leaving out a unit leaves out its CAMs and its images.

    Args:
        pairs: from `pair`, of some or all images.
        groups: (P,) the unit of each image.

    Example:
        >>> units = np.array([0, 1])
        >>> compare(pair(np.eye(2), np.eye(2), units), units)
        Swap(own=1.0, swap=0.0, excess=None)
    """
    rows = np.flatnonzero(~np.isnan(pairs.own))
    if not rows.size:
        return None
    number, count = number_groups(groups[rows], len(rows))
    mean = float(pairs.own[rows].mean())
    if count == 1:
        return Swap(mean, None, None)
    images = np.bincount(number).astype(np.float64)  # (units,), as all sums below
    others = images.sum() - images
    swap_sums = np.bincount(number, pairs.swap[rows] * others[number])
    across, count_pairs = float(swap_sums.sum()), float((images * others).sum())
    swap = across / count_pairs
    if count < FEWEST_GROUPS or pairs.others is None:
        return Swap(mean, swap, None)
    own = np.bincount(number, pairs.own[rows])
    others_sums = np.bincount(number, pairs.others[rows] * others[number])
    own_left = (own.sum() - own) / others
    swap_left = (across - swap_sums - others_sums) / (count_pairs - 2 * images * others)
    return Swap(mean, swap, _jackknife(mean - swap, own_left - swap_left))


def partners(groups: NDArray[np.integer], draws: int, seed: int) -> NDArray[np.int64]:
    """Images of other units, drawn at random for each image.

    Args:
        groups: (P,) the unit of each image, of two units or more.
        draws: number of images to draw for each.
        seed: of the draws.

    Returns:
        (draws, P) int64, indices of images.

    Example:
        >>> partners(np.array([4, 4, 7]), 2, seed=0)[:, :2]
        array([[2, 2],
               [2, 2]])
    """
    number, _ = number_groups(groups, len(groups))
    order = np.argsort(number, kind="stable")  # images of one unit stand together
    images = np.bincount(number)
    after = np.cumsum(images)[number]  # place of the first image behind the unit
    steps = np.random.default_rng(seed).integers(0, len(number) - images[number], (draws, len(number)))
    drawn: NDArray[np.int64] = order[(after + steps) % len(number)]
    return drawn


def _unit_sums(values: NDArray[np.floating], number: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Sums over the images of each unit, (units, n)."""
    from scipy.sparse import csr_array

    places = (np.ones(len(number)), (number, np.arange(len(number))))
    sums: NDArray[np.float64] = csr_array(places, shape=(count, len(number))) @ values
    return sums


def _jackknife(value: float, left: NDArray[np.float64]) -> Interval:
    """The interval around a value, from the (units,) values without one unit each."""
    from scipy.special import stdtrit

    units = len(left)
    error = math.sqrt((units - 1) / units * ((left - left.mean()) ** 2).sum())
    reach = float(stdtrit(units - 1, (1 + LEVEL) / 2)) * error
    return Interval(low=value - reach, high=value + reach, groups=units)
