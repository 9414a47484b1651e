"""The table of scores: one row a measure, chance beside it, one column an encoder."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS
from benchmark.records.base import Interval
from benchmark.records.clustering import Clustering
from benchmark.records.field import FieldRecord, FieldScores, OutOfFold
from benchmark.records.retrieval import Retrieval
from benchmark.vocabulary import FoldScheme
from leaderboard.formats import decimals, difference, signed
from leaderboard.markdown import NOTHING
from leaderboard.report.facts import counting, group_noun, memory, others, reference
from leaderboard.report.words import points, with_interval


class Cell(NamedTuple):
    """A score as text, and a remark that is shown small beside it."""

    text: str
    remark: str = ""


class Line(NamedTuple):
    """A row of the table.

    Attributes:
        title: of the measure.
        meaning: one clause.
        chance: what is reached without looking.
        cells: one for each encoder.
    """

    title: str
    meaning: str
    chance: str
    cells: tuple[Cell, ...]


class Block(NamedTuple):
    """Rows of the table that answer one question."""

    title: str
    lines: tuple[Line, ...]


def blocks(records: Sequence[FieldRecord]) -> list[Block]:
    """The rows of the table, by question.

    Args:
        records: of the same photos, in the order of the columns.
    """
    first = records[0]
    named = [_named(records, scheme) for scheme in ("grouped", "random") if scheme in first.schemes]
    return [*named, _memory(records), _search(records), _clusters(records)]


def _named(records: Sequence[FieldRecord], scheme: FoldScheme) -> Block:
    scores = records[0].schemes[scheme]
    title = f"Named by {others(scores)}" if scores.column else "Named by any other photos, near-copies too"
    best = decimals(reference(scores))

    def cells(kind: Callable[[FieldScores], OutOfFold]) -> tuple[Cell, ...]:
        return tuple(_accuracy(kind(record.schemes[scheme])) for record in records)

    lines = [
        Line(
            "Linear probe",
            "share of photos named rightly by logistic regression on the frozen embeddings",
            best,
            cells(lambda one: one.linear),
        ),
        Line(
            "Nearest neighbours",
            "share of photos named rightly by the vote of the most similar photos",
            best,
            cells(lambda one: one.nearest),
        ),
    ]
    return Block(f"{title} ({scores.tested} of {len(records[0].photos)} photos tested)", tuple(lines))


def _accuracy(part: OutOfFold) -> Cell:
    """An accuracy, with the smallest difference that it could have shown."""
    text = with_interval(part.accuracy, part.interval)
    return Cell(text, _no_interval(part.interval) or could_show(part.detectable))


def could_show(detectable: float | None) -> str:
    """The smallest difference of two encoders that a score could have shown."""
    return "cannot tell any two encoders apart" if detectable is None else f"can tell {points(detectable)} apart"


def _no_interval(interval: Interval | None) -> str:
    return "" if interval else f"no interval: fewer than {FEWEST_GROUPS} units"


def _memory(records: Sequence[FieldRecord]) -> Block:
    found = [memory(record) for record in records]
    column = counting(records[0]).column
    noun = group_noun(column) if column else ""
    cells = tuple(
        Cell(
            signed(difference(one.random, one.grouped))
            + (f" [{signed(one.interval.low)}, {signed(one.interval.high)}]" if one.interval else ""),
            f"{decimals(one.random)} less {decimals(one.grouped)}",
        )
        if one
        else Cell(NOTHING, "needs a column such as encounter or date, and photos that both tested")
        for one in found
    )
    same = f"photos of the same {noun}" if noun else "near-copies"
    meaning = f"gain of the linear probe if {same} may answer, on the photos that both tested"
    return Block("Near-copies", (Line("Gain by near-copies", meaning, NOTHING, cells),))


def _search(records: Sequence[FieldRecord]) -> Block:
    """Re-identification: every photo searches its individual."""
    baselines = records[0].retrieval.baselines
    across, anywhere = baselines.get("across"), baselines.get("anywhere")
    flanks = any(_crossed(record) for record in records)
    where = f"{'on the same flank ' if flanks else ''}in another recording or encounter"

    def line(title: str, meaning: str, chance: float | None, score: Callable[[FieldRecord], Cell]) -> Line:
        return Line(title, meaning, NOTHING if chance is None else decimals(chance), tuple(map(score, records)))

    lines = [
        line(
            "Rank-1 across encounters",
            f"share of photos whose most similar photo {where} shows the same individual",
            across.rank1 if across else None,
            lambda record: _found(record, "across"),
        ),
        line(
            "Rank-5 across encounters",
            "the same with the five most similar photos",
            across.rank5 if across else None,
            lambda record: _searched(record.retrieval.across, lambda one: _number(one.rank5)),
        ),
        line(
            "mAP across encounters",
            "mean average precision: how early all photos of the individual come",
            across.mean_average_precision if across else None,
            lambda record: _searched(record.retrieval.across, _precision),
        ),
        line(
            "Rank-1 anywhere",
            "the same, but photos of the same recording or encounter, and of any flank, may answer",
            anywhere.rank1 if anywhere else None,
            lambda record: _found(record, "anywhere"),
        ),
    ]
    if flanks:
        meaning = "only photos of the other flank may answer: size, colour and place, hardly the pattern"
        lines.append(line("Rank-1, other flank", meaning, None, _cross))
    return Block("Re-identification: each photo searches its individual", tuple(lines))


def _found(record: FieldRecord, search: Literal["across", "anywhere"]) -> Cell:
    """Rank-1 with the smallest difference that it could have shown."""
    retrieval: Retrieval | None = getattr(record.retrieval, search)
    cell = _searched(retrieval, _rank1)
    if retrieval is None or retrieval.rank1_interval is None:
        return cell
    return Cell(cell.text, f"{cell.remark}; {could_show(record.retrieval.detectable.get(search))}")


def _rank1(scores: Retrieval) -> str:
    return _number(scores.rank1, scores.rank1_interval)


def _precision(scores: Retrieval) -> str:
    return _number(scores.mean_average_precision, scores.map_interval)


def _number(value: float | None, interval: Interval | None = None) -> str:
    return NOTHING if value is None else with_interval(value, interval)


def _searched(retrieval: Retrieval | None, number: Callable[[Retrieval], str]) -> Cell:
    if retrieval is None:
        return Cell(NOTHING, "no column says which photos were taken together, such as encounter or date")
    if retrieval.rank1 is None:
        return Cell(NOTHING, "no photo has another of its individual to find")
    few = _no_interval(retrieval.rank1_interval)
    return Cell(number(retrieval), "; ".join(text for text in (f"{retrieval.queries} photos", few) if text))


def _crossed(record: FieldRecord) -> bool:
    retrieval = record.retrieval.across or record.retrieval.anywhere
    return retrieval.cross_flank is not None


def _cross(record: FieldRecord) -> Cell:
    scores = (record.retrieval.across or record.retrieval.anywhere).cross_flank
    if scores is None or scores.rank1 is None:
        return Cell(NOTHING, "no individual is known from both flanks")
    return Cell(with_interval(scores.rank1, scores.rank1_interval), f"{scores.queries} photos")


def _clusters(records: Sequence[FieldRecord]) -> Block:
    permuted = records[0].clusters.permuted
    cells = tuple(_clustered(record.clusters) for record in records)
    chance = decimals(permuted.adjusted_mutual_information) if permuted else "0.00"
    return Block(
        "Clusters, found without names",
        (
            Line(
                "Agreement with the individuals",
                "adjusted mutual information of k-means clusters: 1 = equal",
                NOTHING if all(cell.text == NOTHING for cell in cells) else chance,
                cells,
            ),
        ),
    )


def _clustered(clusters: Clustering) -> Cell:
    if clusters.adjusted_mutual_information is None:
        return Cell(NOTHING, "no individual has three photos: clusters of one or two show no shape")
    return Cell(decimals(clusters.adjusted_mutual_information))
