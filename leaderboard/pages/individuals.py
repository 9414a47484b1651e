"""The page of individuals: recall of each individual, and confusion matrices."""

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean, median

from benchmark.records.base import metric_of
from benchmark.records.classification import Classification
from benchmark.records.record import Record
from leaderboard import headings
from leaderboard.columns import Column, Row, Table, explain, number_column, over_seeds, variant_column
from leaderboard.evidence import test_images
from leaderboard.formats import decimals, of
from leaderboard.markdown import escape, paragraphs
from leaderboard.page import SEVERAL_SEEDS, Note, Page
from leaderboard.plots import confusion
from leaderboard.plots.confusion import MAX_INDIVIDUALS
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row

MAX_COLUMNS = 12
"""Largest number of individuals that have a column each."""


@dataclass(frozen=True)
class PerIndividual:
    """A number for each individual in the order of class numbers; None = no number.

    Attributes:
        values: the numbers.
        images: test images of each individual, so that a share is shown as a count too; empty if not known.
        digits: decimals that are shown.
    """

    values: tuple[float | None, ...]
    images: tuple[int, ...] = ()
    digits: int = 2

    @property
    def known(self) -> list[float]:
        """The numbers without None."""
        return [value for value in self.values if value is not None]


def _recall_rows(section: Section) -> list[Row[PerIndividual]]:
    """A row for each classifier of a contestant, the highest mean recall first."""
    rows = over_seeds(_seed_rows(section), section)
    return sorted(rows, key=lambda row: -fmean(means) if (means := MEAN.numbers(row)) else math.inf)


def _seed_rows(section: Section) -> list[Row[PerIndividual]]:
    """A row for each classifier of each record."""
    return [
        backbone_row(file, PerIndividual(classifier.individual_recall, _counts(file.record)), mode)
        for file in section.files
        for mode, classifier in file.record.classification.items()
    ]


def _counts(record: Record) -> tuple[int, ...]:
    """The number of test images of each individual; empty if it is not known."""
    images = record.test_images
    return tuple(images.labels.count(number) for number in range(record.individuals)) if images else ()


def _rows_with_counts(section: Section) -> list[Row[PerIndividual]]:
    """A row for each classifier, and one with the number of test images of each individual."""
    counts = next((found for record in section.records if (found := _counts(record))), ())
    totals: list[Row[PerIndividual]] = [Row("*Test images*", None, PerIndividual(counts, digits=0))] if counts else []
    return _recall_rows(section) + totals


def _individual_columns(section: Section) -> tuple[Column[PerIndividual], ...]:
    return tuple(_individual_column(number, name) for number, name in enumerate(_names(section)))


def _individual_column(number: int, name: str) -> Column[PerIndividual]:
    def cell(row: Row[PerIndividual]) -> str | None:
        if row.part is None or (value := row.part.values[number]) is None:
            return None
        images = row.part.images[number] if row.part.images else None
        return decimals(value, row.part.digits) + (of(value, images) if images else "")

    return Column(name, cell, value=lambda recall: recall.values[number])


def _never_recognised(row: Row[PerIndividual]) -> str | None:
    return f"{row.part.known.count(0)} of {len(row.part.known)}" if row.part else None


MEAN: Column[PerIndividual] = number_column("Mean", lambda recall: fmean(recall.known) if recall.known else None)
"""By which rows are ordered; no table shows it."""

CLASSIFIER: Column[PerIndividual] = variant_column("Classifier")
SPREAD = Table(
    "Backbone",
    (
        CLASSIFIER,
        number_column("Lowest", lambda recall: min(recall.known)),
        number_column("Median", lambda recall: median(recall.known)),
        number_column("Highest", lambda recall: max(recall.known)),
        Column("Never recognised", _never_recognised),
    ),
    _recall_rows,
)
"""The table of a section with many individuals."""


def _section(section: Section, _page: str) -> str:
    if _individuals(section) <= MAX_COLUMNS:
        table = Table("Backbone", (CLASSIFIER, *_individual_columns(section)), _rows_with_counts)
    else:
        table = SPREAD
    return paragraphs(
        headings.heading(section, headings.test_images(section), classified=False),
        _together(section),
        table.text(section),
        confusion.PLOT.image(section) or _left_out(section),
    )


def _together(section: Section) -> str:
    """Which individuals share a recording, so that the place does not tell them apart; empty if none do.

    It is empty too if recordings are not known, or individuals are many.
    """
    if _individuals(section) > MAX_COLUMNS:
        return ""
    members: defaultdict[str, set[int]] = defaultdict(set)
    names: tuple[str, ...] = ()
    for record in section.records:
        if record.test_images and (projected := record.projected_images):
            names = record.test_images.identities
            for row, recording in zip(projected.rows, projected.recordings, strict=False):
                members[recording].add(record.test_images.labels[row])
    groups = dict.fromkeys(tuple(sorted(one)) for one in members.values() if len(one) > 1)
    if not groups:
        return ""
    texts = "; ".join(", ".join(escape(names[label]) for label in group) for group in groups)
    return f"Filmed together: {texts}. The place does not tell the individuals of such a group from each other."


def _left_out(section: Section) -> str:
    """Why there are no confusion matrices; empty if there is nothing to show."""
    if not any("deep" in record.classification and record.individuals > MAX_INDIVIDUALS for record in section.records):
        return ""
    return f"Confusion matrices are drawn for at most {MAX_INDIVIDUALS} individuals; the records hold all answers."


def _individuals(section: Section) -> int:
    return max(record.individuals for record in section.records)


def _names(section: Section) -> list[str]:
    images = test_images(section)
    return [escape(name) for name in images.identities] if images else []


PAGE = Page(
    file="leaderboard/individuals.md",
    block="individuals",
    title="individuals",
    order=1,
    section=_section,
    notes=(
        Note(
            f"{explain(metric_of(Classification, 'individual_recall'))} *Matrices*: for each individual shown (row), "
            "the share of its test images that was taken for each individual (column); grey rows have no image that "
            "could be answered correctly. Where names do not fit, individuals are numbered in the order of their "
            f"names, from 0. For more than {MAX_COLUMNS} individuals the table has the spread: lowest, median and "
            "highest recall, and how many of the individuals with test images were never recognised. Rows are "
            "ordered by their mean recall, highest first."
        ),
        SEVERAL_SEEDS,
    ),
    plots=(confusion.PLOT,),
    has=lambda section: any(record.classification for record in section.records),
)
