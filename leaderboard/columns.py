"""Tables as data: columns that are applied to rows, with the legend that explains them."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import mean, stdev
from typing import Any, Generic, NamedTuple, TypeVar

from benchmark.records.base import Interval, Metric
from benchmark.records.confinement import is_unconfined
from benchmark.records.record import Record
from benchmark.verification.known_answers import implausible_scores
from leaderboard import markdown
from leaderboard.contestants import contestants
from leaderboard.formats import bracketed, decimals
from leaderboard.markdown import NOTHING, Align
from leaderboard.record_files import RecordFile, Section
from leaderboard.run_link import failure

Part = TypeVar("Part")


def always(_: object) -> bool:
    """True: a column, a table or a note that every section has."""
    return True


@dataclass(frozen=True)
class Row(Generic[Part]):
    """One row of a table.

    Attributes:
        name: Markdown of the first cell: a backbone, an encoder or a baseline.
        weights: Markdown of the second cell, the initial weights; None for a baseline.
        part: what the columns show: a part of a record, or values made from it; None if the run has none.
        file: the record that the row comes from; None for a baseline.
        variant: which of the record's rows it is, such as a mode or an encoder state; empty for the only one.
        seeds: all records of a row that is a mean over training seeds; empty for a row of one record.
        members: the rows of the single seeds, in ascending order of the seed, if the cells are made from them; such a
            row has no part of its own.
    """

    name: str
    weights: str | None
    part: Part | None
    file: RecordFile | None = None
    variant: str = ""
    seeds: tuple[RecordFile, ...] = ()
    members: tuple["Row[Part]", ...] = ()


def no_note(_: object) -> str:
    """Nothing to append to a number."""
    return ""


@dataclass(frozen=True)
class Column(Generic[Part]):
    """One column of a table.

    Attributes:
        header: Markdown above the column.
        cell: Markdown of a row's cell; None for a cell without content.
        legend: sentences that explain the column above the tables; equal legends of several columns appear once.
        align: side to which the cells are aligned.
        shown: whether the table of a section has the column.
        value: the number in the cell; None for a column without numbers.
        form: text of a number.
        over_seeds: text behind a mean over seeds, from the parts of all seeds.
        names: whether the cell names the row, so that it is made from the row and not from its members.
        interval: its interval, behind the number; None for a number that has none.
        compared: names under which the number is compared between splits and between seeds, by the variant of the row
            that the number is taken from; empty if it is not compared.
    """

    header: str
    cell: Callable[[Row[Part]], str | None]
    legend: str = ""
    align: Align = "right"
    shown: Callable[[Section], bool] = always
    value: Callable[[Part], float | None] | None = None
    form: Callable[[float], str] = decimals
    over_seeds: Callable[[Sequence[Part]], str] = no_note
    names: bool = False
    interval: Callable[[Part], Interval | None] | None = None
    compared: Mapping[str, str] = field(default_factory=dict)

    def text(self, row: Row[Part]) -> str:
        """Markdown of a row's cell; of a row with members what all have, or the mean over them with its spread."""
        rows = (row,) if self.names else row.members or (row,)
        cells = list(dict.fromkeys(map(self.cell, rows)))
        if len(cells) == 1:
            return NOTHING if cells[0] is None else cells[0]
        parts = [member.part for member in row.members if member.part is not None]
        numbers = self.numbers(row)
        if not numbers:
            return "; ".join(NOTHING if cell is None else cell for cell in cells)
        spread = f" ± {self.form(stdev(numbers)).removeprefix('+')}" if len(numbers) > 1 else ""
        count = f" ({len(numbers)} of {len(row.members)} seeds)" if len(numbers) < len(row.members) else ""
        return f"{self.form(mean(numbers))}{spread}{self.over_seeds(parts)}{count}"

    def numbers(self, row: Row[Part]) -> list[float]:
        """The numbers of a row, or of its members; those that have none are left out."""
        parts = [one.part for one in row.members or (row,) if one.part is not None]
        return [number for part in parts if self.value and (number := self.value(part)) is not None]


class Mark(NamedTuple):
    """A word of warning behind the names of rows.

    Attributes:
        word: the mark.
        meaning: sentences of the legend, after the word.
        needed: whether a record needs it.
    """

    word: str
    meaning: str
    needed: Callable[[Record], object]


MARKS = (
    Mark(
        "unconfined",
        "the contestant is not the project's, and ran as a program of the user instead of in a container. Nothing kept "
        "its code from the test answers or the network: believe the row as far as you trust its author.",
        is_unconfined,
    ),
    Mark(
        "implausible",
        "a classifier names nearly all test images rightly (95 % or more) and validation images no better than chance. "
        "Either its contestant knew the test answers, or the split's two parts are of different kinds: do not believe "
        "the row.",
        implausible_scores,
    ),
)


def marked(row: Row[Any]) -> str:
    """Markdown of a row's name, with the marks that any of its records needs."""
    records = [file.record for file in row.seeds or ((row.file,) if row.file else ())]
    return ", ".join([row.name, *(f"**{mark.word}**" for mark in MARKS if any(map(mark.needed, records)))])


FAILURE: Column[Any] = Column("Failed", lambda row: (row.file and failure(row.file.record)) or None, align="left")
"""Why runs failed; only in tables that have such a row."""


class Compared(NamedTuple):
    """A number that is compared between splits or seeds, with its interval; None = it has none."""

    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Table(Generic[Part]):
    """The table of a section: its own columns after those of the row's name and weights.

    Attributes:
        subject: header of the first column, `Backbone` or `Encoder`.
        columns: in the order of the table.
        rows: the rows of a section.
        shown: whether a section has the table.
        main: the column by which the rows are ordered, highest first; None = the order of `rows`.
    """

    subject: str
    columns: tuple[Column[Part], ...]
    rows: Callable[[Section], list[Row[Part]]]
    shown: Callable[[Section], bool] = always
    main: Column[Part] | None = None

    def text(self, section: Section, variant: str | None = None) -> str:
        """The table in Markdown.

        Args:
            section: the records to show.
            variant: the only variant whose rows are shown; None = all rows.
        """
        rows = _distinct(self.ordered(section))
        shown = (column for column in self.columns if column.shown(section))
        failed = [FAILURE] if any(FAILURE.cell(row) for row in rows) else []
        columns = [*labels(self.subject), *shown, *failed]
        return render(columns, [row for row in rows if variant in {None, row.variant}])

    def ordered(self, section: Section) -> list[Row[Part]]:
        """The rows in their order, one for each contestant; those without a number in the main column are last."""
        rows = over_seeds(self.rows(section), section)
        if self.main is None:
            return rows
        numbers = [(self.main.numbers(row), row) for row in rows]
        return [row for _, row in sorted(numbers, key=lambda one: -mean(one[0]) if one[0] else math.inf)]

    def legend(self, sections: Sequence[Section]) -> list[str]:
        """The order of the rows, and legends of the columns that any of the sections shows, each once."""
        shown = [section for section in sections if self.shown(section)]
        columns = [column for column in self.columns if any(map(column.shown, shown))]
        texts = list(dict.fromkeys(column.legend for column in columns if column.legend))
        return [f"Rows are ordered by *{self.main.header}*, highest first.", *texts] if self.main and shown else texts

    def compared_names(self, section: Section) -> list[str]:
        """Names of the compared numbers of the columns that a section shows."""
        return [name for column in self.columns if column.shown(section) for name in column.compared.values()]

    def compared_values(self, section: Section) -> dict[str, dict[str, Compared]]:
        """The compared numbers of each record that has any, by the path of its file and their names.

        Rows that are means over seeds are taken apart: each record is a section of its own here.
        """
        values: dict[str, dict[str, Compared]] = {}
        for row in (row for file in section.files for row in self.rows(replace(section, files=(file,)))):
            if row.file is None or row.part is None:
                continue
            for column in self.columns:
                name = column.compared.get(row.variant)
                value = column.value(row.part) if name and column.value else None
                if name and value is not None:
                    interval = column.interval(row.part) if column.interval else None
                    values.setdefault(row.file.path, {})[name] = Compared(value, interval)
        return values


def over_seeds(rows: Iterable[Row[Part]], section: Section) -> list[Row[Part]]:
    """The rows of one contestant that differ in their seed alone as one row, in the place of the first of them.

    Args:
        rows: of the section.
        section: the records, whose contestants are found.
    """
    first = {file.path: one.files[0].path for one in contestants(section) for file in one.files}
    groups: defaultdict[tuple[object, ...], list[Row[Part]]] = defaultdict(list)
    for place, row in enumerate(rows):
        alone = row.file is None or row.seeds or row.file.path not in first
        key = (place,) if alone or row.file is None else (row.name, row.weights, row.variant, first[row.file.path])
        groups[key].append(row)
    return [_mean_row(members) for members in groups.values()]


def _mean_row(members: list[Row[Part]]) -> Row[Part]:
    """One row of several that differ in their seed alone."""
    if len(members) == 1:
        return members[0]
    ordered = sorted(((row.file.record.seed, row) for row in members if row.file), key=lambda one: one[0])
    rows = tuple(row for _, row in ordered)
    return replace(rows[0], part=None, seeds=tuple(row.file for row in rows if row.file), members=rows)


def _distinct(rows: list[Row[Part]]) -> list[Row[Part]]:
    """The rows, with the seeds in the names of those that differ in nothing else, such as failed runs."""

    def label(row: Row[Part]) -> tuple[str, str | None, str]:
        return row.name, row.weights, row.variant

    def seeds(row: Row[Part]) -> str:
        files = row.seeds or ((row.file,) if row.file else ())
        return f"seed{'s' * (len(files) > 1)} {', '.join(str(file.record.seed) for file in files)}"

    named: defaultdict[tuple[str, str | None, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.file:
            named[label(row)].add(seeds(row))
    return [
        replace(row, name=f"{row.name}, {seeds(row)}") if row.file and len(named[label(row)]) > 1 else row
        for row in rows
    ]


def labels(subject: str) -> tuple[Column[Any], Column[Any]]:
    """The first two columns of every table.

    Args:
        subject: header of the first.
    """
    return (
        Column(subject, marked, align="left", names=True),
        Column("Initial weights", lambda row: row.weights, align="left", names=True),
    )


def variant_column(header: str) -> Column[Any]:
    """The column that shows the variant of each row.

    Args:
        header: Markdown above the column.
    """
    return Column(header, lambda row: row.variant or None)


@dataclass(frozen=True)
class Brackets(Generic[Part]):
    """The interval of a number, as text to append to it.

    Attributes:
        of: the interval of a row's part; None if there is none.
        digits: decimals of its ends.
        before: text between the number and the brackets.
        mark: a warning behind the brackets, such as ` (n.s.)`.
    """

    of: Callable[[Part], Interval | None]
    digits: int = 2
    before: Callable[[Part], str] = no_note
    mark: Callable[[Part], str] = no_note

    def __call__(self, part: Part) -> str:
        """The interval in brackets; empty if there is none."""
        return f"{self.before(part)}{bracketed(self.of(part), self.digits)}{self.mark(part)}"

    def over_seeds(self, parts: Sequence[Part]) -> str:
        """The mark of several seeds; their mean has no interval."""
        return _shared_mark([self.mark(part) for part in parts])


def _shared_mark(marks: Sequence[str]) -> str:
    """The mark of several seeds: the one that all have, or how many have it.

    >>> _shared_mark([" (n.s.)", " (n.s.)"]), _shared_mark([" (n.s.)", "", ""])
    (' (n.s.)', ' (n.s. in 1 of 3 seeds)')
    """
    if len(set(marks)) == 1:
        return marks[0]
    words = [mark.strip(" ()") for mark in marks if mark]
    return f" ({words[0]} in {len(words)} of {len(marks)} seeds)"


@dataclass(frozen=True)
class Beside(Generic[Part]):
    """A second number in parentheses, to append to a number, such as its null.

    Attributes:
        of: the second number of a row's part; None if there is none.
    """

    of: Callable[[Part], float | None]

    def __call__(self, part: Part) -> str:
        """The number in parentheses; empty if there is none."""
        return self.over_seeds([part])

    def over_seeds(self, parts: Sequence[Part]) -> str:
        """The mean over the seeds that have the number."""
        known = [number for part in parts if (number := self.of(part)) is not None]
        return f" ({decimals(mean(known))})" if known else ""


Note = Callable[[Part], str] | Brackets[Part] | Beside[Part]
"""What follows a number: text, its interval, or a second number."""


def number_column(
    header: str,
    value: Callable[[Part], float | None],
    *,
    form: Callable[[float], str] = decimals,
    note: Note[Part] = no_note,
    instead: Callable[[Part], str] = no_note,
    legend: str = "",
    shown: Callable[[Section], bool] = always,
    compared: Mapping[str, str] | None = None,
) -> Column[Part]:
    """A column of numbers.

    Args:
        header: Markdown above the column.
        value: the number of a row's part; None if there is none.
        form: text of a number.
        note: text to append to the number; `Brackets` for its interval, `Beside` for a second number.
        instead: text of the cell if there is no number, such as the reason.
        legend: see `Column`.
        shown: see `Column`.
        compared: see `Column`.
    """

    def cell(row: Row[Part]) -> str | None:
        if row.part is None:
            return None
        number = value(row.part)
        return f"{instead(row.part) or NOTHING if number is None else form(number)}{note(row.part)}"

    return Column(
        header,
        cell,
        legend=legend,
        shown=shown,
        value=value,
        form=form,
        over_seeds=note.over_seeds if isinstance(note, (Brackets, Beside)) else no_note,
        interval=note.of if isinstance(note, Brackets) else None,
        compared=compared or {},
    )


def metric_column(
    metric: Metric,
    value: Callable[[Part], float | None],
    *,
    header: str = "",
    form: Callable[[float], str] = decimals,
    note: Note[Part] = no_note,
    legend: str = "",
    shown: Callable[[Section], bool] = always,
    compared: Mapping[str, str] | None = None,
) -> Column[Part]:
    """A column of numbers that is headed and explained by their metric.

    Args:
        metric: gives the header and the beginning of the legend.
        value: see `number_column`.
        header: replaces the metric's title above the column.
        form: see `number_column`.
        note: see `number_column`.
        legend: sentences that follow the metric's own.
        shown: see `Column`.
        compared: see `Column`.
    """
    return number_column(
        header or metric.title,
        value,
        form=form,
        note=note,
        legend=f"{explain(metric)} {legend}".rstrip(),
        shown=shown,
        compared=compared,
    )


def explain(metric: Metric) -> str:
    """The sentence of a legend that explains a metric.

    >>> explain(Metric("MutInfo", "mutual information with the individuals", True, "nats"))
    '*MutInfo*: mutual information with the individuals, in nats; higher is better.'
    """
    unit = f", in {metric.unit}" if metric.unit else ""
    source = f" ({metric.reference})" if metric.reference else ""
    direction = {True: "; higher is better", False: "; lower is better", None: ""}[metric.higher_is_better]
    return f"*{metric.title}*: {metric.meaning}{unit}{source}{direction}."


def render(columns: Sequence[Column[Part]], rows: Iterable[Row[Part]]) -> str:
    """The columns applied to the rows, as a table in Markdown."""
    return markdown.table(
        [column.header for column in columns],
        [[column.text(row) for column in columns] for row in rows],
        [column.align for column in columns],
    )
