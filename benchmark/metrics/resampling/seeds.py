"""Training seeds and units together: intervals of means over seeds, and the variance between seeds.

Every seed answers the same test images, so seeds and units are crossed. Their contributions to the variance of a mean
add up (Owen 2007); few seeds are not resampled, because three of them show too little of their spread.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.intervals import (
    LEVEL,
    SHARE,
    Bounds,
    Ends,
    number_groups,
    of_mean,
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

    The two ends of the interval over units (`intervals.of_mean`), of the mean over seeds, and those
    of Student's interval over seeds lie at distances from the mean that are added as squares (MOVER: Zou and Donner
    2008). With bounds, the interval over seeds is that of logits: near a bound, seeds that differ much are not
    symmetric. With one seed it is the interval over units alone: the spread of the seeds is missing.

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
    means = values.mean(axis=0)
    units = of_mean(means, groups, level=level, bounds=bounds)
    if units is None or len(values) == 1:
        return units
    number, count = number_groups(groups, len(means))
    sums = np.stack([np.bincount(number, row, count) for row in values])
    ends = np.array(units.low), np.array(units.high)
    low, high = add_seeds(ends, sums, np.bincount(number), bounds=bounds, level=level)
    return Interval(low=float(low), high=float(high), groups=units.groups)


def add_seeds(
    ends: Ends, sums: NDArray[np.number], sizes: NDArray[np.int64], *, bounds: Bounds | None, level: float
) -> Ends:
    """Ends of the intervals over units and seeds, from those over units alone; of many at once.

    Args:
        ends: two arrays (...), of the means over seeds.
        sums: (..., S, units) of the values of each seed and unit; S >= 2.
        sizes: (units,) numbers of images.
        bounds: as `of_seed_means`.
        level: as `of_seed_means`.
    """
    mean = sums.mean(axis=-2).sum(axis=-1) / sizes.sum()
    down, up = _seed_reach(mean, sums, sizes, bounds, level)
    low, high = mean - np.hypot(mean - ends[0], down), mean + np.hypot(ends[1] - mean, up)
    return (np.maximum(bounds[0], low), np.minimum(bounds[1], high)) if bounds else (low, high)


def _seed_reach(
    mean: NDArray[np.float64],
    sums: NDArray[np.number],
    sizes: NDArray[np.int64],
    bounds: Bounds | None,
    level: float,
) -> Ends:
    """How far Student's interval over seeds reaches below and above the mean; with bounds it is that of the logit."""
    from scipy import special

    seeds = sums.shape[-2]
    critical = student(level, seeds - 1) * np.sqrt(_share_of_seeds(sums, sizes) / seeds)
    of_seeds = sums.sum(axis=-1) / sizes.sum()
    if not bounds:
        reach = critical * of_seeds.std(axis=-1, ddof=1)
        return reach, reach
    low, width = bounds[0], bounds[1] - bounds[0]
    half = 1 / (2 * sizes.sum() + 2)  # of an image, so that the logit of a seed at a bound is finite
    reach = critical * special.logit(half + (1 - 2 * half) * (of_seeds - low) / width).std(axis=-1, ddof=1)
    share = np.clip((mean - low) / width, 0.0, 1.0)
    below, above = (np.abs(share - special.expit(special.logit(share) + way * reach)) for way in (-1, 1))
    return below * width, above * width


def _share_of_seeds(sums: NDArray[np.number], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share (...) of the variance between the means of seeds that is not their interaction with units."""
    seeds, units = sums.shape[-2:]
    between, interaction = _squares(sums, sizes)
    if seeds == 2:  # noqa: PLR2004 - one degree of freedom
        clear = student(CLEAR_SPREAD, units - 1) ** 2  # F of 1 degree of freedom is the square of t
        return (between > clear * interaction).astype(np.float64)
    ratio = np.divide(interaction, between, out=np.ones_like(between), where=between > 0)
    share: NDArray[np.float64] = np.maximum(0.0, 1 - ratio)
    return share


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
        sums = np.stack([np.bincount(number, row, count) for row in values])
        of_seeds, of_both = _squares(sums, np.bincount(number))
        freedom, between, interaction = (
            freedom + len(values) - 1,
            between + float(of_seeds),
            interaction + float(of_both),
        )
    if not freedom:
        return SeedVariance(0.0, 0.0, 0)
    return SeedVariance(between / freedom, interaction / freedom, freedom)


def _squares(sums: NDArray[np.number], sizes: NDArray[np.int64]) -> Ends:
    """Sums of squares (...) between the means of seeds, and of what the interaction with units adds to them.

    Args:
        sums: (..., S, units) of the values of each seed and unit.
        sizes: (units,) numbers of images.
    """
    images, units = sizes.sum(), len(sizes)
    means = sums.sum(axis=-1) / images  # (..., S)
    residuals = sums - means[..., None] * sizes
    apart = residuals - residuals.mean(axis=-2, keepdims=True)
    between = ((means - means.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    return between, (apart**2).sum(axis=(-2, -1)) / max(units - 1, 1) * units / images**2
