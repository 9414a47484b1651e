"""One method for each kind of number: the intervals that records store, and that tables print.

- a share of images and a mean of numbers from 0 to 1, such as accuracy, rank-1 and mean average precision:
  `resampling.intervals.of_share`;
- a mean of other numbers, such as an error of a hole: Student's, corrected for skewness
  (`resampling.intervals.of_mean`);
- a mean over individuals, such as recall and F1: that of a share whose images count differently (`of_answers`);
- the difference of two numbers from different images: from the intervals of both (`of_difference`);
- the excess density of CAMs: the jackknife (`benchmark.metrics.cams.swap`).

Groups are units. Means over training seeds have their own function, `resampling.seeds.of_seed_means`, which gives the
same interval for one seed.
"""

import math

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.resampling import intervals
from benchmark.metrics.resampling.intervals import FEWEST_GROUPS, LEVEL, Bounds, number_groups, share_ends
from benchmark.metrics.resampling.seeds import of_seed_means
from benchmark.records.base import Interval

UNIT_RANGE: Bounds = (0.0, 1.0)


def of_hits(hits: NDArray[np.bool_], groups: NDArray[np.generic]) -> Interval | None:
    """Interval of a share of images; None with few units.

    Args:
        hits: (N,) whether each image counts.
        groups: (N,) the unit of each image.
    """
    return of_seed_means(hits[None], groups) if len(hits) else None


def of_average_precision(precisions: NDArray[np.float64], groups: NDArray[np.generic]) -> Interval | None:
    """Interval of a mean average precision; None with few units. Arguments as `of_hits`, values in [0, 1]."""
    return intervals.of_mean(precisions, groups, bounds=UNIT_RANGE)


def of_answers(
    labels: NDArray[np.integer], answers: NDArray[np.integer], classes: int, groups: NDArray[np.generic]
) -> dict[str, Interval]:
    """Intervals of `accuracy`, `balanced_accuracy`, `recall` and `f1`, by name; empty with few units.

    Each score is a share of images that count differently: in recall, an image counts as one over its individual's
    images. In F1, the harmonic mean of precision and recall, it counts twice, for its own individual and for the one it
    is named as, each time as one over that individual's images and namings together. So all have the interval of a
    share (`intervals.share_ends`), in which a unit is as large as its images count. The counts of an individual are
    taken as fixed: only shares of few images notice that they vary.

    Args:
        labels: (N,) true class numbers in [0, classes).
        answers: (N,) class numbers given, in [0, classes).
        classes: number of individuals; one without images counts as 0 in recall and F1.
        groups: (N,) the unit of each image.

    Raises:
        InputError: the lengths differ.
    """
    if len(answers) != len(labels):
        raise InputError(f"There are {len(answers)} answers for {len(labels)} images; each image needs one.")
    number, count = number_groups(groups, len(labels))
    if count < FEWEST_GROUPS:
        return {}
    right = labels == answers
    images, namings = np.bincount(labels, minlength=classes), np.bincount(answers, minlength=classes)
    has_images = images > 0
    present = float(has_images.mean())

    def interval(counts: NDArray[np.number], hits: NDArray[np.number], top: float) -> Interval:
        low, high = share_ends(np.bincount(number, hits), np.bincount(number, counts), level=LEVEL)
        return Interval(low=float(low) * top, high=float(high) * top, groups=count)

    once = np.ones(len(labels), np.int64)
    per_image = 1 / images[labels]
    per_naming = np.divide(1.0, images + namings, out=np.zeros(classes), where=has_images)
    counts = per_naming[labels] + per_naming[answers]
    return {
        "accuracy": interval(once, once * right, 1.0),
        "balanced_accuracy": interval(per_image, per_image * right, 1.0),
        "recall": interval(per_image, per_image * right, present),
        "f1": interval(counts, counts * right, present),
    }


def of_difference(value: float, interval: Interval, other: float, subtracted: Interval) -> Interval:
    """Interval of the difference of two numbers from different images, from their own intervals.

    The distances of the ends from the numbers are added as squares (MOVER: Zou and Donner 2008). It holds for
    independent numbers; if they vary together, as with the same animals in both, it is too wide.

    Args:
        value: the first number.
        interval: its interval.
        other: the number that is subtracted.
        subtracted: its interval.

    Example:
        >>> one, two = Interval(low=0.5, high=0.9, groups=9), Interval(low=0.1, high=0.4, groups=12)
        >>> difference = of_difference(0.8, one, 0.2, two)
        >>> round(difference.low, 3), round(difference.high, 3)
        (0.239, 0.741)
    """
    return Interval(
        low=value - other - math.hypot(value - interval.low, subtracted.high - other),
        high=value - other + math.hypot(interval.high - value, other - subtracted.low),
        groups=min(interval.groups, subtracted.groups),
    )
