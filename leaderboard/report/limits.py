"""What the photos can show, and what near-copies add, as sentences."""

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS
from benchmark.records.field import FieldRecord
from benchmark.vocabulary import UnitKind
from leaderboard.formats import decimals
from leaderboard.report.facts import counting, group_noun, memory, tested_units
from leaderboard.report.words import points, unit_noun

UNITS: dict[UnitKind, str] = {
    "stretches": "photos of one individual in successive frames of one recording",
    "encounters": "photos of one individual that were taken together",
    "images": "each counted as independent because nothing says which were taken together",
}
"""What a unit is."""


def could_show(record: FieldRecord) -> str:
    """What these photos could have shown, as a sentence."""
    scores = counting(record)
    units = tested_units(record, scores)
    base = f"{scores.tested} photos in {units} {unit_noun(record.unit_kind, units)} ({UNITS[record.unit_kind]})"
    if record.unit_kind == "images":
        base = f"{scores.tested} photos, {UNITS['images']}"
    if units < FEWEST_GROUPS:
        return f"The scores rest on {base}: too few for an interval, which needs {FEWEST_GROUPS}."
    if scores.linear.detectable is None:
        return f"The scores rest on {base}: no difference between two encoders could be shown."
    return (
        f"The scores rest on {base}. A difference between two encoders below {points(scores.linear.detectable)} would "
        "mostly go unnoticed (80 % power, 5 % error)."
    )


def folds_sentence(record: FieldRecord) -> str:
    """How often photos were tested, and how much the score depends on the drawing of folds, as a sentence."""
    scores = counting(record)
    whole = f" of whole {group_noun(scores.column)}" if scores.column else ""
    if scores.one_group_each:
        noun = group_noun(scores.column) if scores.column else "photos"
        return f"Each of the {scores.folds} {noun} was left out in turn, so nothing depends on a drawing of folds."
    if scores.draws == 1:
        return f"Every photo was tested once, in {scores.folds} folds{whole}."
    low, high = min(scores.linear.by_draw), max(scores.linear.by_draw)
    return (
        f"Every photo was tested {scores.draws} times, in {scores.draws} drawings of {scores.folds} folds{whole}; "
        f"the accuracy is their mean, and single drawings gave {decimals(low)} to {decimals(high)}."
    )


def memory_sentence(record: FieldRecord) -> str:
    """What the difference of the two schemes means; empty if only one is known."""
    found = memory(record)
    if found is None:
        return ""
    noun = group_noun(counting(record).column)
    both = f"{decimals(found.random)} with photos of the same {noun}, {decimals(found.grouped)} without"
    if found.shown:
        return (
            f"{both}: photos of the same {noun} give part of the answer away, as near-copies or by the place. "
            f"For animals met again, {decimals(found.grouped)} is the fairer number."
        )
    if found.interval is None:
        return f"{both}: too few units to tell whether photos of the same {noun} give the answer away."
    return f"{both}: no gain by near-copies is shown."
