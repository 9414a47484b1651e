"""Confidence intervals of scores, with groups of images as the units of evidence.

Images of one unit (`units.units_of`) are near-copies, so an interval over images would overstate the evidence. Means
between bounds, such as shares and their differences, have an interval by formula. Other means have an expanded
percentile bootstrap: whole groups are drawn with replacement, as many as there are (Davison and Hinkley 1997, section
3.8). A mean is a ratio of sums over groups, so a resample is a matrix product.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.records.base import Interval

RESAMPLES = 1000
LEVEL = 0.95

FEWEST_GROUPS = 6
"""Groups that an interval and a rank need: five differences of one sign have a probability of 2 / 2^5."""

BLOCK_BYTES = 64 * 2**20
"""Size of a block of resamples."""

ROUNDING = 1e-12
"""Means that differ by less are equal."""

Bounds = tuple[float, float]
"""The smallest and the largest possible value."""

SHARE: Bounds = (0.0, 1.0)
"""Bounds of a share."""

PRIOR_GROUPS = 0.8
"""Groups that complete agreement within groups counts as, in the variance of a share. By simulation: with fewer some
intervals cover less than 93 times in 100, with more they are needlessly long (`docs/statistics.md`)."""

PRIOR_DIFFERENCES = 0.3
"""As `PRIOR_GROUPS`, of groups that differ as much as they can, in the variance of a mean between other bounds."""


def of_mean(
    values: NDArray[np.number] | NDArray[np.bool_],
    groups: NDArray[np.generic] | None = None,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    bounds: Bounds | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Interval | None:
    """Interval of a mean over images: accuracy, rank-k (hits), mean average precision.

    Args:
        values: (N,) one for each image, finite. Leave out queries without a match, with their groups.
        groups: (N,) the group of each image; None = each image is its own.
        seed: of the resampling.
        resamples: at least 1000.
        level: probability that the interval covers the mean; see `expanded`.
        bounds: the smallest and the largest possible value. With 0 and 1 the interval is that of `of_share`, with
            others a normal interval whose variance is stabilised in the same way; neither draws resamples. If all
            groups have one mean, it is exact: see `unseen`. None = by bootstrap; then it may have no width.
        block_bytes: size of a block of resamples.

    Returns:
        None with fewer than `FEWEST_GROUPS` groups.

    Raises:
        InputError: a value is not finite, the lengths differ, or there are too few resamples.

    Example:
        >>> of_mean(np.array([1, 1, 1, 1, 1, 0]), seed=0)
        Interval(low=0.3333333333333333, high=1.0, groups=6)
        >>> round(of_mean(np.ones(6), seed=0, bounds=(0, 1)).low, 2)
        0.54
    """
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(
            f"The value in row {bad[0]} is {values[bad[0]]}; it must be finite. Leave out images without a value."
        )
    number, count = number_groups(groups, len(values))
    if count < FEWEST_GROUPS:
        return None
    sums = np.stack([np.bincount(number, values), np.bincount(number)], axis=1)  # (groups, 2)
    means = sums[:, 0] / sums[:, 1]
    if bounds and np.ptp(means) <= ROUNDING:
        reach = (bounds[1] - bounds[0]) * unseen(count, level)
        return _exact(float(means[0]), reach, bounds, count)
    if bounds == SHARE:
        return of_share(values, number, level=level)
    if bounds:
        return _of_bounded(sums[:, 0], sums[:, 1].astype(np.int64), bounds, level)
    totals = np.concatenate([draws @ sums for draws in _resample(count, seed, resamples, block_bytes)])
    return _interval(totals[:, 0] / totals[:, 1], count, level)


def number_groups(groups: NDArray[np.generic] | None, images: int) -> tuple[NDArray[np.int64], int]:
    """Number of each image's group, (images,) from 0, and the number of groups; None = each image is its own.

    Raises:
        InputError: there is not one group for each image.

    Example:
        >>> number_groups(np.array(["b", "a", "b"]), 3)
        (array([1, 0, 1]), 2)
    """
    if groups is None:
        return np.arange(images), images
    if groups.shape != (images,):
        raise InputError(f"The groups have shape {groups.shape}; ({images},) is needed, one for each image in order.")
    names, number = np.unique(groups, return_inverse=True)
    return number, len(names)


def expanded(level: float, groups: int) -> float:
    """Share of the resamples within an interval of the given level.

    Resampled means vary too little if the groups are few, and their tails are those of a normal distribution instead
    of Student's t. The share makes up for both (Hesterberg 2015, section 5.3, "expanded percentile interval").

    Args:
        level: probability that the interval shall cover the true value.
        groups: number of groups, at least 2.

    Example:
        >>> round(expanded(0.95, 6), 3), round(expanded(0.95, 1000), 3)
        (0.995, 0.95)
    """
    from scipy.special import ndtr, stdtrit

    tail = ndtr(-math.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, (1 + level) / 2))
    return float(1 - 2 * tail)


def of_share(
    values: NDArray[np.number] | NDArray[np.bool_], groups: NDArray[np.generic], *, level: float = LEVEL
) -> Interval | None:
    """Interval of a share, such as an accuracy: that of Wilson, of as many independent images as groups are worth.

    The variance of the share is that of a ratio of sums over groups, without bias if the images of a group agree
    (Bell and McCaffrey 2002, CR2). Few groups, or few that differ from the others, show little of it. It is therefore
    averaged with the variance under complete agreement, which counts as `PRIOR_GROUPS` and the data as all groups but
    one, less if the share is far from one half. The variance gives the effective number of images (Kish 1965), and that
    the interval (Wilson 1927). If groups are of unequal size, the critical value grows as that of Student's t does from
    the number of groups to their effective number.

    In simulations it covers the share 93 to 97 times in 100 where that is possible, and up to 99 times with few groups
    or a share near 0 or 1, where one end cannot miss (`docs/statistics.md`).

    Args:
        values: (N,) in [0, 1]: whether each image is answered correctly, or the share of training seeds that do.
        groups: (N,) the group of each image.
        level: probability that the interval covers the share.

    Returns:
        None with fewer than `FEWEST_GROUPS` groups. If all groups agree, the exact interval (`unseen`).

    Example:
        >>> interval = of_share(np.array([1, 1, 1, 0, 1, 0, 1, 1]), np.arange(8))
        >>> round(interval.low, 2), round(interval.high, 2)
        (0.39, 0.93)
    """
    number, count = number_groups(groups, len(values))
    if count < FEWEST_GROUPS:
        return None
    low, high = share_ends(np.bincount(number, values), np.bincount(number), level=level)
    return Interval(low=low, high=high, groups=count)


def share_ends(sums: NDArray[np.number], sizes: NDArray[np.number], *, level: float) -> Bounds:
    """Ends of `of_share`, also of a share of images that count differently.

    Args:
        sums: (groups,) of the values of each group, each in [0, 1] times what its image counts.
        sizes: (groups,) numbers of images, or what they count together; above 0.
        level: probability that the interval covers the share.
    """
    count = len(sums)
    share = float(sums.sum() / sizes.sum())
    if np.ptp(sums / sizes) <= ROUNDING:
        return max(0.0, share - unseen(count, level)), min(1.0, share + unseen(count, level))
    largest = share * (1 - share)  # variance of one image, and of one group whose images agree
    variance = _stable_variance(sums, sizes, largest=largest, known=4 * largest, prior=PRIOR_GROUPS)
    critical = _critical(level, count, _effective_groups(sizes))
    shift = critical**2 * variance / largest  # Wilson's z^2 / n
    middle = (share + shift / 2) / (1 + shift)
    reach = critical * math.sqrt(variance + critical**2 * (variance / largest) ** 2 / 4) / (1 + shift)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _of_bounded(sums: NDArray[np.number], sizes: NDArray[np.int64], bounds: Bounds, level: float) -> Interval:
    """Normal interval of a mean between bounds, such as a difference of two shares, with its variance as `of_share`."""
    mean, half = float(sums.sum() / sizes.sum()), (bounds[1] - bounds[0]) / 2
    variance = _stable_variance(sums, sizes, largest=half**2, known=1.0, prior=PRIOR_DIFFERENCES)
    reach = _critical(level, len(sizes), _effective_groups(sizes)) * math.sqrt(variance)
    return _exact(mean, reach, bounds, len(sizes))


def _stable_variance(
    sums: NDArray[np.number], sizes: NDArray[np.number], *, largest: float, known: float, prior: float
) -> float:
    """Variance of a mean over groups, averaged with that of groups whose means differ as much as they can.

    Args:
        sums: (groups,) of the values.
        sizes: (groups,) numbers of images.
        largest: variance of the mean of one group if it is as large as possible.
        known: in [0, 1], how much a group tells of the variance.
        prior: number of groups that the largest variance counts as.
    """
    weights = sizes / sizes.sum()
    concentration = float((weights**2).sum())  # one over the effective number of groups
    residuals = sums / sizes.sum() - sums.sum() / sizes.sum() * weights  # their sum is 0
    seen = float((residuals**2 / (1 - 2 * weights + concentration)).sum())
    weight = known * (1 / concentration - 1)
    return (weight * seen + prior * largest * concentration) / (weight + prior)


def _effective_groups(sizes: NDArray[np.number]) -> float:
    """Number of equal groups whose mean would vary as much (Kish 1965)."""
    return float(sizes.sum() ** 2 / (sizes.astype(np.float64) ** 2).sum())


@lru_cache(maxsize=1024)
def _critical(level: float, groups: int, effective: float) -> float:
    """Critical value of a normal interval, longer if groups are of unequal size."""
    from scipy.special import ndtri

    longer = student(level, max(1.0, effective - 1)) / student(level, groups - 1)
    return float(ndtri((1 + level) / 2)) * longer


@lru_cache(maxsize=1024)
def student(level: float, freedom: float) -> float:
    """Critical value of Student's t of a two-sided interval.

    Example:
        >>> round(student(0.95, 5), 2)
        2.57
    """
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def unseen(groups: int, level: float) -> float:
    """Largest share of groups with another value that is compatible with none of them having it.

    The end of the exact interval of a share of 0 in n (Clopper and Pearson 1934): 1 - (a / 2)^(1 / n) for the level
    1 - a. Resamples of equal groups are all equal, so the bootstrap cannot know it.

    Args:
        groups: number of groups, at least 1.
        level: probability that the interval covers the true share.

    Example:
        >>> round(unseen(6, 0.95), 3), round(unseen(36, 0.95), 3)
        (0.459, 0.097)
    """
    return float(1 - ((1 - level) / 2) ** (1 / groups))


def _resample(groups: int, seed: int, resamples: int, block_bytes: int) -> Iterator[NDArray[np.float64]]:
    """How often each group is drawn in each resample, in blocks of (b, groups).

    Raises:
        InputError: fewer than 1000 resamples are requested.
    """
    if resamples < RESAMPLES:
        raise InputError(f"{resamples} resamples are too few for the ends of an interval; take {RESAMPLES} or more.")
    generator = np.random.default_rng(seed)
    block = max(1, block_bytes // (8 * groups))
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        draws = generator.integers(0, groups, (count, groups)) + groups * np.arange(count)[:, None]
        yield np.bincount(draws.ravel(), minlength=count * groups).reshape(count, groups).astype(np.float64)


def _exact(value: float, reach: float, bounds: Bounds, groups: int) -> Interval:
    """The interval of this reach around the value, within the bounds."""
    return Interval(low=max(bounds[0], value - reach), high=min(bounds[1], value + reach), groups=groups)


def _interval(values: NDArray[np.float64], groups: int, level: float) -> Interval:
    share = expanded(level, groups)
    low, high = np.quantile(values, [(1 - share) / 2, (1 + share) / 2])
    return Interval(low=float(low), high=float(high), groups=groups)
