"""Confidence intervals of scores, with groups of images as the units of evidence.

Images of one unit (`units.units_of`) are near-copies, so an interval over images would overstate the evidence. Means
between bounds, such as shares and their differences, have an interval whose variance is stabilised by what is possible
between them. Other means have Student's interval, corrected for skewness. All of them are functions of sums over
groups.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.records.base import Interval

LEVEL = 0.95

FEWEST_GROUPS = 6
"""Groups that an interval and a rank need: five differences of one sign have a probability of 2 / 2^5."""

ROUNDING = 1e-12
"""Means that differ by less are equal."""

Bounds = tuple[float, float]
"""The smallest and the largest possible value."""

Numbers = float | NDArray[np.float64]

Ends = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Lower and upper ends of intervals."""

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
    level: float = LEVEL,
    bounds: Bounds | None = None,
) -> Interval | None:
    """Interval of a mean over images: accuracy, rank-k (hits), mean average precision, error of a hole.

    Args:
        values: (N,) one for each image, finite. Leave out queries without a match, with their groups.
        groups: (N,) the group of each image; None = each image is its own.
        level: probability that the interval covers the mean.
        bounds: the smallest and the largest possible value. With 0 and 1 the interval is that of `of_share`, with
            others a normal interval whose variance is stabilised in the same way. If all groups have one mean, it is
            exact: see `unseen`. None = Student's interval, corrected for the skewness of the groups (Hall 1992), with
            the degrees of freedom of Bell and McCaffrey (2002); then it may have no width.

    Returns:
        None with fewer than `FEWEST_GROUPS` groups.

    Raises:
        InputError: a value is not finite, or the lengths differ.

    Example:
        >>> interval = of_mean(np.array([21.0, 24.0, 22.0, 23.0, 22.0, 20.0]))
        >>> round(interval.low, 2), round(interval.high, 2)
        (20.52, 23.48)
        >>> round(of_mean(np.ones(6), bounds=(0, 1)).low, 2)
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
    sums, sizes = np.bincount(number, values), np.bincount(number)
    if not bounds:
        return _of_unbounded(sums, sizes, level)
    means = sums / sizes
    if np.ptp(means) <= ROUNDING:
        return _of_equal_groups(float(means[0]), bounds, count, level)
    if bounds == SHARE:
        return of_share(values, number, level=level)
    return _of_bounded(sums, sizes, bounds, level)


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
    return Interval(low=float(low), high=float(high), groups=count)


def share_ends(sums: NDArray[np.number], sizes: NDArray[np.number], *, level: float) -> Ends:
    """Ends of `of_share`, also of many shares, and of shares of images that count differently.

    Args:
        sums: (..., groups) of the values of each group, each in [0, 1] times what its image counts.
        sizes: (groups,) numbers of images, or what they count together; above 0.
        level: probability that the interval covers the share.

    Returns:
        Two arrays (...).
    """
    count = len(sizes)
    share = sums.sum(axis=-1) / sizes.sum()
    agree = np.ptp(sums / sizes, axis=-1) <= ROUNDING
    largest = np.where(agree, 1.0, share * (1 - share))  # variance of one image, and of one group whose images agree
    variance = _stable_variance(sums, sizes, largest=largest, known=4 * largest, prior=PRIOR_GROUPS)
    critical = _critical(level, count, _effective_groups(sizes))
    shift = critical**2 * variance / largest  # Wilson's z^2 / n
    middle = (share + shift / 2) / (1 + shift)
    reach = critical * np.sqrt(variance + critical**2 * (variance / largest) ** 2 / 4) / (1 + shift)
    others = unseen(count, level)
    low, high = np.maximum(0.0, middle - reach), np.minimum(1.0, middle + reach)
    return np.where(agree, share * (1 - others), low), np.where(agree, share + (1 - share) * others, high)


def _of_unbounded(sums: NDArray[np.number], sizes: NDArray[np.int64], level: float) -> Interval:
    """Student's interval of a mean, corrected for the skewness of the groups.

    Hall (1992), On the removal of skewness by transformation: a cubic function of the studentised mean has nearly
    Student's distribution. The ends of the interval are where it has the critical values.
    """
    mean = float(sums.sum() / sizes.sum())
    error, critical = math.sqrt(_variance(sums, sizes)), student(level, _freedom(sizes))
    skewness = _skewness_of_mean(sums - mean * sizes, sizes)
    below, above = (_invert_hall(quantile, skewness) for quantile in (critical, -critical))
    return Interval(low=mean - error * below, high=mean - error * above, groups=len(sizes))


def _freedom(sizes: NDArray[np.number]) -> float:
    """Degrees of freedom of `_variance`, if the means of all groups vary alike (Bell and McCaffrey 2002).

    Those of the chi-squared distribution with the mean and variance of that quadratic form (Satterthwaite 1946); one
    less than the number of groups if all are of one size.
    """
    weights = sizes / sizes.sum()
    residuals = np.eye(len(weights)) - weights  # (groups, groups): of the means, from the means
    form = residuals.T * (weights**2 / (1 - 2 * weights + (weights**2).sum())) @ residuals
    return float(np.trace(form)) ** 2 / float((form**2).sum())


def _skewness_of_mean(residuals: NDArray[np.number], sizes: NDArray[np.int64]) -> float:
    """Skewness of a mean over groups, from the deviations (groups,) of their sums; 0 if none deviates.

    That of a group over the square root of their number, with the usual correction of a sample's skewness.
    """
    groups, power = len(sizes), math.pow(float((residuals**2).sum()), 1.5)
    if not power:
        return 0.0
    return float((residuals**3).sum()) / power * math.sqrt(groups * (groups - 1)) / (groups - 2)


def _invert_hall(quantile: float, skewness: float) -> float:
    """Studentised mean t whose transformation has this quantile of Student's t.

    The transformation is t + a t^2 / 3 + a^2 t^3 / 27 + a / 6, where a is the skewness of the mean (Hall 1992).
    """
    if abs(skewness) < ROUNDING:
        return quantile
    return 3 / skewness * (math.cbrt(1 + skewness * (quantile - skewness / 6)) - 1)


def _of_bounded(sums: NDArray[np.number], sizes: NDArray[np.int64], bounds: Bounds, level: float) -> Interval:
    """Normal interval of a mean between bounds, such as a difference of two shares, with its variance as `of_share`."""
    mean, half = float(sums.sum() / sizes.sum()), (bounds[1] - bounds[0]) / 2
    variance = _stable_variance(sums, sizes, largest=half**2, known=1.0, prior=PRIOR_DIFFERENCES)
    reach = _critical(level, len(sizes), _effective_groups(sizes)) * math.sqrt(variance)
    return Interval(low=max(bounds[0], mean - reach), high=min(bounds[1], mean + reach), groups=len(sizes))


def _stable_variance(
    sums: NDArray[np.number], sizes: NDArray[np.number], *, largest: Numbers, known: Numbers, prior: float
) -> NDArray[np.float64]:
    """Variance of a mean over groups, averaged with that of groups whose means differ as much as they can, (...).

    Args:
        sums: (..., groups) of the values.
        sizes: (groups,) numbers of images.
        largest: variance of the mean of one group if it is as large as possible.
        known: in [0, 1], how much a group tells of the variance.
        prior: number of groups that the largest variance counts as.
    """
    groups = _effective_groups(sizes)
    weight = known * (groups - 1)
    return (weight * _variance(sums, sizes) + prior * largest / groups) / (weight + prior)


def _variance(sums: NDArray[np.number], sizes: NDArray[np.number]) -> NDArray[np.float64]:
    """Variance of a ratio of sums over groups, (...), without bias if the images of a group agree (CR2)."""
    weights = sizes / sizes.sum()
    shares = sums / sizes.sum()
    residuals = shares - shares.sum(axis=-1, keepdims=True) * weights  # their sum is 0
    variance: NDArray[np.float64] = (residuals**2 / (1 - 2 * weights + (weights**2).sum())).sum(axis=-1)
    return variance


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
    1 - a. Groups that are all equal show no variance.

    Args:
        groups: number of groups, at least 1.
        level: probability that the interval covers the true share.

    Example:
        >>> round(unseen(6, 0.95), 3), round(unseen(36, 0.95), 3)
        (0.459, 0.097)
    """
    return float(1 - ((1 - level) / 2) ** (1 / groups))


def _of_equal_groups(value: float, bounds: Bounds, groups: int, level: float) -> Interval:
    """Exact interval of a mean of groups that all have this value: an unseen share of them may be at either bound."""
    others = unseen(groups, level)
    low, high = (value + others * (bound - value) for bound in bounds)
    return Interval(low=low, high=high, groups=groups)
