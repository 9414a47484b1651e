"""The table of the README: the built-in data set in short."""

from collections.abc import Callable

from benchmark.records.classification import Scores
from benchmark.records.record import Record
from benchmark.splitting.split import LEAK_FREE
from benchmark.vocabulary import EncoderState
from leaderboard import evidence, headings
from leaderboard.columns import Column, Row, Table, explain, number_column
from leaderboard.evidence import chance_mark
from leaderboard.formats import three
from leaderboard.markdown import paragraphs
from leaderboard.page import CHANCE, Page
from leaderboard.pages import classification
from leaderboard.pages.clustering import ADJUSTED_RAND
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row

BUILT_IN = "zebrafish-synth"
"""The data set that comes with the project."""

CLUSTERING_LEGEND = (
    f"{explain(ADJUSTED_RAND)} It compares k-means on the embeddings of the test images with the individuals, before "
    "and after (`ref-`) deep classification. For splits that keep stretches of film together, such as `block`, it is "
    "on the page of clustering alone: there the test images of an animal are a few runs of frames, which look alike "
    "because they follow each other, and clusters may be these runs."
)


def _rows(section: Section) -> list[Row[Record]]:
    return [backbone_row(file, file.record) for file in section.files]


def _accuracy_column(header: str, scores: Callable[[Record], Scores | None], legend: str) -> Column[Record]:
    return number_column(
        header,
        lambda record: test.accuracy if (test := scores(record)) else None,
        note=lambda record: chance_mark(test, record.test_images) if (test := scores(record)) else "",
        legend=legend,
    )


def _shallow(record: Record) -> Scores | None:
    return record.classification["shallow"].test if "shallow" in record.classification else None


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
        _accuracy_column(
            "Deep, all regions",
            lambda record: record.ablation.get("deep", {}).get("all"),
            "*Deep*, *Shallow*: accuracy on the test images, with the encoder trained too and with the encoder frozen.",
        ),
        _accuracy_column("Shallow", _shallow, ""),
        _adjusted_rand_column(ADJUSTED_RAND.title, "initial"),
        _adjusted_rand_column(f"ref-{ADJUSTED_RAND.title}", "finetuned"),
    ),
    _rows,
)


def _section(section: Section, page: str) -> str:
    facts = headings.facts(section, headings.test_images(section))
    return paragraphs(
        f"**{headings.name(section)}** ({facts})",
        evidence.sentences(section),
        headings.audit(section),
        TABLE.text(section, page),
    )


PAGE = Page(
    file="README.md",
    block="leaderboard",
    order=10,
    section=_section,
    tables=(TABLE,),
    notes=(CHANCE,),
    compared=classification.TABLE,
    dataset=BUILT_IN,
    in_terminal=False,
)
