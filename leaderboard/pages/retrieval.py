"""The page of re-identification: each test image searches its individual in a gallery."""

from collections.abc import Callable, Mapping

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS
from benchmark.records.base import Interval, metric_of
from benchmark.records.classification import TestImages
from benchmark.records.retrieval import PairingScores, Retrieval, RetrievalScores
from benchmark.vocabulary import Distance
from leaderboard import evidence, headings
from leaderboard.columns import Brackets, Column, Row, Table, metric_column, number_column
from leaderboard.markdown import paragraphs
from leaderboard.page import INTERVALS, SEVERAL_SEEDS, Note, Page
from leaderboard.pages import open_set
from leaderboard.plots.open_set import PLOT as OPEN_SET_PLOT
from leaderboard.record_files import Section
from leaderboard.rows import ENCODER_NAMES, ENCODER_NAMES_LEGEND, baseline_row, encoder_row

ByDistance = Mapping[Distance, RetrievalScores]

DISTANCES: tuple[Distance, ...] = ("cosine", "euclidean")
RANK1, RANK5, PRECISION = (metric_of(RetrievalScores, name) for name in ("rank1", "rank5", "mean_average_precision"))
COMPARED = {"initial": PRECISION.title, "finetuned": f"ref-{PRECISION.title}"}
ACROSS, CROSS = "Across recordings", "Cross-flank"
ACROSS_LEGEND = (
    f"*{ACROSS}*: a query ignores its individual's images from its own recording; the text above the table has the "
    "number of queries with a match in another recording."
)
CROSS_LEGEND = (
    f"The first columns compare images of the same flank, which is the usual task. *{CROSS}*, in the last columns: a "
    "query searches the images of the other flank. A "
    "hidden pattern cannot be recognised from the other side, so this shows how far size, colour and place name the "
    "animal. No baseline stands beside it, because records "
    "hold baselines for the gallery of one flank alone: compare it with the raw pixels and the colour histogram in "
    "this column. What a shuffled gallery of the other flank reaches is not known."
)


def _rows(section: Section) -> list[Row[ByDistance]]:
    """A row for each encoder state; the baselines rank alike by either distance."""
    rows: list[Row[ByDistance]] = [
        encoder_row(file, state, file.record.retrieval[state])
        for file in section.files
        for state in ENCODER_NAMES
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


def _shows(part: Callable[[Retrieval], PairingScores | None]) -> Callable[[Section], bool]:
    """Whether any query of a section has a match in such a ranking."""
    return lambda section: any((scores := part(retrieval)) and scores.queries for retrieval in _retrievals(section))


def _columns(distance: Distance) -> tuple[Column[ByDistance], ...]:
    title = distance.capitalize()

    def score(number: Callable[[RetrievalScores], float | None]) -> Callable[[ByDistance], float | None]:
        return lambda part: number(part[distance]) if distance in part else None

    def interval(of: Callable[[Retrieval], Interval | None]) -> Callable[[ByDistance], Interval | None]:
        """An encoder's interval; a baseline has none."""
        return lambda part: of(scores) if isinstance(scores := part.get(distance), Retrieval) else None

    return (
        metric_column(
            RANK1,
            score(lambda scores: scores.rank1),
            header=f"{title} {RANK1.title}",
            note=Brackets(interval(lambda retrieval: retrieval.rank1_interval)),
        ),
        metric_column(
            RANK5,
            score(lambda scores: scores.rank5),
            header=f"{title} {RANK5.title}",
            note=Brackets(interval(lambda retrieval: retrieval.rank5_interval)),
        ),
        metric_column(
            PRECISION,
            score(lambda scores: scores.mean_average_precision),
            header=f"{title} {PRECISION.title}",
            note=Brackets(interval(lambda retrieval: retrieval.map_interval)),
            compared=COMPARED if distance == "cosine" else {},
        ),
    )


def _pairing_columns(
    title: str, of: Callable[[Retrieval], PairingScores | None], legend: str
) -> tuple[Column[ByDistance], Column[ByDistance]]:
    """Cosine rank-1 and mAP of a ranking in which more is hidden, in sections where any query has a match in it."""

    def scores(part: ByDistance) -> PairingScores | None:
        cosine = part.get("cosine")
        found = of(cosine) if isinstance(cosine, Retrieval) else None
        return found if found and found.queries else None

    def note(of: Callable[[PairingScores], Interval | None]) -> Brackets[ByDistance]:
        return Brackets(lambda part: of(found) if (found := scores(part)) else None)

    return (
        number_column(
            f"{title}: cosine {RANK1.title}",
            lambda part: found.rank1 if (found := scores(part)) else None,
            legend=legend,
            note=note(lambda found: found.rank1_interval),
            shown=_shows(of),
        ),
        number_column(
            f"{title}: cosine {PRECISION.title}",
            lambda part: found.mean_average_precision if (found := scores(part)) else None,
            note=note(lambda found: found.map_interval),
            shown=_shows(of),
        ),
    )


COSINE, EUCLIDEAN = map(_columns, DISTANCES)
TABLE = Table(
    "Encoder",
    (
        *COSINE,
        *EUCLIDEAN,
        *_pairing_columns(ACROSS, lambda retrieval: retrieval.across_recordings, ACROSS_LEGEND),
        *_pairing_columns(CROSS, lambda retrieval: retrieval.cross_flank, CROSS_LEGEND),
    ),
    _rows,
    main=COSINE[-1],
)


def _section(section: Section, _page: str) -> str:
    return paragraphs(
        headings.title(section),
        f"{_facts(section)}{_adjacent(section)}",
        evidence.sentences(section, classified=False),
        _evidence(section),
        headings.audit(section),
        TABLE.text(section),
        open_set.text(section),
    )


def _facts(section: Section) -> str:
    """Numbers of individuals and queries, and the gallery."""
    queries, unmatched = (
        {getattr(retrieval, name) for retrieval in _retrievals(section)} for name in ("queries", "unmatched")
    )
    left_out = f", {headings.either(sorted(unmatched))} without a match left out" if any(unmatched) else ""
    gallery = "" if any(record.classification for record in section.records) else ", among the test images"
    return f"{headings.facts(section, [])}, {headings.either(sorted(queries))} queries{gallery}{left_out}."


def _evidence(section: Section) -> str:
    """Queries with a match in each ranking, their units, and why there is no interval; empty if units are not known."""
    first = next((record for record in section.records if record.retrieval), None)
    if first is None or first.test_images is None or first.test_images.by == "images":
        return ""
    retrieval = next(iter(next(iter(first.retrieval.values())).values()))
    rankings: dict[str, PairingScores | Retrieval | None] = {
        "Same flank" if retrieval.cross_flank else "All columns": retrieval,
        ACROSS: retrieval.across_recordings,
        CROSS: retrieval.cross_flank,
    }
    shown = {title: one for title, one in rankings.items() if one and one.queries and one.first_ranks}
    return " ".join(_queries(title, one, first.test_images) for title, one in shown.items())


def _queries(title: str, ranking: PairingScores | Retrieval, images: TestImages) -> str:
    """How many queries have a match in a ranking, from how many units.

    Args:
        title: of the ranking.
        ranking: its scores.
        images: the test images.
    """
    matched = [unit for unit, rank in zip(images.groups, ranking.first_ranks, strict=True) if rank]
    units = len(set(matched))
    few = "" if units >= FEWEST_GROUPS else f"; no intervals, which need {FEWEST_GROUPS} {images.by}"
    return f"{title}: {len(matched)} queries with a match, from {units} {images.by}{few}."


def _adjacent(section: Section) -> str:
    """What was left out as adjacent frames; empty where frames are not known."""
    parts = {part for retrieval in _retrievals(section) if (part := retrieval.adjacent_frames)}
    return "".join(
        f" Left out: {part.pairs} pairs of images that were taken in the same recording at most {part.window} frames "
        f"apart{f'; {part.queries} queries have no other match' if part.queries else ''}."
        for part in sorted(parts, key=str)
    )


PAGE = Page(
    file="leaderboard/retrieval.md",
    block="retrieval",
    title="re-identification",
    order=4,
    section=_section,
    tables=(TABLE, open_set.TABLE),
    notes=(
        Note(ENCODER_NAMES_LEGEND),
        Note(
            "*... alone*: expected of a baseline that sees no image and ranks the images with the same value in that "
            "metadata column first, in random order.",
            shown=lambda section: bool(_baselines(section)),
        ),
        Note(INTERVALS),
        SEVERAL_SEEDS,
    ),
    compared=TABLE,
    plots=(OPEN_SET_PLOT,),
    has=_retrievals,
)
