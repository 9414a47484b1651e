"""How far a score may move with other test images: percentile bootstrap over sequences.

Frames of one sequence are near-copies, so a bootstrap over images would believe in far more evidence than there
is. Whole sequences are drawn with replacement, as many as there are (Davison and Hinkley 1997, section 3.8); all
scores here are functions of sums over sequences, so that a resample is a product of matrices.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.classification import averages

RESAMPLES = 1000
LEVEL = 0.95

BLOCK_BYTES = 64 * 2**20
"""How much of the resamples is held at once."""


class Interval(NamedTuple):
    """A confidence interval.

    Few groups make it too narrow: of five groups, what says 95 % holds the truth about 83 times in 100, of ten about
    90 times. So their number belongs beside it.

    Attributes:
        low: its lower end.
        high: its upper end.
        groups: sequences that were resampled; images where there are no sequences.
    """

    low: float
    high: float
    groups: int


class ScoreIntervals(NamedTuple):
    """Intervals of the classification scores (see `benchmark.metrics.classification.Averages`)."""

    accuracy: Interval
    balanced_accuracy: Interval
    recall: Interval
    f1: Interval


def of_mean(
    values: NDArray[np.number] | NDArray[np.bool_],
    groups: NDArray[np.generic] | None = None,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> Interval | None:
    """The interval of a mean over images: accuracy, rank-k (hits), mean average precision.

    Args:
        values: (N,) one for each image, finite. Leave out queries without a match, with their groups.
        groups: (N,) the sequence of each image; None = each image is its own.
        seed: of the resampling.
        resamples: 1000 at least.
        level: share of the resamples within the interval.

    Returns:
        None where there are fewer than two groups, which say nothing of the spread.

    Raises:
        InputError: a value is not finite, the lengths differ, or there are too few resamples.
    """
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(
            f"The value in row {bad[0]} is {values[bad[0]]}; it must be finite. Leave out images that have none."
        )
    number, count = number_groups(groups, len(values))
    if count < 2:  # noqa: PLR2004 - no spread of one
        return None
    sums = np.stack([np.bincount(number, values), np.bincount(number)], axis=1)  # (groups, 2)
    totals = np.concatenate([drawn @ sums for drawn in _resample(count, seed, resamples)])
    return _interval(totals[:, 0] / totals[:, 1], count, level)


def of_scores(
    labels: NDArray[np.integer],
    predictions: NDArray[np.integer],
    classes: int,
    groups: NDArray[np.generic] | None = None,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> ScoreIntervals | None:
    """The intervals of accuracy, balanced accuracy, macro recall and macro F1.

    An individual whom a resample does not show is left out of that resample's averages.

    Args:
        labels: (N,) true class numbers in [0, classes).
        predictions: (N,) predicted class numbers in [0, classes).
        classes: number of individuals.
        groups: as `of_mean`.
        seed: as `of_mean`; the same seed gives the same resamples.
        resamples: as `of_mean`.
        level: as `of_mean`.

    Returns:
        None where there are fewer than two groups.

    Raises:
        InputError: the lengths differ, or there are too few resamples.
    """
    from scipy.sparse import csr_array

    if len(predictions) != len(labels):
        raise InputError(f"There are {len(predictions)} predictions for {len(labels)} images; each needs one.")
    number, count = number_groups(groups, len(labels))
    if count < 2:  # noqa: PLR2004 - no spread of one
        return None
    parts = [(labels == predictions, labels), (np.ones(len(labels)), labels), (np.ones(len(labels)), predictions)]
    sums = [csr_array((weight, (number, of)), shape=(count, classes), dtype=np.float64) for weight, of in parts]
    hits, images, answers = (
        np.concatenate(totals)
        for totals in zip(
            *([drawn @ sum_ for sum_ in sums] for drawn in _resample(count, seed, resamples)), strict=True
        )
    )
    figures = averages(hits, images, answers, shown=len(np.unique(labels)))
    return ScoreIntervals(*(_interval(figure, count, level) for figure in figures))


def number_groups(groups: NDArray[np.generic] | None, images: int) -> tuple[NDArray[np.int64], int]:
    """The number of each image's group, (images,) from 0, and how many there are; None = each image its own.

    Raises:
        InputError: there is not one group for each image.
    """
    if groups is None:
        return np.arange(images), images
    if groups.shape != (images,):
        raise InputError(f"The groups have shape {groups.shape}; ({images},) is needed, one for each image in order.")
    names, number = np.unique(groups, return_inverse=True)
    return number, len(names)


def _resample(groups: int, seed: int, resamples: int) -> Iterator[NDArray[np.float64]]:
    """How often each group is drawn in each resample, in blocks of (b, groups).

    Raises:
        InputError: fewer than 1000 resamples are wanted.
    """
    if resamples < RESAMPLES:
        raise InputError(f"{resamples} resamples are too few for the ends of an interval; take {RESAMPLES} or more.")
    draws = np.random.default_rng(seed)
    block = max(1, BLOCK_BYTES // (8 * groups))
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        drawn = draws.integers(0, groups, (count, groups)) + groups * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * groups).reshape(count, groups).astype(np.float64)


def _interval(figures: NDArray[np.float64], groups: int, level: float) -> Interval:
    low, high = np.quantile(figures, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), groups)
