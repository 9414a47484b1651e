"""Training seeds and units together: intervals of means over seeds, and the variance between seeds.

Every seed answers the same test images, so seeds and units are crossed. Their contributions to the variance of a mean
add up (Owen 2007); few seeds are not resampled, because three of them show too little of their spread.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.intervals import (
    LEVEL,
    SHARE,
    Bounds,
    number_groups,
    of_mean,
    of_share,
    student,
)
from benchmark.records.base import Interval

CLEAR_SPREAD = 0.55
"""Quantile of F above which the spread of two seeds is more than their interaction with units."""


class SeedVariance(NamedTuple):
    """Variance of a row's mean between training seeds, without what the test images contribute.

    Attributes:
        between: variance between the means of seeds.
        interaction: what the interaction of seeds and units contributes to it.
        freedom: degrees of freedom; 0 if no row has several seeds.
    """

    between: float
    interaction: float
    freedom: int

    @property
    def variance(self) -> float:
        """What seeds alone contribute, 0 or more."""
        return max(0.0, self.between - self.interaction)


def of_seed_means(
    values: NDArray[np.number] | NDArray[np.bool_],
    groups: NDArray[np.generic],
    *,
    bounds: Bounds | None = SHARE,
    level: float = LEVEL,
) -> Interval | None:
    """Interval of a mean over training seeds and test images, such as an accuracy.

    The two ends of the interval over units (of a share `of_share`, else `of_mean`), of the mean over seeds, and those
    of Student's interval over seeds lie at distances from the mean that are added as squares (MOVER: Zou and Donner
    2008). With one seed it is the interval over units alone: the spread of the seeds is missing.

    The interaction of seeds and units is part of the spread over units, so it is subtracted from the spread of seeds.
    Two seeds have one degree of freedom. What is left of their spread would too often be nothing, so nothing is
    subtracted; their spread counts whole where it exceeds the interaction, by the 55 % quantile of F, else not at all.
    `docs/statistics.md` shows how often the interval covers the true share.

    Args:
        values: (S, N) one for each seed and test image, finite.
        groups: (N,) the unit of each image.
        bounds: smallest and largest possible value; None = no bounds.
        level: as `intervals.of_mean`.

    Returns:
        None with fewer than six units.

    Raises:
        InputError: as `intervals.of_mean`.
    """
    mean = float(values.mean())
    means = values.mean(axis=0)
    if bounds == SHARE:
        units = of_share(means, groups, level=level)
    else:
        units = of_mean(means, groups, level=level, bounds=bounds)
    seeds = len(values)
    if units is None or seeds == 1:
        return units
    down, up = _seed_reach(values, groups, bounds, level)
    low, high = mean - math.hypot(mean - units.low, down), mean + math.hypot(units.high - mean, up)
    if bounds:
        low, high = max(bounds[0], low), min(bounds[1], high)
    return Interval(low=low, high=high, groups=units.groups)


def _seed_reach(
    values: NDArray[np.number] | NDArray[np.bool_], groups: NDArray[np.generic], bounds: Bounds | None, level: float
) -> tuple[float, float]:
    """How far Student's interval over seeds reaches below and above the mean; with bounds it is that of the logit."""
    from scipy import special

    seeds, mean = len(values), float(values.mean())
    spread = seed_variance([values], groups)
    variance = spread.variance
    if spread.freedom == 1:
        clear = student(CLEAR_SPREAD, len(np.unique(groups)) - 1) ** 2  # F of 1 degree of freedom is the square of t
        variance = spread.between if spread.between > clear * spread.interaction else 0.0
    reach = student(level, seeds - 1) * math.sqrt(variance / seeds)
    if not bounds or not reach:
        return reach, reach
    width = bounds[1] - bounds[0]
    share = (mean - bounds[0]) / width
    logit = math.log(share / (1 - share))
    low, high = (
        float(special.expit(logit + end * reach / width / (share * (1 - share)))) * width + bounds[0] for end in (-1, 1)
    )
    return mean - low, high - mean


def seed_variance(rows: Sequence[NDArray[np.number] | NDArray[np.bool_]], groups: NDArray[np.generic]) -> SeedVariance:
    """Variance of a mean between seeds, pooled over the rows that have several seeds.

    The variance between the means of seeds, less that of the interaction of seeds and units (two-way analysis of
    variance), which is part of the spread over units; 0 if the latter is larger.

    Args:
        rows: of each row (S, N) values.
        groups: (N,) the unit of each image.
    """
    number, count = number_groups(groups, rows[0].shape[1])
    freedom, between, interaction = 0, 0.0, 0.0
    for values in rows:
        if len(values) == 1:
            continue
        freedom += len(values) - 1
        means = values.mean(axis=1)
        between += float(((means - means.mean()) ** 2).sum())
        sums = np.stack([np.bincount(number, row, count) for row in values - means[:, None]])  # (S, units)
        interaction += float(((sums - sums.mean(axis=0)) ** 2).sum()) / max(count - 1, 1) * count / len(number) ** 2
    if not freedom:
        return SeedVariance(0.0, 0.0, 0)
    return SeedVariance(between / freedom, interaction / freedom, freedom)
