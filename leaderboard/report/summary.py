"""The last lines of a run: the answer in ten lines of plain text."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from rich.cells import cell_len, set_cell_size

from benchmark.records.field import FieldRecord
from leaderboard.formats import decimals
from leaderboard.report.answer import verdict
from leaderboard.report.facts import best_first, beyond_chance, commonest, counting, memory, others, reference
from leaderboard.report.words import counted, points, printable, with_interval

WIDTH = 80
"""Columns of a line."""

INDENT = 15
"""Columns of a label."""


def summary(records: Sequence[FieldRecord], report: str) -> list[str]:
    """Ten lines of at most 80 columns: photos, encoder, score, chance, regions, verdict, search, suspects, report.

    A text that is too long ends in an ellipsis. Only the report's path is never cut, since people copy it.

    Args:
        records: one for each encoder, of the same photos; in any order.
        report: path of the report.

    Raises:
        InputError: there is no record, or the records are not of the same photos.
    """
    ordered = best_first(records)
    best = ordered[0]
    lines = {
        "Photos": _photos(best),
        "Encoder": _encoder(ordered),
        "Named rightly": _score(best),
        "Chance": _chance(best),
        "Background": _alone(best, "background"),
        "Pattern": _alone(best, "pattern"),
        "Verdict": _verdict(best),
        "Rank-1": _rank1(best),
        "Look again": _look_again(best),
    }
    return [*(line(label, text) for label, text in lines.items()), f"{'Report':<{INDENT}}{report}"]


def line(label: str, text: str, indent: int = INDENT) -> str:
    """One line of at most 80 columns, without control characters.

    Args:
        label: what the text is about.
        text: cut with an ellipsis if it is too long.
        indent: columns of the label.
    """
    whole = f"{label:<{indent}}{printable(text)}"
    return whole if cell_len(whole) <= WIDTH else f"{set_cell_size(whole, WIDTH - 1).rstrip()}…"


def _photos(record: FieldRecord) -> str:
    """With the smallest difference between two encoders that they can show."""
    scores = counting(record)
    least = scores.linear.detectable if scores.linear.interval else None
    shown = f"; can tell {points(least)} apart" if least is not None else ""
    return f"{len(record.photos)} of {counted(len(record.identities), 'individual')} in {record.dataset}{shown}"


def _encoder(ordered: Sequence[FieldRecord]) -> str:
    best = ordered[0]
    chosen = f"best of {len(ordered)}: " if len(ordered) > 1 else ""
    return f"{chosen}{best.title}, weights {best.init}"


def _score(record: FieldRecord) -> str:
    scores = counting(record)
    found = memory(record)
    anyhow = f" (any: {decimals(found.random)})" if found else ""
    return f"{with_interval(scores.linear.accuracy, scores.linear.interval)} by {others(scores)}{anyhow}"


def _chance(record: FieldRecord) -> str:
    scores = counting(record)
    how = " (commonest individual)" if commonest(scores) else ""
    return f"{decimals(reference(scores))}{how}; better than chance: {beyond_chance(scores)}"


def _verdict(record: FieldRecord) -> str:
    """With its reason if there is room."""
    found = verdict(record)
    return str(found) if cell_len(str(found)) <= WIDTH - INDENT else f"{found.name}: see the report"


def _look_again(record: FieldRecord) -> str:
    kinds = Counter(suspect.kind for suspect in record.suspects)
    copies = counted(kinds["near_copy"], "near-copy", "near-copies")
    wrong = kinds["other_individual"]
    named = f"{counted(wrong, 'photo')} may be mislabelled" if wrong else "no photo looks mislabelled"
    return f"{named}; {copies} under two names"


def _alone(record: FieldRecord, region: Literal["background", "pattern"]) -> str:
    parts = counting(record).regions.get("reliance", {})
    if region not in parts:
        return "not known: no region masks"
    return f"{with_interval(parts[region].accuracy, parts[region].interval)} alone"


def _rank1(record: FieldRecord) -> str:
    """Of the search across encounters, or of the only one there is."""
    across, baselines = record.retrieval.across, record.retrieval.baselines
    retrieval = across or record.retrieval.anywhere
    where = "in other encounters" if across else "among all photos"
    baseline = baselines.get("across" if across else "anywhere")
    if retrieval.rank1 is None:
        return "not known: no photo has another of its individual to find"
    by_chance = f" (chance {decimals(baseline.rank1)})" if baseline and baseline.rank1 is not None else ""
    return f"{with_interval(retrieval.rank1, retrieval.rank1_interval)} {where}{by_chance}"
