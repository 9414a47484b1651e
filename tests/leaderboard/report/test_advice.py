from typing import Any

import pytest

from leaderboard.report import advice as rules
from leaderboard.report.advice import advice, units_needed
from support.field_records import (
    GROUPS,
    LABELS,
    PHOTOS,
    field_record,
    field_scores,
    out_of_fold,
    random_scores,
    suspect,
)

ENOUGH = {"linear": out_of_fold(0.75, detectable=0.08)}


def texts(**fields: Any) -> str:
    return " ".join(" ".join((one.text, *one.names, one.command)) for one in advice(field_record(**fields)))


def test_a_collection_that_shows_everything_needs_nothing() -> None:
    assert texts(schemes={"grouped": field_scores(**ENOUGH)}) == ""


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"suspects": [suspect()]}, "Look at the one suspect above"),
        ({"schemes": {"grouped": field_scores(0.25), "random": random_scores(0.75)}}, "Trust 0.25, not 0.75"),
        ({"schemes": {"random": random_scores()}}, "in a column such as encounter"),
        ({"schemes": {"random": random_scores()}}, "patternbench data masks"),
        ({"approximate_regions": True}, "Review the region masks"),
        ({"schemes": {"grouped": field_scores(better_than_chance="no")}}, "published weights"),
        (
            {"schemes": {"grouped": field_scores(linear=out_of_fold(0.75, detectable=None))}},
            "more encounters like these 48",
        ),
    ],
)
def test_each_rule_speaks_where_it_applies(fields: dict[str, Any], expected: str) -> None:
    assert expected in texts(**fields)
    assert expected not in texts(schemes={"grouped": field_scores(**ENOUGH)})


def test_individuals_that_were_met_once_are_named() -> None:
    once = [0 if label == 1 else group for label, group in zip(LABELS, GROUPS, strict=True)]
    found = rules.photograph_again(field_record(schemes={"grouped": field_scores(groups=once)}))
    assert found is not None
    assert found.names == ("Bo",)
    assert found.text.startswith("Photograph among other encounters: one individual with photos from one of")


def test_without_groups_individuals_with_one_photo_are_named() -> None:
    labels = [0, 1, 2, *LABELS[3:]]
    single = [3 if label == 0 else label for label in labels[1:]]
    found = rules.photograph_again(
        field_record(labels=[0, *single], schemes={"random": random_scores(groups=range(PHOTOS))})
    )
    assert found is not None
    assert found.names == ("Ann",)
    assert "one individual with one photo is not tested" in found.text


def test_the_needed_units_show_the_difference_and_one_less_does_not() -> None:
    record = field_record()
    needed = units_needed(record)
    assert needed == 297  # 2.81 squared, by Student's t, times a discordance of 0.375, divided by 0.1 squared
    assert units_needed(record, 0.2) == 76
    assert units_needed(record, 0.001) is None


def test_far_too_few_units_are_said_without_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_UNITS", 100)
    assert "far more encounters are needed" in texts()
