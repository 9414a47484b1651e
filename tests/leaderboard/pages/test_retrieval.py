"""The page on re-identification, on records made by hand."""

from typing import Any

import pytest

from leaderboard.markdown import NOTHING
from leaderboard.pages.retrieval import PAGE
from leaderboard.record_files import RecordFile
from support.records import blank_record
from support.tables import cells, page_text, rows


def ranking(across_recordings: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
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
    } | fields


def file(**fields: Any) -> RecordFile:
    values = {"dataset": "fish", "split": "open", "protocol": "quick"} | fields
    return RecordFile(blank_record(**values), "leaderboard/records/one.json")


def row(text: str, name: str) -> list[str]:
    return cells(text, name)[0]


def test_matches_in_other_recordings_have_columns_where_there_are_any() -> None:
    across_recordings = {"rank1": 0.25, "mean_average_precision": 0.125, "queries": 8}
    text = page_text(PAGE, file(retrieval={"initial": {"cosine": ranking(across_recordings)}}))
    assert row(text, "LaMa")[8:10] == ["0.25", "0.12"]
    assert "*Across recordings*" in text


@pytest.mark.parametrize("across_recordings", [None, {"rank1": None, "mean_average_precision": None, "queries": 0}])
def test_else_they_have_none(across_recordings: dict[str, Any] | None) -> None:
    text = page_text(PAGE, file(retrieval={"initial": {"cosine": ranking(across_recordings)}}))
    assert "Across" not in text


def test_the_gallery_and_queries_without_a_match_are_named() -> None:
    text = page_text(PAGE, file(retrieval={"initial": {"cosine": ranking(unmatched=2)}}))
    assert "Open set" not in text
    assert "9 queries, among the test images, 2 without a match left out." in text


def test_numbers_have_intervals_and_each_encoder_state_a_row() -> None:
    interval = {"low": 0.5, "high": 0.7, "groups": 9}
    scores = ranking(rank1_interval=interval)
    states = {"initial": {"cosine": scores, "euclidean": scores}, "finetuned": {"cosine": scores}}
    text = page_text(PAGE, file(retrieval=states))
    assert row(text, "LaMa")[2:8] == ["0.60 [0.50, 0.70]", "0.90", "0.45"] * 2
    assert row(text, "ref-LaMa")[5:8] == [NOTHING] * 3


def test_baselines_are_below_the_encoders() -> None:
    baselines = {
        "random": {"rank1": 0.17, "rank5": 0.6, "mean_average_precision": 0.2},
        "video": {"rank1": 0.33, "rank5": 0.9, "mean_average_precision": None},
    }
    across_recordings = {"rank1": 0.25, "mean_average_precision": 0.125, "queries": 8}
    one = file(retrieval={"initial": {"cosine": ranking(across_recordings)}}, retrieval_baselines=baselines)
    text = page_text(PAGE, one)
    assert row(text, "*shuffled gallery*")[2:] == ["0.17", "0.60", "0.20"] * 2 + [NOTHING] * 2
    assert row(text, "*video alone*")[2:] == ["0.33", "0.90", NOTHING] * 2 + [NOTHING] * 2
    assert "*... alone*" in text
    assert "alone" not in page_text(PAGE, file(retrieval={"initial": {"cosine": ranking()}}))


def test_a_backbone_without_an_embedding_has_no_row() -> None:
    text = page_text(PAGE, file(retrieval={"initial": {"cosine": ranking()}}))
    assert row(text, "LaMa")[5:8] == [NOTHING] * 3
    assert "ref-LaMa" not in text


def test_cross_flank_queries_have_their_own_columns_where_flanks_are_known() -> None:
    interval = {"low": 0.1, "high": 0.4, "groups": 9}
    cross = {"rank1": 0.2, "mean_average_precision": 0.3, "queries": 7, "rank1_interval": interval}
    text = page_text(PAGE, file(retrieval={"initial": {"cosine": ranking(cross_flank=cross)}}))
    assert row(text, "LaMa")[8:10] == ["0.20 [0.10, 0.40]", "0.30"]
    assert "cannot be recognised from the other side" in text
    assert "flank" not in page_text(PAGE, file(retrieval={"initial": {"cosine": ranking()}}))


def test_what_was_left_out_as_adjacent_frames_is_counted() -> None:
    adjacent = {"window": 10, "pairs": 120, "queries": 2}
    text = page_text(PAGE, file(retrieval={"initial": {"cosine": ranking(adjacent_frames=adjacent, unmatched=2)}}))
    assert "Left out: 120 pairs of images that were taken in the same recording" in text
    assert "at most 10 frames apart; 2 queries have no other match." in text
    assert "Left out" not in page_text(PAGE, file(retrieval={"initial": {"cosine": ranking()}}))


def test_the_same_flank_comes_first_and_rankings_without_an_interval_say_why() -> None:
    cross = {"rank1": 0.2, "mean_average_precision": 0.3, "queries": 7, "first_ranks": [1] * 7}
    images = {"labels": [0] * 7, "groups": range(7), "by": "stretches", "identities": ["ann"], "train_images": [1]}
    found = ranking(cross_flank=cross, queries=5, first_ranks=[1, 2, 0, 0, 1, 1, 3])
    text = page_text(PAGE, file(retrieval={"initial": {"cosine": found}}, test_images=images))
    assert (
        "Same flank: 5 queries with a match, from 5 stretches; no intervals, which need 6 stretches. "
        "Cross-flank: 7 queries with a match, from 7 stretches.\n" in text
    )
    header = next(one for one in rows(text) if one[0] == "Encoder")
    assert header.index("Cosine mAP") < header.index("Cross-flank: cosine mAP")
    assert "which is the usual task" in text
