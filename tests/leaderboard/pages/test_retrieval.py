"""The page on re-identification, on records made by hand."""

from typing import Any

import pytest

from leaderboard.entries import Entry, Section, sections
from leaderboard.markdown import NOTHING
from leaderboard.pages import open_set
from leaderboard.pages.retrieval import retrieval
from support.records import blank_record
from support.tables import cells

PAGE = "leaderboard/retrieval.md"


def found(across_recordings: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "rank1": 0.6,
        "rank5": 0.9,
        "mean_average_precision": 0.45,
        "rank1_interval": None,
        "map_interval": None,
        "queries": 9,
        "unmatched": 0,
        "average_precisions": [0.45],
        "across_recordings": across_recordings,
    } | changes


def told(**changes: Any) -> dict[str, Any]:
    curve = ((0.0, 0.8), (0.5, 0.6), (1.0, 0.0))
    return {"threshold": 0.912, "baks": 0.64, "baus": 0.36, "geometric": 0.48, "area": 0.55, "curve": curve} | changes


def entry(**changes: Any) -> Entry:
    fields = {"dataset": "fish", "split": "open", "protocol": "quick"} | changes
    return Entry(blank_record(**fields), "leaderboard/records/one.json")


def section(**changes: Any) -> Section:
    (one,) = sections([entry(**changes)])
    return one


def row(text: str, name: str) -> list[str]:
    return cells(text, name)[0]


def test_matches_in_other_recordings_have_columns_where_there_are_any() -> None:
    across_recordings = {"rank1": 0.25, "mean_average_precision": 0.125, "queries": 8}
    text = retrieval([section(retrieval={"initial": {"cosine": found(across_recordings)}})], PAGE)
    assert row(text, "lama")[8:10] == ["0.25", "0.12 of 8"]
    assert "*AcrossRecordings*" in text


@pytest.mark.parametrize("across_recordings", [None, {"rank1": None, "mean_average_precision": None, "queries": 0}])
def test_else_they_have_none(across_recordings: dict[str, Any] | None) -> None:
    text = retrieval([section(retrieval={"initial": {"cosine": found(across_recordings)}})], PAGE)
    assert "lsewhere" not in text


def test_strangers_have_a_table_and_a_figure_of_their_own() -> None:
    one = section(
        retrieval={"initial": {"cosine": found()}, "finetuned": {"cosine": found()}},
        open_set={"initial": told(), "untrained": told(), "finetuned": told(geometric=0.5)},
    )
    text = retrieval([one], PAGE)
    assert "figures/openset-fish-open-quick.png" in text
    table = open_set.table(one, PAGE)
    assert row(table, "lama")[2:7] == ["0.64", "0.36", "0.48", "0.55", "0.912"]
    assert row(table, "random-lama")[:2] == ["random-lama", "random"]
    assert row(table, "ref-lama")[4] == "0.50"
    (axes,) = open_set.curves(one).axes
    lines = [line.get_xydata().tolist() for line in axes.lines if len(line.get_xydata()) > 1]  # type: ignore[union-attr,arg-type]
    assert lines == [[[0, 0.8], [0.5, 0.6], [1, 0]]] * 2  # the control stands in the table alone


def test_where_nobody_is_a_stranger_there_is_neither() -> None:
    one = section(retrieval={"initial": {"cosine": found(unmatched=2)}})
    assert open_set.table(one, PAGE) == ""
    text = retrieval([one], PAGE)
    assert "Open set" not in text
    assert "9 queries, among the test images, 2 without a match left out." in text


def test_what_needs_no_animal_stands_below_the_encoders() -> None:
    guesses = {
        "random": {"rank1": 0.17, "rank5": 0.6, "mean_average_precision": 0.2},
        "video": {"rank1": 0.33, "rank5": 0.9, "mean_average_precision": None},
    }
    across_recordings = {"rank1": 0.25, "mean_average_precision": 0.125, "queries": 8}
    one = section(retrieval={"initial": {"cosine": found(across_recordings)}}, retrieval_baselines=guesses)
    text = retrieval([one], PAGE)
    assert row(text, "*random order*")[2:] == ["0.17", "0.60", "0.20"] * 2 + [NOTHING] * 4
    assert row(text, "*video alone*")[2:] == ["0.33", "0.90", NOTHING] * 2 + [NOTHING] * 4
    assert "*... alone*" in text
    assert "alone" not in retrieval([section(retrieval={"initial": {"cosine": found()}})], PAGE)


def test_a_backbone_without_an_embedding_has_no_row() -> None:
    text = retrieval([section(retrieval={"initial": {"cosine": found()}})], PAGE)
    assert row(text, "lama")[5:8] == [NOTHING] * 3
    assert "ref-lama" not in text
