"""A page of the leaderboard as data."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard import comparison, record_files
from leaderboard.columns import MARKS, Column, Row, Table, always, labels, render
from leaderboard.contestants import contestants
from leaderboard.markdown import NOTHING, folded, paragraphs
from leaderboard.plots.figures import Plot
from leaderboard.record_files import RecordFile, Section
from leaderboard.rows import backbone_row
from leaderboard.run_link import run_link

EMPTY = "No records yet; `patternbench run` writes them."
DASH = f"`{NOTHING}`: no such number. *Failed*, where it is the last column, has the reason of a failed run."


@dataclass(frozen=True)
class Note:
    """Sentences of a legend that belong to no column.

    Attributes:
        text: Markdown of one line.
        shown: whether a section needs the note.
    """

    text: str
    shown: Callable[[Section], bool] = always


INTERVALS = (
    "Brackets: 95 % interval over units (an individual in a stretch of a recording, or in an encounter), over images "
    "if units are not recorded; of shares by Wilson's method, with as many images as the units are worth."
)
CHANCE = Note(
    "*Chance*: what the best answer without looking at the animal reaches: a uniform guess among the individuals, the "
    "individual commonest in training, or a baseline that sees no image. `(n.s.)`: not significantly better than "
    "chance (one-sided sign-flip test by units, 5 %), which few units may never show, however many answers are right; "
    "no mark with fewer than six units."
)
SEVERAL_SEEDS = Note(
    "Of several training seeds, which are listed below the tables, a row shows the mean ± the standard deviation over "
    "them, without an interval; where all seeds have the same number, it has its interval. *k of n seeds*: only so "
    "many have such a number, or such a mark. Words that differ between seeds are all listed.",
    shown=lambda section: any(len(one.files) > 1 for one in contestants(section)),
)
INPAINTED = Note(
    "*random weights*: drawn at random, not trained before. *inpainting* after the initial weights: the encoder was "
    "then trained to inpaint photos of this data set, without labels, before anything else; the page of inpainting has "
    "the epochs and steps, and says whether it learnt to.",
    shown=lambda section: any(record.inpainting for record in section.records),
)
RUNNER = (
    "*Runner*: `docker` ran the contestant in a container that has no network and sees only its job; `process` ran it "
    "as a program of the user, which nothing confines."
)
NOT_TRAINED = Note(
    "`not trained`: the last training loss of the head is above 0.9 times that of a guess among all individuals. It "
    "has no score, no rank and no mark.",
    shown=lambda section: any(file.not_trained for file in section.files),
)


def _marks(sections: Iterable[Section]) -> list[str]:
    """What the marks behind the names of rows mean, of those that any of the sections shows."""
    records = [record for section in sections for record in section.records]
    return [f"**{mark.word}**: {mark.meaning}" for mark in MARKS if any(map(mark.needed, records))]


def _runs(section: Section, page: str) -> str:
    """The seeds and records of a section, folded away; empty without records.

    Args:
        section: the records.
        page: path of the page, relative to the repository root, from which records are linked.
    """

    def cell(value: Callable[[RecordFile], str]) -> Callable[[Row[Any]], str | None]:
        return lambda row: value(row.file) if row.file else None

    seed: Column[Any] = Column("Seed", cell(lambda file: str(file.record.seed)))
    runner: Column[Any] = Column("Runner", cell(lambda file: file.record.provenance.runner), align="left")
    record: Column[Any] = Column("Record", cell(lambda file: run_link(file, page)), align="left")
    rows: list[Row[Any]] = [backbone_row(file, None) for file in section.files]
    columns = [*labels("Backbone"), seed, runner, record]
    return folded("Seeds and records of these rows", RUNNER, render(columns, rows)) if rows else ""


@dataclass(frozen=True)
class Page:
    """A marked block of a Markdown file, made from records.

    Attributes:
        file: path of the file, relative to the repository root.
        block: name of the marked block.
        order: place among the pages, from 0.
        section: text of one section; the second argument is `file`.
        tables: tables of a section, whose columns give the legend.
        notes: the rest of the legend.
        compared: the table whose compared columns are shown for two splits side by side; None = no comparison.
        plots: figures of a section.
        has: whether a section has anything for this page; other sections are left out.
        dataset: the only data set of the page; None = all.
        experiment: the experiment whose records the page shows; None = the records of no experiment.
        regroup: makes the sections of the page from those of `record_files.sections`.
        empty: text of a page without sections.
        in_terminal: whether the page is printed after a run.
        title: text of links to the page; empty for the page that lists the others.
        linked: whether the rows of a section link to their records; else these are listed below it.
    """

    file: str
    block: str
    order: int
    section: Callable[[Section, str], str]
    tables: tuple[Table[Any], ...] = ()
    notes: tuple[Note, ...] = ()
    compared: Table[Any] | None = None
    plots: tuple[Plot, ...] = ()
    has: Callable[[Section], object] = always
    dataset: str | None = None
    experiment: str | None = None
    regroup: Callable[[Iterable[Section]], list[Section]] = list
    empty: str = EMPTY
    in_terminal: bool = True
    title: str = ""
    linked: bool = False

    def sections(self, files: Iterable[RecordFile]) -> list[Section]:
        """The sections of all records that may be on the page."""
        sections = self.regroup(record_files.sections(files, self.experiment))
        return [section for section in sections if self.dataset in {None, section.dataset}]

    def shows(self, files: Iterable[RecordFile]) -> bool:
        """Whether the records give the page anything to show."""
        return any(map(self.has, self.sections(files)))

    def text(self, sections: Sequence[Section]) -> str:
        """Legend, tables and figures of the sections, without the comparison of splits."""
        shown = [section for section in sections if self.has(section)]
        if not shown:
            return self.empty
        parts = [(self.section(section, self.file), self.runs(section)) for section in shown]
        return paragraphs(self.legend(shown), *(text for part in parts for text in part))

    def runs(self, section: Section) -> str:
        """The seeds and records of a section, folded away; empty if its rows are linked."""
        return "" if self.linked else _runs(section, self.file)

    def legend(self, sections: Sequence[Section]) -> str:
        """What the columns and rows of the sections mean, as a list."""
        columns = [sentence for table in self.tables for sentence in table.legend(sections)]
        notes = [note.text for note in (*self.notes, INPAINTED) if any(map(note.shown, sections))]
        return "\n".join(f"- {text}" for text in dict.fromkeys([*columns, *notes, *_marks(sections), DASH]))

    def content(self, sections: Sequence[Section]) -> str:
        """Everything between the markers of the block."""
        compared = comparison.tables(sections, self.compared) if self.compared else []
        return paragraphs(self.text(sections), *compared)
