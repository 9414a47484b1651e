"""Whether a row looks as if its contestant knew the test answers: right on test images, lost on validation images.

Both parts of a split are drawn alike, so that an honest classifier names about as many images of the one as of the
other. A contestant that carries the answers of published records needs them for the test images alone.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.without_looking import best_unseen
from benchmark.records.classification import Classification, ScoredImages, TestImages
from benchmark.records.record import Record
from benchmark.verification.comparison import Check

NEARLY_PERFECT = 0.95
"""Test accuracy from which a classifier is suspicious."""

AT_CHANCE = 0.1
"""Validation is at chance if it has at most this share of what can be gained over the best answer without looking."""

STANDARD_ERRORS = 2
"""Or if it is no further above that answer than guesses are by luck."""

LUCK = 0.01
"""Level of the exact test that units are named more often in test than in validation: few units prove nothing."""


class ImplausibleScore(NamedTuple):
    """A classifier that is nearly perfect on test images and at chance on validation images.

    Attributes:
        place: in the record, such as `classification.deep`.
        test: accuracy on the test images.
        validation: accuracy on the validation images after the last epoch.
        chance: accuracy there of the best answer without looking at the animal.
    """

    place: str
    test: float
    validation: float
    chance: float


def implausible_scores(record: Record) -> list[ImplausibleScore]:
    """The classifiers of a record that look as if the test answers were known; those without validation are not judged.

    Args:
        record: whose trained classifiers are judged; of probes no record has validation answers.
    """
    images, validation = record.test_images, record.validation_images
    if images is None or validation is None or not validation.labels:
        return []
    baselines = {name: one.correct for name, one in record.validation_baselines.items()}
    labels, trained = np.array(validation.labels), np.array(images.train_images)
    chance = best_unseen(labels, trained, baselines).accuracy
    classifiers = {f"classification.{mode}": one for mode, one in record.classification.items()}
    classifiers |= {"untrained": record.untrained} if record.untrained else {}
    return [
        ImplausibleScore(place, one.test.accuracy, validated, chance)
        for place, one in classifiers.items()
        if (validated := _judge(one, images, validation, chance)) is not None
    ]


def check_plausible(record: Record) -> Iterator[Check]:
    """A mismatch for each classifier that looks as if the test answers were known; a match if there is none."""
    scores = implausible_scores(record)
    for one in scores:
        yield Check(
            f"{one.place}: test beside validation",
            "mismatch",
            f"{one.test:.2f} of the test, {one.validation:.2f} of the validation images (chance {one.chance:.2f})",
            "no honest classifier differs so much, if both are drawn alike",
        )
    if record.classification and not scores:
        yield Check("test beside validation", "match", "no classifier is perfect on test images alone")


def _judge(one: Classification, images: TestImages, validation: ScoredImages, chance: float) -> float | None:
    """Accuracy on the validation images if the classifier is implausible; else None."""
    if one.test.accuracy < NEARLY_PERFECT or not one.validation:
        return None
    right = np.array(one.validation[-1].answers) == np.array(validation.labels)
    luck = STANDARD_ERRORS * (chance * (1 - chance) / len(right)) ** 0.5
    if right.mean() > chance + max(AT_CHANCE * (1 - chance), luck):
        return None
    from scipy.stats import fisher_exact  # takes as long to import as many records to read

    known = np.array(images.train_images)[np.array(images.labels)] > 0
    tested = (np.array(one.answers) == np.array(images.labels))[known]
    table = [_right_units(tested, np.array(images.groups)[known]), _right_units(right, np.array(validation.groups))]
    return float(right.mean()) if fisher_exact(table, alternative="greater").pvalue <= LUCK else None


def _right_units(right: NDArray[np.bool_], groups: NDArray[np.integer]) -> tuple[int, int]:
    """Number of units of which more than half of the images are named rightly, and of the others."""
    _, units = np.unique(groups, return_inverse=True)
    shares = np.bincount(units, right) / np.bincount(units)
    count = int((shares > 0.5).sum())  # noqa: PLR2004 - more than half
    return count, len(shares) - count
