from typing import Any

import pytest

from benchmark.records.field import OutOfFold
from benchmark.vocabulary import RegionVariant
from leaderboard.report.answer import answer, verdict
from support.field_records import (
    ACCURACIES,
    PHOTOS,
    field_record,
    field_scores,
    interval,
    out_of_fold,
    random_scores,
    region,
    regions,
    suspect,
)

ABOVE, OPEN = (0.3, 0.7), (0.2, 0.4)
"""Intervals of an accuracy that exclude the chance of 0.25, and that do not."""

NAMED = "Your leopards: 0.75 [0.65, 0.85] of the photos are named rightly"
ONLY = "only the {} alone is better than chance, but it is not shown to be better than the {}"


def alone(pattern: tuple[float, float], background: tuple[float, float], difference: tuple[float, float] | None) -> Any:
    """A record with these intervals of the accuracy on one region, and of their difference."""
    parts: dict[RegionVariant, OutOfFold] = {
        "pattern": region(0.5, *pattern),
        "background": region(0.5, *background),
        "body": region(0.3, *OPEN),
    }
    scores = field_scores(
        regions={"reliance": parts},
        pattern_advantage={"reliance": 0.1},
        advantage_interval={"reliance": difference and interval(*difference)},
    )
    return field_record(schemes={"grouped": scores})


@pytest.mark.parametrize(
    ("pattern", "background", "difference", "expected"),
    [
        (ABOVE, OPEN, (0.01, 0.4), "mostly pattern"),
        (ABOVE, ABOVE, (0.01, 0.4), "mostly pattern (the background alone is better than chance too)"),
        (OPEN, ABOVE, (-0.4, -0.01), "mostly background"),
        (ABOVE, ABOVE, (-0.4, -0.01), "mostly background (the pattern alone is better than chance too)"),
        (ABOVE, ABOVE, (-0.1, 0.1), "both (each alone is better than chance; no difference between them is shown)"),
        (ABOVE, ABOVE, (0.0, 0.1), "both (each alone is better than chance; no difference between them is shown)"),
        (
            ABOVE,
            OPEN,
            (-0.1, 0.4),
            f"cannot tell ({ONLY.format('pattern', 'background')})",
        ),
        (
            OPEN,
            ABOVE,
            (-0.4, 0.1),
            f"cannot tell ({ONLY.format('background', 'pattern')})",
        ),
        (OPEN, OPEN, (0.01, 0.4), "cannot tell (neither of the two alone is shown to be named better than chance)"),
        (ABOVE, ABOVE, None, "cannot tell (48 encounters are too few: 6 are needed)"),
    ],
)
def test_the_verdict_needs_a_region_above_chance_and_a_difference_that_is_shown(
    pattern: tuple[float, float],
    background: tuple[float, float],
    difference: tuple[float, float] | None,
    expected: str,
) -> None:
    assert str(verdict(alone(pattern, background, difference))) == expected


@pytest.mark.parametrize(
    ("whole", "expected"), [(0.75, "mostly pattern"), (0.76, "more pattern than background"), (0.5, "mostly pattern")]
)
def test_most_of_it_is_half_of_the_gain_over_chance(whole: float, expected: str) -> None:
    linear = out_of_fold(0.75).model_copy(update={"accuracy": whole})
    scores = field_scores(linear=linear)  # the pattern alone gains 0.25 over chance
    assert verdict(field_record(schemes={"grouped": scores})).name == expected


@pytest.mark.parametrize("better", ["no", "cannot_tell"])
def test_nothing_is_said_of_regions_if_whole_photos_are_not_better_than_chance(better: str) -> None:
    record = field_record(schemes={"grouped": field_scores(better_than_chance=better)})
    assert str(verdict(record)) == "cannot tell (the whole photos are not shown to be named better than chance)"


def test_the_best_answer_without_looking_is_the_commonest_individual_if_that_is_higher() -> None:
    record = field_record(schemes={"grouped": field_scores(commonest=0.55)})
    assert verdict(record).name == "cannot tell"  # the pattern's interval begins at 0.4
    assert "(chance 0.55 by always answering the commonest individual)" in answer([record])[0]


def test_three_sentences_answer() -> None:
    record = field_record(suspects=[suspect(1), suspect(2), suspect(3)])
    assert answer([record]) == (
        f"{NAMED} by photos from other encounters (chance 0.25).",
        "The background alone gives 0.25, the pattern alone 0.50: mostly pattern.",
        "Three photos may be mislabelled: see below.",
    )


def test_without_masks_the_second_sentence_says_what_is_needed() -> None:
    record = field_record(schemes={"random": random_scores()})
    assert answer([record])[:2] == (
        f"{NAMED} by the other photos (chance 0.25); these may be near-copies, so part of this may be memory.",
        "Pattern or background: region masks are needed to tell (patternbench data masks).",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"better_than_chance": "no"}, "; whether that is better than chance cannot be told."),
        ({"better_than_chance": "no", "commonest": 0.99}, "; that is below chance."),
        ({"better_than_chance": "cannot_tell"}, "; whether that is better than chance cannot be told."),
        ({"tested": 30}, "of the 30 photos that can be tested are named"),
        ({"column": "tank"}, "by photos from other values of tank"),
        ({"column": "day"}, "by photos from other days"),
    ],
)
def test_the_first_sentence_says_what_limits_it(fields: dict[str, Any], expected: str) -> None:
    assert expected in answer([field_record(schemes={"grouped": field_scores(**fields)})])[0]


def test_few_units_are_counted() -> None:
    record = field_record(
        units=[photo % 4 for photo in range(PHOTOS)],
        schemes={
            "grouped": field_scores(better_than_chance="cannot_tell", advantage_interval={"reliance": None}),
        },
    )
    first, second, _ = answer([record])
    assert first.endswith("; whether that is better than chance cannot be told from 4 encounters.")
    assert second.endswith("cannot tell (4 encounters are too few: 6 are needed).")


def test_a_body_that_is_better_than_the_pattern_and_approximate_masks_are_mentioned() -> None:
    scores = field_scores(regions=regions({**ACCURACIES, "body": 0.625}))
    record = field_record(schemes={"grouped": scores}, approximate_regions=True)
    assert answer([record])[1].endswith(
        "mostly pattern; the body without its pattern gives 0.62; the masks are approximate."
    )


def test_regions_without_known_encounters_may_be_memory_too() -> None:
    record = field_record(schemes={"random": field_scores(column="", groups=range(PHOTOS))})
    assert answer([record])[1].endswith("mostly pattern; near-copies may give away either.")


def test_suspects_are_counted_by_kind() -> None:
    assert answer([field_record()])[2] == "No photo looks mislabelled."
    copies = [suspect(1, "near_copy"), suspect(5, "near_copy")]
    assert answer([field_record(suspects=copies)])[2] == (
        "Two pairs of photos of different individuals look almost equal: see below."
    )
    assert answer([field_record(suspects=[suspect(1), suspect(2, "near_copy")])])[2] == (
        "One photo may be mislabelled and one pair of photos of different individuals looks almost equal: see below."
    )


def test_the_best_of_several_encoders_is_answered_for_and_named() -> None:
    worse = field_record(title="Worse", schemes={"grouped": field_scores(0.5), "random": random_scores()})
    sentences = answer([worse, field_record()])
    assert sentences[0].startswith("Your leopards: 0.75")
    assert sentences[3].startswith("This is EfficientNet-Lite0, the best of two encoders on these same photos")
    assert "not shown to be better" not in sentences[3]


@pytest.mark.parametrize("fields", [{"units": [photo % 5 for photo in range(PHOTOS)]}, {}])
def test_a_lead_that_is_not_shown_is_said(fields: dict[str, Any]) -> None:
    first, second = field_record(**fields), field_record(title="Z", **fields)
    assert answer([second, first])[3].endswith("It is not shown to be better than Z, the second.")
