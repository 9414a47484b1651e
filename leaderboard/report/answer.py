"""The answer in three sentences: how many photos are named rightly, by what, and what looks wrong in the data.

No sentence concludes more than its numbers carry. A region *carries* if the interval of its accuracy is above the best
answer that is known without looking; a difference is shown if its interval does not contain zero.
"""

from collections import Counter
from collections.abc import Sequence

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS
from benchmark.records.field import FieldRecord, FieldScores, OutOfFold
from leaderboard.formats import decimals
from leaderboard.report.facts import (
    best_first,
    beyond_chance,
    carries,
    commonest,
    counting,
    lead,
    others,
    reference,
    tested_units,
)
from leaderboard.report.words import capitalised, counted, unit_noun, with_interval
from leaderboard.verdict import MOSTLY, UNTOLD, Alone, Verdict, compared

MASKS_NEEDED = "region masks are needed to tell (patternbench data masks)"


def verdict(record: FieldRecord) -> Verdict:
    """What the encoder's embeddings of whole photos name the animals by: the pattern, the background, or both.

    It follows from the question `reliance`: a linear probe that was fitted on whole photos is shown one region.
    """
    scores = counting(record)
    regions = scores.regions.get("reliance", {})
    if "pattern" not in regions or "background" not in regions:
        return Verdict(UNTOLD, "needs region masks: patternbench data masks")
    interval = scores.advantage_interval.get("reliance")
    if interval is None:
        return Verdict(UNTOLD, few_units(record, scores))
    if scores.better_than_chance != "yes":
        return Verdict(UNTOLD, "the whole photos are not shown to be named better than chance")
    return compared(alone(regions["pattern"], scores), alone(regions["background"], scores), interval)


def alone(part: OutOfFold, scores: FieldScores) -> Alone:
    """What a region shows alone."""
    gain, whole = part.accuracy - reference(scores), scores.linear.accuracy - reference(scores)
    return Alone(carries(part, scores), gain >= MOSTLY * whole)


def few_units(record: FieldRecord, scores: FieldScores) -> str:
    """Why there is no interval."""
    units = tested_units(record, scores)
    noun = unit_noun(record.unit_kind, units)
    return f"{units} {noun} {'is' if units == 1 else 'are'} too few: {FEWEST_GROUPS} are needed"


def answer(records: Sequence[FieldRecord]) -> tuple[str, ...]:
    """The three sentences on the best of the encoders, and a fourth if there were several to choose from."""
    ordered = best_first(records)
    best = ordered[0]
    sentences = named_rightly(best), relies_on(best), looks_wrong(best)
    if len(ordered) == 1:
        return sentences
    return *sentences, best_of_several(ordered)


def best_of_several(ordered: Sequence[FieldRecord]) -> str:
    """Which encoder the answer is about, and whether it is shown to be better than the second.

    Args:
        ordered: at least two records, best first.
    """
    best, second = ordered[:2]
    ahead = lead(best, second)
    shown = "" if ahead and ahead.low > 0 else f" It is not shown to be better than {second.title}, the second."
    return (
        f"This is {best.title}, the best of {counted(len(ordered), 'encoder')} on these same photos: "
        f"the best of several looks a little better than it is.{shown}"
    )


def named_rightly(record: FieldRecord) -> str:
    """The first sentence: the score of the scheme that counts, beside chance."""
    scores = counting(record)
    photos = "the photos" if scores.tested == len(record.photos) else f"the {scores.tested} photos that can be tested"
    text = (
        f"Your {record.dataset}: {with_interval(scores.linear.accuracy, scores.linear.interval)} of {photos} are named "
        f"rightly by {others(scores)} ({chance(scores)})"
    )
    notes = [note for note in (_chance_note(record, scores), _random_note(scores)) if note]
    return f"{'; '.join([text, *notes])}."


def chance(scores: FieldScores) -> str:
    """What is reached without looking."""
    note = " by always answering the commonest individual" if commonest(scores) else ""
    return f"chance {decimals(reference(scores))}{note}"


def _chance_note(record: FieldRecord, scores: FieldScores) -> str:
    better = beyond_chance(scores)
    if better == "yes":
        return ""
    if better == "no":
        return "that is below chance"
    units = tested_units(record, scores)
    few = units < FEWEST_GROUPS
    noun = unit_noun(record.unit_kind, units)
    return f"whether that is better than chance cannot be told{f' from {units} {noun}' if few else ''}"


def _random_note(scores: FieldScores) -> str:
    return "" if scores.column else "these may be near-copies, so part of this may be memory"


def relies_on(record: FieldRecord) -> str:
    """The second sentence: background alone, pattern alone, and the verdict."""
    scores = counting(record)
    regions = scores.regions.get("reliance", {})
    found = verdict(record)
    if "pattern" not in regions or "background" not in regions:
        return f"Pattern or background: {MASKS_NEEDED}."
    background, pattern = regions["background"].accuracy, regions["pattern"].accuracy
    text = f"The background alone gives {decimals(background)}, the pattern alone {decimals(pattern)}: {found}"
    body = regions.get("body")
    if body is not None and body.accuracy > max(background, pattern) and carries(body, scores):
        text += f"; the body without its pattern gives {decimals(body.accuracy)}"
    if record.approximate_regions:
        text += "; the masks are approximate"
    if not scores.column:
        text += "; near-copies may give away either"
    return f"{text}."


def looks_wrong(record: FieldRecord) -> str:
    """The third sentence: photos to look at again."""
    kinds = Counter(suspect.kind for suspect in record.suspects)
    if not kinds:
        return "No photo looks mislabelled."
    mislabelled, copies = kinds["other_individual"], kinds["near_copy"]
    texts = [f"{counted(mislabelled, 'photo')} may be mislabelled"] if mislabelled else []
    if copies:
        pairs = counted(copies, "pair of photos", "pairs of photos")
        texts.append(f"{pairs} of different individuals {'looks' if copies == 1 else 'look'} almost equal")
    return f"{capitalised(' and '.join(texts))}: see below."
