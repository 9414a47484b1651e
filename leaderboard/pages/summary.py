"""The table of the README: the built-in data set in short."""

from dataclasses import replace

from benchmark.records.record import Record
from benchmark.splitting.split import LEAK_FREE
from benchmark.vocabulary import ClassifierKind, EncoderState
from leaderboard import evidence, headings
from leaderboard.columns import Column, Row, Table, explain, number_column
from leaderboard.contestants import classifier
from leaderboard.evidence import chance_mark
from leaderboard.formats import not_trained_text, three
from leaderboard.markdown import paragraphs
from leaderboard.page import CHANCE, NOT_TRAINED, Page
from leaderboard.pages import classification
from leaderboard.pages.classification import LINEAR_LEGEND
from leaderboard.pages.clustering import ADJUSTED_RAND
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row

BUILT_IN = "zebrafish-synth"
"""The data set that comes with the project."""

HEADS_LEGEND = (
    "*Deep*, *Shallow*: accuracy on the test images of a head trained by gradient descent, with the encoder trained "
    "too and with the encoder frozen."
)
CLUSTERING_LEGEND = (
    f"{explain(ADJUSTED_RAND)} It compares k-means on the embeddings of the test images with the individuals, before "
    "and after (`ref-`) deep classification. For splits that keep stretches of film together, such as `block`, it is "
    "on the page of clustering alone: there the test images of an animal are a few runs of frames, which look alike "
    "because they follow each other, and clusters may be these runs."
)


def _rows(section: Section) -> list[Row[Record]]:
    return [backbone_row(file, file.record) for file in section.files]


def _accuracy_column(kind: ClassifierKind, header: str, legend: str) -> Column[Record]:
    """Accuracy of one classifier, with the mark of chance."""

    def note(record: Record) -> str:
        trained = classifier(record, kind)
        return chance_mark(trained.answers, record.test_images) if trained else ""

    def cell(row: Row[Record]) -> str | None:
        losses = row.file.not_trained if row.file else {}
        return not_trained_text(losses[kind, "all"]) if (kind, "all") in losses else number.cell(row)

    number: Column[Record] = number_column(
        header,
        lambda record: trained.test.accuracy if (trained := classifier(record, kind)) else None,
        note=note,
        legend=legend,
        shown=lambda section: _has(section, kind),
    )
    return replace(number, cell=cell)


def _has(section: Section, kind: ClassifierKind) -> bool:
    """Whether any record of the section has such a classifier, trained or not."""
    return any(classifier(file.record, kind) or (kind, "all") in file.not_trained for file in section.files)


def _adjusted_rand_column(header: str, state: EncoderState) -> Column[Record]:
    return number_column(
        header,
        lambda record: record.clustering[state].adjusted_rand if state in record.clustering else None,
        form=three,
        legend=CLUSTERING_LEGEND,
        shown=lambda section: section.split not in LEAK_FREE,
    )


TABLE = Table(
    "Backbone",
    (
        _accuracy_column("linear", "Linear probe", LINEAR_LEGEND),
        _accuracy_column("deep", "Deep", HEADS_LEGEND),
        _accuracy_column("shallow", "Shallow", HEADS_LEGEND),
        _adjusted_rand_column(ADJUSTED_RAND.title, "initial"),
        _adjusted_rand_column(f"ref-{ADJUSTED_RAND.title}", "finetuned"),
    ),
    _rows,
)


def _section(section: Section, page: str) -> str:
    facts = headings.facts(section, headings.test_images(section))
    return paragraphs(
        f"**{headings.name(section)}** ({facts})",
        headings.left_out(section),
        evidence.sentences(section),
        headings.audit(section),
        TABLE.text(section, page),
    )


PAGE = Page(
    file="README.md",
    block="leaderboard",
    order=11,
    section=_section,
    tables=(TABLE,),
    notes=(CHANCE, NOT_TRAINED),
    compared=classification.TABLE,
    dataset=BUILT_IN,
    in_terminal=False,
)
