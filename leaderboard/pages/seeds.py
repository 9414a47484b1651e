"""The page of seeds: how much the numbers of a run change with its seed alone."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from statistics import mean, stdev

from benchmark.records.record import Record
from leaderboard import headings
from leaderboard.columns import Column, Row, labels, number_column, render
from leaderboard.formats import count, decimals
from leaderboard.markdown import paragraphs
from leaderboard.page import Note, Page
from leaderboard.pages import find_pages
from leaderboard.record_files import RecordFile, Section
from leaderboard.rows import backbone_row

Seeds = list[Mapping[str, float]]
"""The compared numbers of each seed by name."""


def _rows(section: Section) -> list[Row[Seeds]]:
    """A row for each backbone that finished with several seeds."""
    numbers = _numbers(section)
    finished = sorted((file for file in section.files if file.record.status == "ok"), key=_group)
    groups = [list(files) for _, files in groupby(finished, key=_group)]
    return [
        backbone_row(files[0], [numbers.get(file.path, {}) for file in files]) for files in groups if len(files) > 1
    ]


def _numbers(section: Section) -> dict[str, dict[str, float]]:
    """The compared numbers of all pages, by the path of a record's file and by name."""
    numbers: dict[str, dict[str, float]] = {}
    for table in {id(page.compared): page.compared for page in find_pages() if page.compared}.values():
        for path, values in table.compared_values(section).items():
            numbers.setdefault(path, {}).update({name: one.value for name, one in values.items()})
    return numbers


def _column(name: str) -> Column[Seeds]:
    return Column(name, lambda row: spread(values.get(name) for values in row.part or []))


def _section(section: Section, _page: str) -> str:
    rows = _rows(section)
    names = dict.fromkeys(name for row in rows for values in row.part or [] for name in values)
    columns = [*labels("Backbone"), number_column("Seeds", len, form=count), *map(_column, names)]
    return paragraphs(headings.title(section), render(columns, rows))


def spread(values: Iterable[float | None]) -> str | None:
    """Mean, standard deviation (n - 1) and range of the values; None is skipped. None for fewer than two values.

    >>> spread([0.7, 0.8, 0.9])
    '0.80 ± 0.10 [0.70, 0.90]'
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - one value has no spread
        return None
    return f"{decimals(mean(known))} ± {decimals(stdev(known))} [{decimals(min(known))}, {decimals(max(known))}]"


def _group(file: RecordFile) -> tuple[str, str]:
    record: Record = file.record
    return record.backbone, record.init


PAGE = Page(
    file="leaderboard/seeds.md",
    block="seeds",
    title="seeds",
    order=8,
    section=_section,
    notes=(Note("Mean ± standard deviation over the seeds, lowest to highest in brackets."),),
    has=_rows,
    empty="No backbone was run with several seeds yet; `make bench BACKBONE=lama SEEDS=3` does so.",
)
