from typing import Any

import pytest

from leaderboard.report.limits import could_show, folds_sentence, memory_sentence
from support.field_records import field_record, field_scores, out_of_fold, random_scores


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {},
            "in 48 encounters (photos of one individual that were taken together). A difference between two encoders",
        ),
        ({"unit_kind": "images"}, "48 photos, each counted as independent because nothing says"),
        ({"units": [0] * 48}, "taken together): too few for an interval, which needs 6."),
        (
            {"schemes": {"grouped": field_scores(linear=out_of_fold(0.75, detectable=None))}},
            "no difference between two encoders could be shown",
        ),
    ],
)
def test_what_the_photos_could_have_shown(fields: dict[str, Any], expected: str) -> None:
    assert expected in could_show(field_record(**fields))


def test_the_gain_by_near_copies_is_explained_by_what_is_shown_of_it() -> None:
    gain = {"grouped": field_scores(0.25), "random": random_scores(0.75)}
    assert "give part of the answer away" in memory_sentence(field_record(schemes=gain))
    assert "no gain by near-copies is shown" in memory_sentence(field_record())
    assert "too few units to tell" in memory_sentence(field_record(schemes=gain, units=[0] * 48))
    assert memory_sentence(field_record(schemes={"random": random_scores()})) == ""


def test_the_folds_are_told_with_the_spread_of_their_drawing() -> None:
    assert folds_sentence(field_record()).startswith("Each of the 12 encounters was left out in turn")
    once = field_scores(one_group_each=False, folds=10)
    assert folds_sentence(field_record(schemes={"grouped": once})) == (
        "Every photo was tested once, in 10 folds of whole encounters."
    )
    drawn = random_scores(linear=out_of_fold(0.75, by_draw=[0.7, 0.75, 0.8, 0.75, 0.75]))
    assert folds_sentence(field_record(schemes={"random": drawn})) == (
        "Every photo was tested 5 times, in 5 drawings of 10 folds; the accuracy is their mean, and single drawings "
        "gave 0.70 to 0.80."
    )
