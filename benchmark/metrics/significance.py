"""Shared ranks: rows that the same test images cannot tell apart have the same rank."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.intervals import number_groups

SIGNIFICANCE = 0.05
"""The chance of telling any two rows apart that are equally good, over the whole table."""

RESAMPLES = 2000

NO_SPREAD = 1e-12
"""A sum of squares is nothing but rounding below this, relative to the squares it is made of."""

BLOCK_BYTES = 64 * 2**20
"""How much of the resamples is held at once."""


class Ranks(NamedTuple):
    """Ranks of the rows of a table.

    Attributes:
        rank: (R,) 1 + the number of rows that are significantly better.
        better: (R, R) whether the row is significantly better than the column.
        groups: sequences that were resampled; images where there are no sequences.
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
    """Rank rows by their means over the same test images; those that cannot be told apart share a rank.

    A paired bootstrap over groups, of the wild kind (Cameron, Gelbach and Miller 2008): in each resample every group
    keeps or changes the sign of its differences between the rows, all rows together. That is a sample as it could
    have been were the rows equally good, and stays true for few groups and for few images on which two rows
    differ, where drawing groups with replacement is too bold. Two rows are told apart where the |t| of their
    difference exceeds what the largest |t| of all pairs reaches in 95 % of resamples; pairs told apart are taken
    out and the rest is judged again, until nothing changes (the step-down of Romano and Wolf 2005). So the chance
    of any false difference in the table is 5 %, as with Holm's correction; but errors that rows share count,
    and the number of resamples need not grow with that of the pairs.

    Below six groups nothing is told apart: even five differences of one sign have a chance of 2 / 2^5.

    Args:
        values: (R, N), finite: one value for each row and image, such as 1 = right, 0 = wrong, the mean of
            that over seeds, or the average precision.
        groups: (N,) the sequence of each image; None = each image is its own.
        seed: of the resampling.
        resamples: 1000 at least.

    Raises:
        InputError: a value is not finite, the groups do not match, or there are too few resamples.
    """
    _refuse_unusable(values, resamples)
    rows = len(values)
    number, count = number_groups(groups, values.shape[1])
    better = np.zeros((rows, rows), bool)
    if rows > 1 and 2.0 ** (1 - count) < SIGNIFICANCE:
        sizes = np.bincount(number).astype(np.float64)
        sums = np.stack([np.bincount(number, row) for row in values], axis=1).astype(np.float64)  # (groups, R)
        observed = _statistics(sums, sizes, np.ones((1, count)))[0]
        null = np.concatenate([np.abs(_statistics(sums, sizes, signs)) for signs in _signs(count, seed, resamples)])
        apart = _step_down(np.abs(observed), null)
        first, second = np.triu_indices(rows, 1)
        better[first, second] = apart & (observed > 0)
        better[second, first] = apart & (observed < 0)
    return Ranks(1 + better.sum(axis=0), better, count)


def _statistics(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], signs: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The t of the difference of the means of all pairs of rows, (b, pairs).

    The error is that of a ratio of sums over groups (Cochran 1977, section 6.3), without the factor that depends
    on their number alone. A difference that is the same in all groups has an infinite t.

    Args:
        sums: (groups, R) of the values.
        sizes: (groups,) images.
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
    draws = np.random.default_rng(seed)
    block = max(1, BLOCK_BYTES // (8 * groups))
    for start in range(0, resamples, block):
        yield np.where(draws.integers(0, 2, (min(block, resamples - start), groups)), 1.0, -1.0)


def _step_down(observed: NDArray[np.float64], null: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pairs are told apart: `observed` (pairs,) above the largest of most resamples, `null` (B, pairs)."""
    place = math.ceil((1 - SIGNIFICANCE) * (len(null) + 1)) - 1
    apart = np.zeros(len(observed), bool)
    while not apart.all():
        critical = np.partition(null[:, ~apart].max(axis=1), place)[place]
        more = ~apart & (observed > critical)
        if not more.any():
            break
        apart |= more
    return apart


def _refuse_unusable(values: NDArray[np.number] | NDArray[np.bool_], resamples: int) -> None:
    if values.ndim != 2 or not values.shape[1]:  # noqa: PLR2004 - (R, N)
        raise InputError(f"The values have shape {values.shape}; (rows, images) is needed, with an image at least.")
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        raise InputError(
            f"The value of row {bad[0][0]} for image {bad[0][1]} is not finite; every row needs one for every "
            "image. Leave out images that have none in some row."
        )
    if resamples < 1000:  # noqa: PLR2004 - the last twentieth is 50 then
        raise InputError(f"{resamples} resamples are too few to tell rows apart; take 1000 or more.")
