"""Shared ranks: rows of a table that do not differ significantly on the same test images share a rank."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.resampling.intervals import FEWEST_GROUPS, number_groups

SIGNIFICANCE = 0.05
"""Probability of any false difference between equally good rows, over the whole table."""

RESAMPLES = 2000

NO_SPREAD = 1e-12
"""A sum of squares below this share of its terms counts as rounding."""

BLOCK_BYTES = 64 * 2**20
"""Size of a block of resamples."""


class Ranks(NamedTuple):
    """Ranks of the rows of a table.

    Attributes:
        rank: (R,) 1 + the number of rows that are significantly better.
        better: (R, R) whether the row is significantly better than the column.
        groups: number of groups resampled.
    """

    rank: NDArray[np.int64]
    better: NDArray[np.bool_]
    groups: int


def shared_ranks(
    values: NDArray[np.number] | NDArray[np.bool_],
    groups: NDArray[np.generic] | None = None,
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> Ranks:
    """Rank rows by their means over the same test images; rows that do not differ significantly share a rank.

    A paired wild bootstrap over groups (Cameron, Gelbach and Miller 2008): in each resample the differences between
    the rows keep or change their sign, group by group and all rows together. Such a resample could occur if the rows
    were equally good. The test stays valid with few groups and if two rows differ on few images, where drawing groups
    with replacement finds too many differences.

    Two rows differ significantly if the |t| of their difference exceeds the largest |t| of all pairs in 95 % of the
    resamples. Significant pairs are then removed and the others tested again, until nothing changes (the step-down of
    Romano and Wolf 2005). So the probability of any false difference in the table is 5 %, as with Holm's correction;
    but the correlation of the rows counts, and the number of resamples need not grow with the number of pairs.

    With fewer than six groups no rows differ significantly: five differences of one sign have a probability of 2 / 2^5.

    Args:
        values: (R, N), finite: one value for each row and image, such as 1 = right and 0 = wrong, their mean over
            seeds, or the average precision.
        groups: (N,) the group of each image, such as its recording; None = each image is its own.
        seed: of the resampling.
        resamples: at least 1000.

    Raises:
        InputError: a value is not finite, the groups do not match, or there are too few resamples.

    Example:
        >>> right = np.arange(100) < np.array([[90], [88], [30]])
        >>> shared_ranks(right, seed=0).rank
        array([1, 1, 3])
    """
    _refuse_unusable(values, resamples)
    rows = len(values)
    number, count = number_groups(groups, values.shape[1])
    better = np.zeros((rows, rows), bool)
    if rows > 1 and count >= FEWEST_GROUPS:
        sizes = np.bincount(number).astype(np.float64)
        sums = np.stack([np.bincount(number, row) for row in values], axis=1).astype(np.float64)  # (groups, R)
        observed = _statistics(sums, sizes, np.ones((1, count)))[0]
        null = np.concatenate([np.abs(_statistics(sums, sizes, signs)) for signs in _signs(count, seed, resamples)])
        significant = _step_down(np.abs(observed), null)
        first, second = np.triu_indices(rows, 1)
        better[first, second] = significant & (observed > 0)
        better[second, first] = significant & (observed < 0)
    return Ranks(1 + better.sum(axis=0), better, count)


def _statistics(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], signs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The t statistic of the difference of the means of all pairs of rows, (b, pairs).

    The standard error is that of a ratio of sums over groups (Cochran 1977, section 6.3), without the factor that
    depends only on their number. A difference that is the same in all groups has an infinite t.

    Args:
        sums: (groups, R) of the values.
        sizes: (groups,) numbers of images.
        signs: (b, groups) of the differences.
    """
    images, squares = sizes.sum(), (sizes**2).sum()
    statistics = []
    for row in range(sums.shape[1] - 1):
        gaps = sums[:, [row]] - sums[:, row + 1 :]  # (groups, later rows)
        total, spread = signs @ gaps, (gaps**2).sum(axis=0)
        mean = total / images
        residual = spread - 2 * mean * (signs @ (gaps * sizes[:, None])) + mean**2 * squares
        sure = np.where(total**2 > NO_SPREAD * spread, np.copysign(np.inf, total), 0.0)
        statistics.append(np.divide(total, np.sqrt(np.abs(residual)), out=sure, where=residual > NO_SPREAD * spread))
    return np.concatenate(statistics, axis=1)


def _signs(groups: int, seed: int, resamples: int) -> Iterator[NDArray[np.float64]]:
    """1 or -1 for each group in each resample, in blocks of (b, groups)."""
    generator = np.random.default_rng(seed)
    block = max(1, BLOCK_BYTES // (8 * groups))
    for start in range(0, resamples, block):
        yield np.where(generator.integers(0, 2, (min(block, resamples - start), groups)), 1.0, -1.0)


def _step_down(observed: NDArray[np.float64], null: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(pairs,) whether each pair differs significantly.

    Args:
        observed: (pairs,) |t|.
        null: (B, pairs) |t| of the resamples.
    """
    place = math.ceil((1 - SIGNIFICANCE) * (len(null) + 1)) - 1
    significant = np.zeros(len(observed), bool)
    while not significant.all():
        critical = np.partition(null[:, ~significant].max(axis=1), place)[place]
        more = ~significant & (observed > critical)
        if not more.any():
            break
        significant |= more
    return significant


def _refuse_unusable(values: NDArray[np.number] | NDArray[np.bool_], resamples: int) -> None:
    if values.ndim != 2 or not values.shape[1]:  # noqa: PLR2004 - (R, N)
        raise InputError(f"The values have shape {values.shape}; (rows, images) is needed, with at least one image.")
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        raise InputError(
            f"The value of row {bad[0][0]} for image {bad[0][1]} is not finite; every row needs one for every "
            "image. Leave out images without a value in some row."
        )
    if resamples < 1000:  # noqa: PLR2004 - 5 % of them are 50
        raise InputError(f"{resamples} resamples are too few to rank rows; take 1000 or more.")
