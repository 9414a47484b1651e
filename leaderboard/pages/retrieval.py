"""The page on re-identification: test images look for their individual."""

from benchmark.records.record import Record
from benchmark.vocabulary import Distance, EncoderState
from leaderboard import cells, layout
from leaderboard.cells import PREFIXES
from leaderboard.entries import Entry, Section
from leaderboard.layout import DASH, INTERVALS, Row
from leaderboard.markdown import NOTHING
from leaderboard.pages import open_set
from leaderboard.plots import figures

DISTANCES: tuple[Distance, ...] = ("cosine", "euclidean")
MEASURES = ("rank-1", "rank-5", "mAP")
HEADERS = ["Encoder", "Initial weights", *(f"{way} {one}" for way in ("Cosine", "Euclidean") for one in MEASURES)]
ELSEWHERE = ["AcrossRecordings: cosine rank-1", "AcrossRecordings: cosine mAP"]
LEGEND = "`ref-`: after deep classification; `random-`: the same encoder with random weights. "
LEGEND_ALONE = (
    "*... alone*: expected where the images alike in that column of the data set are nearest, in random order, for "
    "which no animal is needed. "
)
LEGEND_ELSEWHERE = (
    "*AcrossRecordings*: a query does not see its individual's images from its own recording, *of* so many queries that have "
    "a match in another one. "
)


def retrieval(sections: list[Section], page: str) -> str:
    """Ranks of the gallery by cosine and Euclidean distance, and where strangers were met the open set."""

    def one(section: Section) -> str:
        headers = [*HEADERS, *(ELSEWHERE if _elsewhere(section) else [])]
        rows = layout.section_table(section, headers, lambda entry: _rows(entry, len(headers)), page, _guesses(section))
        made = [rows]
        if open_set.met_strangers(section):
            made += [open_set.table(section, page), f"![BAKS and BAUS]({figures.file('openset', section)})"]
        return "\n\n".join([f"## {layout.name(section)}", f"{_said(section)}{layout.audited(section)}", *made])

    shown = layout.where(sections, lambda entry: entry.record.retrieval)
    alone = LEGEND_ALONE if any(map(_guesses, shown)) else ""
    across_recordings = LEGEND_ELSEWHERE if any(map(_elsewhere, shown)) else ""
    legend = f"{LEGEND}{alone}{across_recordings}{INTERVALS}{DASH}"
    return layout.block(shown, one, legend)


def _elsewhere(section: Section) -> bool:
    """Whether any query of the section has a match in another recording."""
    found = [by for entry in section.entries for ways in entry.record.retrieval.values() for by in ways.values()]
    return any(one.across_recordings and one.across_recordings.queries for one in found)


def _guesses(section: Section) -> list[Row]:
    """Rows of those who see no animal; the same by either distance."""
    known = next(
        (entry.record.retrieval_baselines for entry in section.entries if entry.record.retrieval_baselines), {}
    )
    rest = [NOTHING] * (len(ELSEWHERE) * _elsewhere(section) + 2)
    return [
        [cells.alone(name), NOTHING, *cells.guessed_order(found) * len(DISTANCES), *rest]
        for name, found in known.items()
    ]


def _rows(entry: Entry, columns: int) -> list[Row]:
    return [_row(entry.record, kind)[:columns] for kind in PREFIXES if kind in entry.record.retrieval]


def _row(record: Record, kind: EncoderState) -> Row:
    cosine, euclidean = (record.retrieval[kind].get(distance) for distance in DISTANCES)
    across_recordings = cells.found_elsewhere(cosine.across_recordings if cosine else None)
    return [*cells.encoder(record, kind), *cells.retrieved(cosine), *cells.retrieved(euclidean), *across_recordings]


def _said(section: Section) -> str:
    """Individuals, queries, and what they were searched for in."""
    found = [by for entry in section.entries for ways in entry.record.retrieval.values() for by in ways.values()]
    queries, unmatched = ({getattr(one, name) for one in found} for name in ("queries", "unmatched"))
    lone = f", {layout.either(sorted(unmatched))} without a match left out" if any(unmatched) else ""
    among = "" if any(entry.record.classification for entry in section.entries) else ", among the test images"
    return f"{layout.facts(section, [])}, {layout.either(sorted(queries))} queries{among}{lone}."
