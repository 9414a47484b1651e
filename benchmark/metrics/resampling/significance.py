"""Shared ranks: rows of a table that do not differ significantly on the same test images share a rank."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.resampling.intervals import FEWEST_GROUPS, number_groups
from benchmark.metrics.resampling.seeds import SeedVariance, seed_variance

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
    values: NDArray[np.number] | NDArray[np.bool_] | Sequence[NDArray[np.number] | NDArray[np.bool_]],
    groups: NDArray[np.generic] | None = None,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    block_bytes: int = BLOCK_BYTES,
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

    Rows may have several training seeds, which are then part of the comparison: a row is its mean over seeds. The
    variance between seeds is pooled over the rows that have several, and holds for those with one too. It is added to
    the squared standard error of each difference. Each resample draws effects of seeds from a variance that is itself
    drawn from those that fit the observed spread (generalised inference: Weerahandi 1993). So few seeds whose spread
    happens to be small do not pass for seeds without any.

    With fewer than six groups no rows differ significantly: five differences of one sign have a probability of 2 / 2^5.

    Args:
        values: (R, N), or of each row (N,) or (S, N) with one row a seed; finite. One value for each image, such as
            1 = right and 0 = wrong, or the average precision.
        groups: (N,) the group of each image, such as its recording; None = each image is its own.
        seed: of the resampling.
        resamples: at least 1000.
        block_bytes: size of a block of resamples.

    Raises:
        InputError: a value is not finite, the groups do not match, or there are too few resamples.

    Example:
        >>> right = np.arange(100) < np.array([[90], [88], [30]])
        >>> shared_ranks(right, seed=0).rank
        array([1, 1, 3])
    """
    seeds = [np.atleast_2d(row) for row in values]
    if not seeds:
        return Ranks(np.zeros(0, np.int64), np.zeros((0, 0), bool), 0)
    _refuse_unusable(seeds, resamples)
    means: NDArray[np.float64] = np.stack([row.mean(axis=0) for row in seeds])
    rows = len(means)
    number, count = number_groups(groups, means.shape[1])
    better = np.zeros((rows, rows), bool)
    if rows > 1 and count >= FEWEST_GROUPS:
        sizes = np.bincount(number).astype(np.float64)
        sums = np.stack([np.bincount(number, row) for row in means], axis=1).astype(np.float64)  # (groups, R)
        spread = seed_variance(seeds, number)
        per_row = np.array([len(row) for row in seeds])
        unchanged = _Resample(np.ones((1, count)), np.zeros((1, rows)), spread.variance / per_row[None, :])
        observed = _statistics(sums, sizes, unchanged)[0]
        blocks = _resamples(count, spread, per_row, seed, resamples, block_bytes)
        null = np.concatenate([np.abs(_statistics(sums, sizes, block)) for block in blocks])
        significant = _step_down(np.abs(observed), null)
        first, second = np.triu_indices(rows, 1)
        better[first, second] = significant & (observed > 0)
        better[second, first] = significant & (observed < 0)
    return Ranks(1 + better.sum(axis=0), better, count)


class _Resample(NamedTuple):
    """A block of resamples.

    Attributes:
        signs: (b, groups) 1 or -1, of the differences in each group.
        shifts: (b, R) what training seeds add to the mean of each row.
        variances: (b, R) or (1, R) the variance of the means between seeds, as it is estimated from the rows.
    """

    signs: NDArray[np.float64]
    shifts: NDArray[np.float64]
    variances: NDArray[np.float64]


def _statistics(sums: NDArray[np.float64], sizes: NDArray[np.float64], drawn: _Resample) -> NDArray[np.float64]:
    """The t statistic of the difference of the means of all pairs of rows, (b, pairs).

    The squared standard error is that of a ratio of sums over groups (Cochran 1977, section 6.3), and the variance
    between seeds. A difference that is the same in all groups, without any between seeds, has an infinite t.

    Args:
        sums: (groups, R) of the values.
        sizes: (groups,) numbers of images.
        drawn: a block of resamples.
    """
    images, squares, few = sizes.sum(), (sizes**2).sum(), len(sizes) / (len(sizes) - 1)
    statistics = []
    for row in range(sums.shape[1] - 1):
        later = slice(row + 1, None)
        gaps = sums[:, [row]] - sums[:, later]  # (groups, later rows)
        total, spread = drawn.signs @ gaps, (gaps**2).sum(axis=0)
        mean = total / images
        residual = spread - 2 * mean * (drawn.signs @ (gaps * sizes[:, None])) + mean**2 * squares
        residual = np.where(residual > NO_SPREAD * spread, few * residual, 0.0)
        residual += images**2 * (drawn.variances[:, [row]] + drawn.variances[:, later])
        total = total + images * (drawn.shifts[:, [row]] - drawn.shifts[:, later])
        sure = np.where(total**2 > NO_SPREAD * spread, np.copysign(np.inf, total), 0.0)
        statistics.append(np.divide(total, np.sqrt(residual), out=sure, where=residual > 0))
    return np.concatenate(statistics, axis=1)


def _resamples(
    groups: int, spread: SeedVariance, per_row: NDArray[np.int64], seed: int, resamples: int, block_bytes: int
) -> Iterator[_Resample]:
    """Resamples in which all rows are equally good, in blocks.

    Args:
        groups: number of groups.
        spread: variance between seeds.
        per_row: (R,) number of seeds of each row.
        seed: of the resampling.
        resamples: how many.
        block_bytes: size of a block.
    """
    generator, noise = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    block = max(1, block_bytes // (8 * groups))
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        signs = np.where(generator.integers(0, 2, (count, groups)), 1.0, -1.0)
        normal = noise.standard_normal((count, len(per_row) + spread.freedom))
        shifts, squares = normal[:, : len(per_row)], normal[:, len(per_row) :] ** 2
        doubt = squares.mean(axis=1, keepdims=True) if spread.freedom else np.ones((count, 1))
        possible = np.maximum(0.0, spread.between / doubt - spread.interaction)
        yield _Resample(signs, shifts * np.sqrt(possible / per_row), spread.variance / per_row[None, :])


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


def _refuse_unusable(rows: Sequence[NDArray[np.number] | NDArray[np.bool_]], resamples: int) -> None:
    images = {row.shape[1] for row in rows}
    if len(images) != 1 or not images.pop():
        raise InputError(
            f"The rows have values of the shapes {[row.shape for row in rows]}; all need the same images, at least one."
        )
    for number, row in enumerate(rows):
        bad = np.flatnonzero(~np.isfinite(row).all(axis=0))
        if len(bad):
            raise InputError(
                f"The value of row {number} for image {bad[0]} is not finite; every row needs one for every image. "
                "Leave out images without a value in some row."
            )
    if resamples < 1000:  # noqa: PLR2004 - 5 % of them are 50
        raise InputError(f"{resamples} resamples are too few to rank rows; take 1000 or more.")
