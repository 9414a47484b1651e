from typing import Any

import pytest

from leaderboard.report.limits import could_show, memory_sentence
from support.field_records import field_record, field_scores, random_scores


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {},
            "in 48 encounters (photos of one individual that were taken together). A difference between two encoders",
        ),
        ({"unit_kind": "images"}, "48 photos, each counted as independent because nothing says"),
        ({"units": [0] * 48}, "taken together): too few for an interval, which needs 6."),
        ({"schemes": {"grouped": field_scores(detectable=None)}}, "no difference between two encoders could be shown"),
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
