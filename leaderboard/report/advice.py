"""What to do next, by rules."""

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS
from benchmark.metrics.resampling.power import (
    agreement_within,
    detectable_difference,
    effective_images,
)
from benchmark.records.field import FieldRecord
from leaderboard.formats import decimals
from leaderboard.report.facts import counting, group_noun, memory, right, tested_units
from leaderboard.report.words import counted, unit_noun

WANTED = 0.10
"""Difference of two accuracies that a collection should be able to show."""

MOST_UNITS = 100_000
"""Largest number of units that is worth naming."""


class Advice(NamedTuple):
    """One thing to do.

    Attributes:
        text: what, and why.
        names: individuals that it concerns.
        command: that does it.
    """

    text: str
    names: tuple[str, ...] = ()
    command: str = ""


def advice(record: FieldRecord) -> list[Advice]:
    """Everything that the rules find, the cheapest first."""
    return [found for rule in RULES if (found := rule(record)) is not None]


def look_again(record: FieldRecord) -> Advice | None:
    """Suspects are checked before anything else is concluded."""
    if not record.suspects:
        return None
    count = counted(len(record.suspects), "suspect")
    return Advice(f"Look at the {count} above, correct the names that are wrong, and run again.")


def trust_grouped(record: FieldRecord) -> Advice | None:
    """Near-copies give part of the answer away."""
    found = memory(record)
    if found is None or not found.shown:
        return None
    noun = group_noun(counting(record).column)
    return Advice(
        f"Trust {decimals(found.grouped)}, not {decimals(found.random)}: the higher score comes from photos of the "
        f"same {noun}, which do not help when an animal is met again."
    )


def name_groups(record: FieldRecord) -> Advice | None:
    """Without a column of encounters near-copies are on both sides."""
    if "grouped" in record.schemes:
        return None
    return Advice(
        "Say which photos were taken together, in a column such as encounter, sequence, camera or date. Without it, "
        "recognition and memory of near-copies cannot be told apart."
    )


def add_masks(record: FieldRecord) -> Advice | None:
    """Regions need masks."""
    if counting(record).regions:
        return None
    return Advice(
        "Let region masks be proposed and correct them: then the next run tells pattern and background apart.",
        command="patternbench data masks",
    )


def review_masks(record: FieldRecord) -> Advice | None:
    """Proposed masks put pattern into the background and background into the pattern."""
    if not record.approximate_regions or not counting(record).regions:
        return None
    return Advice(
        "Review the region masks: a program proposed them. Background that is left within a mask counts as pattern, "
        "and the reverse.",
        command="patternbench data masks --sheet review.png",
    )


def photograph_again(record: FieldRecord) -> Advice | None:
    """Individuals with photos of one group cannot be tested."""
    scores = counting(record)
    seen: dict[int, set[int]] = defaultdict(set)
    for label, group in zip(record.labels, scores.groups, strict=True):
        seen[label].add(group)
    once = tuple(name for label, name in enumerate(record.identities) if len(seen[label]) == 1)
    if not once:
        return None
    noun = f"among other {group_noun(scores.column)}" if scores.column else "again"
    have = f"photos from one of the {group_noun(scores.column)} alone" if scores.column else "one photo"
    are = "is" if len(once) == 1 else "are"
    return Advice(
        f"Photograph {noun}: {counted(len(once), 'individual')} with {have} {are} not tested; "
        f"{'its' if len(once) == 1 else 'their'} photos can only be a wrong answer to others.",
        once,
    )


def collect_more(record: FieldRecord) -> Advice | None:
    """How many more units would show a difference of ten points."""
    scores = counting(record)
    have = tested_units(record, scores)
    least = scores.linear.detectable
    if least is not None and least <= WANTED and have >= FEWEST_GROUPS:
        return None
    needed = units_needed(record)
    difference = f"a difference of {round(100 * WANTED)} points between two encoders"
    if needed is None:
        return Advice(f"Add photos: far more {unit_noun(record.unit_kind, 2)} are needed to show {difference}.")
    more = two_digits(max(needed, FEWEST_GROUPS) - have)
    noun = unit_noun(record.unit_kind, more)
    return Advice(
        f"Add photos: about {more:,} more {noun} like these {have} would show {difference}, if as many individuals "
        "are photographed as now."
    )


def units_needed(record: FieldRecord, difference: float = WANTED) -> int | None:
    """Number of units like these that can show a difference of two accuracies; None if it is beyond `MOST_UNITS`.

    The correlation within units and the discordance stay as they are, and the effective number of images grows with
    the units (`benchmark.metrics.resampling.power`).

    Args:
        record: the record.
        difference: of two accuracies, in (0, 1).
    """
    scores = counting(record)
    answered = right(scores.linear)
    tested = ~np.isnan(answered)
    units = np.array(record.units)[tested]
    correct = answered[tested][None]
    worth = effective_images(units, agreement_within(correct, units)) / len(np.unique(units))
    discordance = 2 * scores.linear.accuracy * (1 - scores.linear.accuracy)  # `mean_discordance` of one row

    def enough(count: int) -> bool:
        found = detectable_difference(worth * count, discordance, count)
        return found is not None and found <= difference

    if not enough(MOST_UNITS):
        return None
    low, high = FEWEST_GROUPS - 1, MOST_UNITS  # fewer are not tested
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def two_digits(number: int) -> int:
    """A number rounded up to two significant digits, at least 1.

    >>> two_digits(7), two_digits(134), two_digits(2001), two_digits(-3)
    (7, 140, 2100, 1)
    """
    if number < 1:
        return 1
    step: int = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step


def other_encoder(record: FieldRecord) -> Advice | None:
    """An encoder that is no better than chance says nothing about the animals."""
    if counting(record).better_than_chance == "yes":
        return None
    return Advice(
        "Try an encoder that starts from published weights: that this one is not shown to be better than chance does "
        "not mean that the animals cannot be told apart."
    )


RULES: tuple[Callable[[FieldRecord], Advice | None], ...] = (
    look_again,
    trust_grouped,
    name_groups,
    add_masks,
    review_masks,
    photograph_again,
    other_encoder,
    collect_more,
)
