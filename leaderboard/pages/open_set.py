"""Table of open-set re-identification: known individuals are to be named, others to be called new."""

from benchmark.records.base import metric_of
from benchmark.records.retrieval import OpenSet
from leaderboard.columns import Column, Row, Table, metric_column
from leaderboard.formats import three
from leaderboard.markdown import paragraphs
from leaderboard.plots.open_set import PLOT
from leaderboard.record_files import Section
from leaderboard.rows import ENCODER_NAMES, encoder_row


def has_open_set(section: Section) -> bool:
    """Whether any record of the section has such scores."""
    return any(record.open_set for record in section.records)


def text(section: Section) -> str:
    """The table and its figure; empty if no record has such scores."""
    if not has_open_set(section):
        return ""
    return paragraphs(
        "**Open set** (cosine similarity)",
        TABLE.text(section),
        PLOT.image(section),
    )


def _rows(section: Section) -> list[Row[OpenSet]]:
    return [
        encoder_row(file, state, file.record.open_set[state])
        for file in section.files
        for state in ENCODER_NAMES
        if state in file.record.open_set
    ]


GEOMETRIC: Column[OpenSet] = metric_column(metric_of(OpenSet, "geometric"), lambda scores: scores.geometric)
TABLE = Table(
    "Encoder",
    (
        metric_column(metric_of(OpenSet, "baks"), lambda scores: scores.baks),
        metric_column(metric_of(OpenSet, "baus"), lambda scores: scores.baus),
        GEOMETRIC,
        metric_column(metric_of(OpenSet, "area"), lambda scores: scores.area),
        metric_column(
            metric_of(OpenSet, "threshold"),
            lambda scores: scores.threshold,
            form=three,
            legend="An image is called new if its nearest training image is less similar.",
        ),
    ),
    _rows,
    has_open_set,
    main=GEOMETRIC,
)
