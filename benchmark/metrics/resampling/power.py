"""What a set of test images can show: its effective number of images, and the smallest difference it can detect."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS, number_groups, student
from benchmark.metrics.resampling.significance import SIGNIFICANCE

SPREADS = 100
"""Standard deviations over which the studentised range is averaged; its 95 % quantile is then right within 0.2 %."""

RANGE_ERROR = 1e-6
"""Largest error of the quantile of a range, of the search alone."""

POWER = 0.8
"""Probability that a difference of the smallest detectable size is found."""


def agreement_within(values: NDArray[np.number] | NDArray[np.bool_], groups: NDArray[np.generic]) -> float:
    """Intraclass correlation of values within groups, in [0, 1], by one-way analysis of variance (Donner 1986).

    The sums of squares of several rows are added, each around its own mean: one correlation for all rows of a table.

    Args:
        values: (R, N), finite: one value for each row and image, such as 1 = right and 0 = wrong.
        groups: (N,) the unit of each image.

    Returns:
        0 if every image is its own group; 1 if the values show nothing about it: a single group, or values that are
        equal in every row.

    Example:
        >>> agreement_within(np.array([[1, 1, 1, 0, 0, 0]]), np.array([0, 0, 0, 1, 1, 1]))
        1.0
    """
    number, count = number_groups(groups, values.shape[1])
    sizes = np.bincount(number)
    images = len(number)
    if count == images:
        return 0.0
    if count < 2:  # noqa: PLR2004 - no difference between groups
        return 1.0
    means = np.stack([np.bincount(number, row) for row in values]) / sizes  # (R, groups)
    centres = values.mean(axis=1, keepdims=True)
    between = float((sizes * (means - centres) ** 2).sum()) / (count - 1)
    within = float(((values - means[:, number]) ** 2).sum()) / (images - count)
    typical = (images - float((sizes**2).sum()) / images) / (count - 1)
    total = between + (typical - 1) * within
    return min(1.0, max(0.0, (between - within) / total)) if total > 0 else 1.0


def detectable_mean(values: NDArray[np.floating], groups: NDArray[np.generic]) -> float | None:
    """Smallest mean of paired differences that a two-sided t test over groups finds in 80 % of data sets, at 5 %.

    (t(0.975) + t(0.8)) times the standard error of the mean of clustered values, with groups - 1 degrees of freedom
    (Cameron & Miller 2015, A Practitioner's Guide to Cluster-Robust Inference, equation 11 for a constant alone).

    Args:
        values: (N,), finite: a difference for each image or photo.
        groups: (N,) the unit of each.

    Returns:
        In the unit of the values, at least 0; None with fewer than `FEWEST_GROUPS` groups, which are never tested.

    Example:
        >>> round(detectable_mean(1.54 * np.tile([1.0, -1.0], 39), np.arange(78)), 2)
        0.5
    """
    from scipy.special import stdtrit

    number, count = number_groups(groups, len(values))
    if count < FEWEST_GROUPS:
        return None
    sums = np.bincount(number, values - values.mean())
    error = math.sqrt(count / (count - 1) * float((sums**2).sum())) / len(values)
    return float((stdtrit(count - 1, 1 - SIGNIFICANCE / 2) + stdtrit(count - 1, POWER)) * error)


def effective_images(groups: NDArray[np.generic], agreement: float) -> float:
    """Number of independent images that would show as much: N / (1 + (m - 1) agreement) (Kish 1965).

    m is the size of the unit of an image, averaged over the images, so that units of unequal size are allowed for.

    Args:
        groups: (N,) the unit of each image, N >= 1.
        agreement: intraclass correlation of the answers within a unit, in [0, 1].

    Example:
        >>> effective_images(np.repeat(np.arange(6), 6), 1.0)
        6.0
    """
    number, _ = number_groups(groups, len(groups))
    images = len(number)
    size = float((np.bincount(number) ** 2).sum()) / images
    return images / (1 + (size - 1) * agreement)


def mean_discordance(correct: NDArray[np.bool_]) -> float:
    """Share of the images on which one of two rows is right and the other wrong, averaged over all pairs of rows.

    Of a single row, the share expected with another of the same accuracy that errs independently.

    Args:
        correct: (R, N) whether each row answers each image correctly, R >= 1.

    Example:
        >>> mean_discordance(np.array([[True, True, False, False], [True, False, False, False]]))
        0.25
    """
    if len(correct) == 1:
        accuracy = float(correct.mean())
        return 2 * accuracy * (1 - accuracy)
    first, second = np.triu_indices(len(correct), 1)
    return float((correct[first] != correct[second]).mean())


def detectable_difference(images: float, discordance: float, units: int, rows: int = 2) -> float | None:
    """Smallest difference of two accuracies that is found in 80 % of tables, at 5 % for all pairs of rows together.

    Student's approximation of a paired difference, whose standard error sqrt(discordance / images) is estimated from
    the units. The largest of all pairs is tested first (see `significance.shared_ranks`), so its critical value is that
    of the studentised range. If the discordance is small, the smallest difference is one in which all discordant images
    favour the same row: its variance is difference (1 - difference) / images.

    Args:
        images: effective number of images.
        discordance: share of the images on which one of the two is right and the other wrong.
        units: number of units of the images, at least 2.
        rows: number of rows that are compared, at least 2.

    Returns:
        In (0, 1]; None if not even a difference of 1 is found.

    Example:
        >>> [round(detectable_difference(35, 0.26, units, rows), 2) for units in (6, 35) for rows in (2, 9)]
        [0.3, 0.49, 0.25, 0.36]
    """
    from scipy.special import stdtrit

    alone = rows == 2  # noqa: PLR2004 - the range of two numbers is sqrt(2) |t|
    level, freedom = 1 - SIGNIFICANCE, units - 1
    critical = student(level, freedom) if alone else studentised_range(level, rows, freedom) / math.sqrt(2)
    reach = critical + float(stdtrit(freedom, POWER))
    one_sided = reach**2 / (images + reach**2)
    difference = max(one_sided, reach * math.sqrt(discordance / images))
    return difference if difference <= 1 else None


@lru_cache(maxsize=64)
def studentised_range(probability: float, numbers: int, freedom: int) -> float:
    """Quantile of the range of independent normal numbers, divided by an estimate of their standard deviation.

    The distribution function (Pearson and Hartley 1942) is integrated by trapezoids, whose error is below rounding for
    a smooth function that vanishes at both ends, and averaged over `SPREADS` equally likely standard deviations. It is
    that of `scipy.stats.studentized_range`, a module that takes longer to import than all tables to make.

    Args:
        probability: in (0, 1).
        numbers: at least 2.
        freedom: degrees of freedom of the standard deviation, at least 1.

    Example:
        >>> round(studentised_range(0.95, 3, 20), 1), round(studentised_range(0.95, 3, 10**6), 2)
        (3.6, 3.31)
    """
    from scipy.special import gammaincinv, ndtr

    least = np.linspace(-9, 9, 181)
    density = np.exp(-(least**2) / 2) / math.sqrt(2 * math.pi)
    spreads = np.sqrt(gammaincinv(freedom / 2, (np.arange(SPREADS) + 0.5) / SPREADS) * 2 / freedom)

    def is_enough(reach: float) -> bool:
        within = (ndtr(least + reach * spreads[:, None]) - ndtr(least)) ** (numbers - 1)
        return numbers * float(np.trapezoid(density * within, least).mean()) >= probability

    low, high = 0.0, 100.0
    while high - low > RANGE_ERROR:
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
