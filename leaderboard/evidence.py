"""What the test images of a section can show: units, effective number, smallest detectable difference."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS
from benchmark.metrics.resampling.power import (
    agreement_within,
    detectable_difference,
    effective_images,
    mean_discordance,
)
from benchmark.records.classification import Scores, TestImages
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, Mode
from leaderboard.record_files import Section


class Answered(NamedTuple):
    """Records that answered the same test images.

    Attributes:
        records: in the order of the section.
        images: the test images.
        correct: (R, N) whether each record answers each image correctly.
    """

    records: Sequence[Record]
    images: TestImages
    correct: NDArray[np.bool_]


def answered(section: Section, mode: Mode) -> Answered | None:
    """The records with answers to the same test images as most others; None if none has answers.

    If some of them hold units and others do not, the units of the former are those of all.
    """
    able = [record for record in section.records if record.test_images and _answers(record, mode)]
    if not able:
        return None
    sets = [_test_set(record) for record in able]
    commonest = max(sorted(set(sets)), key=sets.count)
    same = [record for record, images in zip(able, sets, strict=True) if images == commonest]
    images = _best_known(record.test_images for record in same if record.test_images)
    assert images is not None
    labels = np.array(images.labels)
    return Answered(same, images, np.array([np.array(_answers(record, mode)) == labels for record in same]))


def has_few_units(images: TestImages | None) -> bool:
    """Whether the test images are too few units for intervals, ranks and marks."""
    return images is not None and len(set(images.groups)) < FEWEST_GROUPS


def chance_mark(scores: Scores, images: TestImages | None) -> str:
    """` (chance)` after an accuracy that is at chance; empty if it is above, or if the units are too few to tell.

    Args:
        scores: on test images.
        images: the test images; None = not recorded.
    """
    return " (chance)" if scores.at_chance and not has_few_units(images) else ""


def sentences(section: Section, modes: Sequence[Mode] = MODES) -> str:
    """Units of the test images, their effective number and the smallest detectable difference.

    All classifiers count: the correlation within units is that of all rows, the discordance is that of the mode with
    the larger one. Without answers there are only units; without test images the text is empty.

    Args:
        section: the records.
        modes: the classifiers whose differences are meant; empty = none.
    """
    images = _best_known(record.test_images for record in section.records if record.test_images)
    if images is None:
        return ""
    tables = [table for mode in modes if (table := answered(section, mode))]
    if tables:
        images = tables[0].images
    groups, units = np.array(images.groups), len(set(images.groups))
    correct = np.concatenate([table.correct for table in tables]) if tables else None
    effective = None if correct is None else effective_images(groups, agreement_within(correct, groups))
    worth = _worth(images, effective)
    if units < FEWEST_GROUPS:
        return f"{worth}: too few for an interval, a rank or a mark, which need {FEWEST_GROUPS}."
    if effective is None:
        return f"{worth}."
    discordance = max(mean_discordance(table.correct) for table in tables)
    rows = max(len(table.records) for table in tables)
    least = f"{_points(detectable_difference(effective, discordance))} between two rows"
    if rows > 2:  # noqa: PLR2004 - more than one pair
        least += f", {_points(detectable_difference(effective, discordance, rows))} among all {rows}"
    return f"{worth}. Smallest difference in accuracy that can be detected (80 % power, 5 %): {least}."


def _worth(images: TestImages, effective: float | None) -> str:
    if images.by == "images":
        return "Units not recorded: every image counts as independent"
    units = len(set(images.groups))
    noun = images.by if units > 1 else {"stretches": "stretch"}.get(images.by, images.by.removesuffix("s"))
    return f"{units} {noun}" + ("" if effective is None else f", worth {effective:.0f} independent images")


def _best_known(candidates: Iterable[TestImages]) -> TestImages | None:
    """The first of the candidates that holds units, else the first."""
    return max(candidates, key=lambda images: images.by != "images", default=None)


def _points(difference: float | None) -> str:
    return "no difference" if difference is None else f"{100 * difference:.0f} points"


def _answers(record: Record, mode: Mode) -> tuple[int, ...]:
    return record.classification[mode].answers if mode in record.classification else ()


def _test_set(record: Record) -> tuple[str, str, tuple[int, ...]]:
    """What records share that answered the same images."""
    labels = record.test_images.labels if record.test_images else ()
    return record.provenance.data, record.provenance.split, labels
