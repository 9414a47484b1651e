"""The page of re-identification: each test image searches its individual in a gallery."""

from collections.abc import Callable, Mapping

from benchmark.records.base import metric_of
from benchmark.records.retrieval import AcrossRecordings, Retrieval, RetrievalScores
from benchmark.vocabulary import Distance
from leaderboard import evidence, headings
from leaderboard.columns import Column, Row, Table, metric_column, number_column
from leaderboard.formats import bracketed
from leaderboard.markdown import paragraphs
from leaderboard.page import INTERVALS, Note, Page
from leaderboard.pages import open_set
from leaderboard.plots.open_set import PLOT as OPEN_SET_PLOT
from leaderboard.record_files import Section
from leaderboard.rows import ENCODER_PREFIXES, ENCODER_PREFIXES_LEGEND, baseline_row, encoder_row

ByDistance = Mapping[Distance, RetrievalScores]

DISTANCES: tuple[Distance, ...] = ("cosine", "euclidean")
RANK1, RANK5, PRECISION = (metric_of(RetrievalScores, name) for name in ("rank1", "rank5", "mean_average_precision"))
COMPARED = {"initial": PRECISION.title, "finetuned": f"ref-{PRECISION.title}"}
ACROSS_LEGEND = (
    "*Across recordings*: a query ignores its individual's images from its own recording; *of*: number of queries with "
    "a match in another recording."
)


def _rows(section: Section) -> list[Row[ByDistance]]:
    """A row for each encoder state; the baselines rank alike by either distance."""
    rows: list[Row[ByDistance]] = [
        encoder_row(file, state, file.record.retrieval[state])
        for file in section.files
        for state in ENCODER_PREFIXES
        if state in file.record.retrieval
    ]
    return rows + [
        baseline_row(name, dict.fromkeys(DISTANCES, baseline)) for name, baseline in _baselines(section).items()
    ]


def _baselines(section: Section) -> Mapping[str, RetrievalScores]:
    return next((record.retrieval_baselines for record in section.records if record.retrieval_baselines), {})


def _retrievals(section: Section) -> list[Retrieval]:
    return [
        retrieval
        for record in section.records
        for distances in record.retrieval.values()
        for retrieval in distances.values()
    ]


def _has_across(section: Section) -> bool:
    """Whether any query of the section has a match in another recording."""
    return any(
        retrieval.across_recordings and retrieval.across_recordings.queries for retrieval in _retrievals(section)
    )


def _columns(distance: Distance) -> tuple[Column[ByDistance], ...]:
    title = distance.capitalize()

    def score(number: Callable[[RetrievalScores], float | None]) -> Callable[[ByDistance], float | None]:
        return lambda part: number(part[distance]) if distance in part else None

    def interval(of: Callable[[Retrieval], str]) -> Callable[[ByDistance], str]:
        """Text of an encoder's interval; a baseline has none."""
        return lambda part: of(scores) if isinstance(scores := part.get(distance), Retrieval) else ""

    return (
        metric_column(
            RANK1,
            score(lambda scores: scores.rank1),
            header=f"{title} {RANK1.title}",
            note=interval(lambda retrieval: bracketed(retrieval.rank1_interval)),
        ),
        metric_column(RANK5, score(lambda scores: scores.rank5), header=f"{title} {RANK5.title}"),
        metric_column(
            PRECISION,
            score(lambda scores: scores.mean_average_precision),
            header=f"{title} {PRECISION.title}",
            note=interval(lambda retrieval: bracketed(retrieval.map_interval)),
            compared=COMPARED if distance == "cosine" else {},
        ),
    )


def _across(part: ByDistance) -> AcrossRecordings | None:
    """Cosine scores across recordings; None if no query has a match in another one."""
    scores = part.get("cosine")
    across = scores.across_recordings if isinstance(scores, Retrieval) else None
    return across if across and across.queries else None


def _across_queries(part: ByDistance) -> str:
    across = _across(part)
    return f" of {across.queries}" if across else ""


TABLE = Table(
    "Encoder",
    (
        *(column for distance in DISTANCES for column in _columns(distance)),
        number_column(
            f"Across recordings: cosine {RANK1.title}",
            lambda part: across.rank1 if (across := _across(part)) else None,
            legend=ACROSS_LEGEND,
            shown=_has_across,
        ),
        number_column(
            f"Across recordings: cosine {PRECISION.title}",
            lambda part: across.mean_average_precision if (across := _across(part)) else None,
            note=_across_queries,
            shown=_has_across,
        ),
    ),
    _rows,
)


def _section(section: Section, page: str) -> str:
    return paragraphs(
        headings.title(section),
        _facts(section),
        evidence.sentences(section, classified=False),
        headings.audit(section),
        TABLE.text(section, page),
        open_set.text(section, page),
    )


def _facts(section: Section) -> str:
    """Numbers of individuals and queries, and the gallery."""
    queries, unmatched = (
        {getattr(retrieval, name) for retrieval in _retrievals(section)} for name in ("queries", "unmatched")
    )
    left_out = f", {headings.either(sorted(unmatched))} without a match left out" if any(unmatched) else ""
    gallery = "" if any(record.classification for record in section.records) else ", among the test images"
    return f"{headings.facts(section, [])}, {headings.either(sorted(queries))} queries{gallery}{left_out}."


PAGE = Page(
    file="leaderboard/retrieval.md",
    block="retrieval",
    order=4,
    section=_section,
    tables=(TABLE,),
    notes=(
        Note(ENCODER_PREFIXES_LEGEND),
        Note(
            "*... alone*: expected of a baseline that sees no image and ranks the images with the same value in that "
            "metadata column first, in random order.",
            shown=lambda section: bool(_baselines(section)),
        ),
        Note(INTERVALS),
    ),
    compared=TABLE,
    plots=(OPEN_SET_PLOT,),
    has=_retrievals,
)
