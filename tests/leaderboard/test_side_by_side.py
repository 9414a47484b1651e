"""The tables that compare splits and seeds, on records made by hand."""

from typing import Any

import pytest

from leaderboard import side_by_side
from leaderboard.entries import Entry, Section, sections
from leaderboard.markdown import NOTHING
from leaderboard.metrics import ABLATION, CLASSIFICATION, RETRIEVAL, pattern_gain, reliance
from leaderboard.pages import seeds
from support.records import blank_record


def scored(accuracy: float) -> dict[str, Any]:
    return {"accuracy": accuracy, "recall": accuracy, "f1": accuracy, "images": 60, "at_chance": False}


def entry(deep: float | None, **changes: Any) -> Entry:
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
    return Entry(blank_record(**values, key=key), f"records/{key}.json")


def tabled(*entries: Entry) -> list[Section]:
    return sections(entries)


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:1] + lines[2:]]


def test_each_backbone_stands_with_both_splits_and_their_difference() -> None:
    (text,) = side_by_side.tables(
        tabled(entry(0.9), entry(0.5, split="block"), entry(0.7, backbone="aotgan", title="AOT-GAN")), CLASSIFICATION
    )
    header, *body = rows(text)
    assert header[5:8] == ["Deep accuracy, random", "block", "difference"]
    assert [row[:2] + row[5:] for row in body] == [
        ["AOT-GAN", "random", "0.70", NOTHING, NOTHING, "0"],  # not run with the other split
        ["LaMa", "random", "0.90", "0.50", "-0.40", "0"],
    ]


def test_the_strictest_split_that_does_not_leak_is_taken() -> None:
    (text,) = side_by_side.tables(
        tabled(entry(0.9), entry(0.5, split="time"), entry(0.4, split="sequence")), CLASSIFICATION
    )
    assert rows(text)[1][5:8] == ["0.90", "0.40", "-0.50"]


@pytest.mark.parametrize("stray", [{}, {"status": "crash"}, {"backbone": "other"}])
def test_a_stray_run_on_a_stricter_split_does_not_empty_the_comparison(stray: dict[str, Any]) -> None:
    both = [entry(0.9, backbone=name, split=split) for name in ("lama", "aotgan") for split in ("random", "block")]
    (text,) = side_by_side.tables(
        tabled(*both, entry(None if "status" in stray else 0.4, split="sequence", **stray)), CLASSIFICATION
    )
    header, *body = rows(text)
    assert header[6] == "block"
    assert [row[5:] for row in body] == [["0.90", "0.90", "+0.00", "0"]] * 2


def test_a_difference_is_that_of_the_values_shown() -> None:
    (text,) = side_by_side.tables(tabled(entry(10 / 35), entry(4 / 36, split="block")), CLASSIFICATION)
    assert rows(text)[1][5:8] == ["0.29", "0.11", "-0.18"]


@pytest.mark.parametrize("split", ["open", "disjoint", "mine"])
def test_a_split_that_asks_something_else_is_no_partner(split: str) -> None:
    (text,) = side_by_side.tables(tabled(entry(0.9), entry(0.5, split=split)), CLASSIFICATION)
    assert "`random` stands alone" in text


def test_seeds_and_initial_weights_are_compared_with_their_like() -> None:
    found = tabled(
        entry(0.9), entry(0.8, seed=1), entry(0.5, split="block", seed=1), entry(0.1, split="block", init="x")
    )
    (text,) = side_by_side.tables(found, CLASSIFICATION)
    assert [row[1:2] + row[5:] for row in rows(text)[1:]] == [
        ["random", "0.90", NOTHING, NOTHING, "0"],
        ["random", "0.80", "0.50", "-0.30", "1"],
        ["x", NOTHING, "0.10", NOTHING, "0"],
    ]


def test_a_page_without_such_figures_compares_nothing() -> None:
    assert side_by_side.tables(tabled(entry(0.9), entry(0.5, split="block")), RETRIEVAL) == []
    assert side_by_side.tables(tabled(entry(0.9, split="block")), CLASSIFICATION) == []


def test_a_backbone_without_any_of_the_figures_has_no_row() -> None:
    others = [entry(None, backbone="telea", split=split) for split in ("random", "block")]
    (text,) = side_by_side.tables(tabled(entry(0.9), entry(0.5, split="block"), *others), CLASSIFICATION)
    assert len(rows(text)) == 2  # the header and LaMa


def test_a_missing_figure_has_no_difference() -> None:
    ablated = {"deep": {"background": scored(0.6), "body": scored(0.3)}}
    (text,) = side_by_side.tables(tabled(entry(0.9, ablation=ablated), entry(0.5, split="block")), ABLATION)
    assert rows(text)[1][2:] == ["2.00", NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, "0"]


def test_derived_figures_by_hand() -> None:
    record = entry(None, ablation={"deep": {name: scored(share) for name, share in SHARES.items()}}).record
    assert reliance(record.ablation["deep"]) == pytest.approx(1.5)
    assert pattern_gain(record.ablation["deep"]) == pytest.approx(-0.3)
    assert reliance({}) is None
    assert pattern_gain({}) is None
    never = entry(None, ablation={"deep": {"background": scored(0.5), "body": scored(0.0)}}).record
    assert reliance(never.ablation["deep"]) is None


SHARES = {"background": 0.6, "body": 0.4, "no_background": 0.2, "no_pattern": 0.5}


def test_the_spread_over_seeds_is_that_of_a_sample() -> None:
    text = seeds.page(tabled(entry(0.7), entry(0.8, seed=1), entry(0.9, seed=2), entry(0.3, backbone="other")), "")
    header, *body = rows(text)
    assert header == ["Backbone", "Initial weights", "Seeds", "Deep accuracy"]
    assert body == [["LaMa", "random", "3", "0.80 ± 0.10 [0.70, 0.90]"]]


def test_one_seed_has_no_spread() -> None:
    assert "SEEDS=3" in seeds.page(tabled(entry(0.7), entry(0.8, split="block", seed=1)), "")
    assert seeds.spread([0.5, None]) == NOTHING


def test_a_failed_run_is_no_seed() -> None:
    failed = entry(None, seed=1, status="crash")
    assert "SEEDS=3" in seeds.page(tabled(entry(0.7), failed), "")
