from typing import Any

import pytest

from leaderboard.report.scores import Cell, blocks
from support.field_records import crossed, field_record, field_scores, out_of_fold, random_scores, ranked, searched
from support.records import clustered

TELLS = "can tell 20 points apart"


def cells(title: str, **fields: Any) -> tuple[str, tuple[Cell, ...]]:
    """Chance and cells of the row with this title."""
    lines = [line for block in blocks([field_record(**fields)]) for line in block.lines if line.title == title]
    return lines[0].chance, lines[0].cells


def test_scores_stand_beside_chance_with_their_intervals() -> None:
    titles = [block.title for block in blocks([field_record()])]
    assert titles[:2] == [
        "Named by photos from other encounters (48 of 48 photos tested)",
        "Named by any other photos, near-copies too (48 of 48 photos tested)",
    ]
    assert cells("Linear probe") == ("0.25", (Cell("0.75 [0.65, 0.85]", TELLS),))
    assert cells("Nearest neighbours") == ("0.25", (Cell("0.62 [0.53, 0.72]", TELLS),))
    assert cells("Rank-1 across encounters") == ("0.25", (Cell("0.50 [0.25, 0.50]", f"48 photos; {TELLS}"),))


@pytest.mark.parametrize(
    ("title", "fields", "remark"),
    [
        ("Gain by near-copies", {"schemes": {"random": random_scores()}}, "needs a column such as encounter"),
        (
            "Rank-1 across encounters",
            {"retrieval": searched(across=None)},
            "no column says which photos were taken together",
        ),
        ("Rank-1 anywhere", {"retrieval": searched(anywhere=ranked(None))}, "no photo has another of its individual"),
        ("Agreement with the individuals", {"clusters": clustered(None)}, "no individual has three photos"),
        (
            "Rank-1, other flank",
            {"retrieval": searched(across=ranked(0.5, cross_flank=crossed(None)))},
            "no individual is known from both flanks",
        ),
    ],
)
def test_a_number_without_meaning_is_a_dash_with_its_reason(title: str, fields: dict[str, Any], remark: str) -> None:
    cell = cells(title, **fields)[1][0]
    assert cell.text == "–"  # noqa: RUF001 - the table's dash
    assert cell.remark.startswith(remark)


def test_what_no_encoder_was_scored_by_has_no_chance() -> None:
    assert cells("Agreement with the individuals", clusters=clustered(None))[0] == "–"  # noqa: RUF001


def test_a_score_without_interval_says_why() -> None:
    scores = field_scores(linear=out_of_fold(0.75, interval=None))
    assert cells("Linear probe", schemes={"grouped": scores})[1] == (Cell("0.75", "no interval: fewer than 6 units"),)


def test_flanks_have_a_row_where_they_are_known() -> None:
    across = ranked(0.5, cross_flank=crossed(0.25))
    assert cells("Rank-1, other flank", retrieval=searched(across=across))[1][0].text == "0.25"
    titles = [line.title for block in blocks([field_record()]) for line in block.lines]
    assert "Rank-1, other flank" not in titles


def test_encoders_are_columns() -> None:
    worse = {"grouped": field_scores(0.5), "random": random_scores()}
    records = [field_record(), field_record(title="Other", schemes=worse)]
    linear = blocks(records)[0].lines[0]
    assert [cell.text for cell in linear.cells] == ["0.75 [0.65, 0.85]", "0.50 [0.40, 0.60]"]
