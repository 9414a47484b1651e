"""The tables that compare two splits, on records made by hand."""

from typing import Any

import pytest

from leaderboard import comparison
from leaderboard.markdown import NOTHING
from leaderboard.pages import ablation, classification, retrieval
from leaderboard.record_files import RecordFile, Section, sections
from support.records import PROVENANCE, blank_record
from support.region_probes import probes
from support.tables import rows


def scored(accuracy: float) -> dict[str, Any]:
    return {"accuracy": accuracy, "recall": accuracy, "f1": accuracy, "images": 60}


def file(deep: float | None, **changes: Any) -> RecordFile:
    values: dict[str, Any] = {
        "backbone": "lama",
        "init": "random",
        "dataset": "body",
        "split": "random",
        "protocol": "quick",
        "seed": 0,
        "classification": {}
        if deep is None
        else {"deep": {"test": scored(deep), "validation": (), "probe_localisation": ()}},
    } | changes
    key = "-".join(str(values[part]) for part in ("backbone", "init", "split", "seed"))
    return RecordFile(blank_record(**values, key=key), f"records/{key}.json")


def tabled(*files: RecordFile) -> list[Section]:
    return sections(files)


def test_each_backbone_has_both_splits_and_their_difference() -> None:
    (text,) = comparison.tables(
        tabled(file(0.9), file(0.5, split="block"), file(0.7, backbone="aotgan", title="AOT-GAN")), classification.TABLE
    )
    header, *body = rows(text)
    assert header[2:5] == ["Deep accuracy, split random", "split block", "difference"]
    assert body == [
        ["LaMa", "random weights", "0.90", "0.50", "-0.40"],
        ["AOT-GAN", "random weights", "0.70", NOTHING, NOTHING],  # not run with the other split
    ]


def test_the_strictest_split_that_does_not_leak_is_taken() -> None:
    (text,) = comparison.tables(
        tabled(file(0.9), file(0.5, split="time"), file(0.4, split="sequence")), classification.TABLE
    )
    assert rows(text)[1][2:5] == ["0.90", "0.40", "-0.50"]


@pytest.mark.parametrize("origin", [{"data": "other"}, {"rules": "other"}])
def test_other_data_or_rules_are_no_partner(origin: dict[str, str]) -> None:
    clean = file(0.5, split="block", provenance=PROVENANCE.model_copy(update=origin))
    (text,) = comparison.tables(tabled(file(0.9), clean), classification.TABLE)
    assert "No run with such a split yet" in text


@pytest.mark.parametrize("stray", [{}, {"status": "crash"}, {"backbone": "other"}])
def test_a_stray_run_on_a_stricter_split_does_not_empty_the_comparison(stray: dict[str, Any]) -> None:
    both = [file(0.9, backbone=name, split=split) for name in ("lama", "aotgan") for split in ("random", "block")]
    (text,) = comparison.tables(
        tabled(*both, file(None if "status" in stray else 0.4, split="sequence", **stray)), classification.TABLE
    )
    header, *body = rows(text)
    assert header[3] == "split block"
    assert [row[2:] for row in body] == [["0.90", "0.90", "+0.00"]] * 2


def test_a_difference_is_that_of_the_values_shown() -> None:
    (text,) = comparison.tables(tabled(file(10 / 35), file(4 / 36, split="block")), classification.TABLE)
    assert rows(text)[1][2:5] == ["0.29", "0.11", "-0.18"]


@pytest.mark.parametrize("split", ["open", "disjoint", "mine"])
def test_a_split_for_another_question_is_no_partner(split: str) -> None:
    (text,) = comparison.tables(tabled(file(0.9), file(0.5, split=split)), classification.TABLE)
    assert "No run with such a split yet" in text


def test_seeds_are_one_row_and_initial_weights_are_compared() -> None:
    parts = tabled(file(0.9), file(0.8, seed=1), file(0.5, split="block", seed=1), file(0.1, split="block", init="x"))
    (text,) = comparison.tables(parts, classification.TABLE)
    assert [row[1:] for row in rows(text)[1:]] == [
        ["random weights", "0.85", "0.50", "-0.35"],
        ["x", NOTHING, "0.10", NOTHING],
    ]


def test_a_page_without_such_numbers_compares_nothing() -> None:
    assert comparison.tables(tabled(file(0.9), file(0.5, split="block")), retrieval.TABLE) == []
    assert comparison.tables(tabled(file(0.9, split="block")), classification.TABLE) == []


def test_a_backbone_without_any_of_the_numbers_has_no_row() -> None:
    others = [file(None, backbone="telea", split=split) for split in ("random", "block")]
    (text,) = comparison.tables(tabled(file(0.9), file(0.5, split="block"), *others), classification.TABLE)
    assert len(rows(text)) == 2  # the header and LaMa


def test_a_missing_number_has_no_difference() -> None:
    ablated = {"initial": probes(20, {"reliance": [18, 6, 6, 6, 6, 6], "information": [6] * 6})}
    table = ablation.PROBES["reliance"]
    other = file(0.5, split="block", backbone="aotgan", title="AOT-GAN", probes=ablated)
    (text,) = comparison.tables(tabled(file(0.9, probes=ablated), file(0.5, split="block"), other), table)
    assert rows(text)[1][2:] == [NOTHING, "0.50", NOTHING, NOTHING, "0.00", NOTHING, NOTHING, "-0.50", NOTHING]
    assert rows(text)[2][2:] == ["0.50", NOTHING, NOTHING, "0.00", NOTHING, NOTHING, "-0.50", NOTHING, NOTHING]
    assert comparison.INTERVALS in text


def test_a_split_that_leaks_less_without_any_such_number_has_no_table() -> None:
    ablated = {"initial": probes(20, {"reliance": [18, 6, 6, 6, 6, 6], "information": [6] * 6})}
    parts = tabled(file(0.9, probes=ablated), file(0.5, split="block"))
    (text,) = comparison.tables(parts, ablation.PROBES["reliance"])
    assert "No such number under `block`: its section says why." in text
    assert rows(text) == []
