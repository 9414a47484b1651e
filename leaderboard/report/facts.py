"""What a field record says, in the form in which the report needs it."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.resampling.intervals import of_mean
from benchmark.records.base import Interval
from benchmark.records.field import FieldRecord, FieldScores, OutOfFold
from benchmark.vocabulary import FoldScheme
from leaderboard.formats import decimals

GROUP_NOUNS = {
    "sequence": "sequences",
    "encounter": "encounters",
    "cluster_id": "clusters of photos",
    "video": "videos",
    "camera": "cameras",
    "day": "days",
    "month": "months",
    "year": "years",
    "folder": "folders",
}
"""Plural of what a column groups, for the columns that can be kept together."""


class Confusion(NamedTuple):
    """Wrong answers of one kind.

    Attributes:
        truth: class number of the individual.
        answer: class number that was answered.
        photos: indices of the photos, the most confident answer first.
        tested: number of photos of the individual that were tested.
    """

    truth: int
    answer: int
    photos: tuple[int, ...]
    tested: int


def best_first(records: Sequence[FieldRecord]) -> list[FieldRecord]:
    """The records by the accuracy of the linear probe in the scheme that counts; equal ones by name.

    Raises:
        InputError: there is no record, or the records are not of the same photos.
    """
    if not records:
        raise InputError("There is no record to report. Run an encoder on the photos first.")
    if len({_photos(record) for record in records}) > 1:
        raise InputError(
            "The records are not of the same photos. Report those of one data set, made after its last change."
        )
    return sorted(records, key=lambda one: (-counting(one).linear.accuracy, one.title, one.init, one.key))


def _photos(record: FieldRecord) -> tuple[object, ...]:
    """What records share that may stand side by side."""
    columns = [(name, scores.column, scores.groups) for name, scores in sorted(record.schemes.items())]
    return record.dataset, record.photos, record.labels, tuple(columns)


def scheme_of(record: FieldRecord) -> FoldScheme:
    """The scheme that counts: `grouped` where a column can be kept together, else `random`."""
    return "grouped" if "grouped" in record.schemes else "random"


def counting(record: FieldRecord) -> FieldScores:
    """The scores of the scheme that counts."""
    return record.schemes[scheme_of(record)]


def group_noun(column: str) -> str:
    """Plural of what a column groups.

    >>> group_noun("encounter"), group_noun("tank")
    ('encounters', 'values of tank')
    """
    return GROUP_NOUNS.get(column, f"values of {column}")


def others(scores: FieldScores) -> str:
    """The photos that answer for a photo."""
    return f"photos from other {group_noun(scores.column)}" if scores.column else "the other photos"


def reference(scores: FieldScores) -> float:
    """Chance: the accuracy of the best answer that is known without looking at the animal."""
    return max(scores.uniform_guess, scores.commonest)


def beyond_chance(scores: FieldScores) -> str:
    """Whether the linear probe is better than the best answer without looking: `yes`, `no` or `cannot tell`.

    `no` only if the whole interval of its accuracy is below it.
    """
    if scores.better_than_chance == "yes":
        return "yes"
    interval = scores.linear.interval
    return "no" if interval and interval.high < reference(scores) else "cannot tell"


def commonest(scores: FieldScores) -> str:
    """Accuracy of always answering the commonest individual, as text; empty if a uniform guess is as good."""
    text = decimals(scores.commonest)
    return text if scores.commonest > scores.uniform_guess and text != decimals(scores.uniform_guess) else ""


def carries(part: OutOfFold, scores: FieldScores) -> bool:
    """Whether photos that show only one region are named better than without looking: the whole interval is above."""
    return part.interval is not None and part.interval.low > reference(scores)


def tested_units(record: FieldRecord, scores: FieldScores) -> int:
    """Number of units among the tested photos."""
    return len({unit for unit, answer in zip(record.units, scores.linear.answers, strict=True) if answer is not None})


def right(part: OutOfFold) -> NDArray[np.float64]:
    """(N,) share of the draws in which a photo was given its own identity, NaN for a photo that was not tested."""
    return np.array([np.nan if share is None else share for share in part.shares])


class Memory(NamedTuple):
    """What photos of the same group add: `random` less `grouped`, on the photos that both tested.

    Attributes:
        random: accuracy with photos of the same group.
        grouped: accuracy without.
        interval: of the difference, paired by photo; None with fewer than six units.
    """

    random: float
    grouped: float
    interval: Interval | None

    @property
    def shown(self) -> bool:
        """Whether `random` is above `grouped` by more than the interval leaves open."""
        return self.interval is not None and self.interval.low > 0


def memory(record: FieldRecord) -> Memory | None:
    """The two schemes on the photos that both tested; None if one of them is missing."""
    if not {"grouped", "random"} <= record.schemes.keys():
        return None
    grouped, random = (right(record.schemes[name].linear) for name in ("grouped", "random"))
    both = ~np.isnan(grouped) & ~np.isnan(random)
    if not both.any():
        return None
    units = np.array(record.units)[both]
    interval = of_mean((random - grouped)[both], units, bounds=(-1, 1))
    return Memory(float(random[both].mean()), float(grouped[both].mean()), interval)


def lead(record: FieldRecord, other: FieldRecord) -> Interval | None:
    """Interval of the difference of two encoders' accuracies, paired by photo; None with fewer than six units.

    Args:
        record: of the better encoder.
        other: of the same photos.
    """
    difference = right(counting(record).linear) - right(counting(other).linear)
    tested = ~np.isnan(difference)
    return of_mean(difference[tested], np.array(record.units)[tested], bounds=(-1, 1))


def confusions(record: FieldRecord) -> list[Confusion]:
    """Wrong answers of the linear probe by individual and answer, the most frequent first."""
    scores = counting(record)
    answers, confidences = scores.linear.answers, scores.confidences
    wrong: dict[tuple[int, int], list[int]] = {}
    tested: Counter[int] = Counter()
    for photo, (label, answer) in enumerate(zip(record.labels, answers, strict=True)):
        if answer is not None:
            tested[label] += 1
            if answer != label:
                wrong.setdefault((label, answer), []).append(photo)
    listed = [
        Confusion(truth, answer, tuple(sorted(photos, key=lambda photo: -(confidences[photo] or 0))), tested[truth])
        for (truth, answer), photos in wrong.items()
    ]
    return sorted(listed, key=lambda one: (-len(one.photos), one.truth, one.answer))
