"""Verdicts on the paper's claims, from records made by hand: one that confirms, one that contradicts, none."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.records.classification import Scores
from benchmark.vocabulary import RegionVariant
from leaderboard.pages.reproduction import NAMES, PAGE, comparable
from leaderboard.record_files import RecordFile, Section, sections
from leaderboard.reproduction import paper
from leaderboard.reproduction.claims import CLAIMS, Claim, find, judge
from support.answers import crossed_answers
from support.records import clustered, record_file, trained
from support.tables import cells, rows, without_runs

IMAGES = 60
LABELS = tuple(index % 6 for index in range(IMAGES))


def answers(accuracy: float, seed: int) -> tuple[int, ...]:
    """Answers of which this share is right."""
    right = np.random.default_rng(seed).permutation(IMAGES) < round(accuracy * IMAGES)
    return tuple(label if known else (label + 1) % 6 for label, known in zip(LABELS, right, strict=True))


def variant(accuracy: float, seed: int, losses: tuple[float, ...] = (0.1,)) -> dict[str, Any]:
    scores = Scores(accuracy=accuracy, recall=accuracy, f1=accuracy, images=IMAGES)
    return {**scores.model_dump(), "answers": answers(accuracy, seed), "losses": losses}


def run(backbone: str, seed: int = 0, *, units: int = 20, **changes: Any) -> RecordFile:
    """A record with the paper's accuracies; `accuracies` replaces some of those of the deep ablation."""
    accuracies = dict(zip(paper.VARIANTS, paper.ABLATION["deep"][backbone], strict=True)) | changes.pop(
        "accuracies", {}
    )
    shallow = dict(zip(paper.VARIANTS, paper.ABLATION["shallow"][backbone], strict=True))
    whole = {"deep": accuracies["all"], "shallow": shallow["all"]}
    values: dict[str, Any] = {
        "key": f"{backbone}-{seed}".encode().hex(),
        "backbone": backbone,
        "title": paper.TITLES[backbone],
        "init": "places2",
        "dataset": paper.DATASET,
        "split": paper.SPLIT,
        "protocol": paper.PROTOCOL,
        "seed": seed,
        "test_images": {
            "labels": LABELS,
            "groups": [index * units // IMAGES for index in range(IMAGES)],
            "by": "stretches",
            "train_images": [10] * 6,
            "ablated": tuple(range(IMAGES)),
        },
        "classification": {mode: trained(value, answers=answers(value, seed)) for mode, value in whole.items()},
        "ablation": {
            "deep": {name: variant(value, seed) for name, value in accuracies.items()},
            "shallow": {name: variant(value, seed) for name, value in shallow.items()},
        },
    }
    return record_file(**values | changes)


def section(*files: RecordFile) -> Section:
    """The section of the records; without any, one that has none."""
    (one,) = comparable(sections(files)) or [Section(*NAMES, ())]
    return one


def claim(words: str) -> Claim:
    (one,) = (one for one in CLAIMS if words in one.text)
    return one


def verdicts(one: Claim, files: list[RecordFile]) -> list[tuple[str, str]]:
    return [(found.verdict, found.reason) for found in (find(part, section(*files)) for part in one.comparisons)]


BACKGROUND = claim("background alone identifies")
HIDING = claim("Hiding the pattern")


def test_records_with_the_paper_s_numbers_confirm_a_claim() -> None:
    every = [run(backbone) for backbone in paper.INPAINTING_MODELS]
    assert verdicts(BACKGROUND, every) == [("reproduced", "")] * 4


def test_a_record_below_chance_contradicts_it() -> None:
    every = [run(backbone) for backbone in ("aotgan", "deepfillv2", "edgeconnect")]
    contradicting = section(*every, run("lama", accuracies={"background": 0.02}))
    found = [find(part, contradicting) for part in BACKGROUND.comparisons]
    assert [part.verdict for part in found] == ["reproduced"] * 3 + ["not_reproduced"]
    assert judge(found) == "not_reproduced"


def test_the_order_of_two_regions_is_that_of_the_paper_whichever_it_is() -> None:
    """DeepFillV2 alone is better on the background in the paper."""
    order = claim("The pattern alone against")
    assert [(part.paper or 0) > 0 for part in order.comparisons] == [True, False, True, True]
    turned = run("deepfillv2", accuracies={"pattern": 0.2, "background": 0.9})
    assert verdicts(order, [turned])[1][0] == "reproduced"
    assert (
        verdicts(order, [run("deepfillv2", accuracies={"pattern": 0.9, "background": 0.2})])[1][0] == "not_reproduced"
    )


def test_without_records_every_claim_is_not_run() -> None:
    for one in CLAIMS:
        found = [find(part, section()) for part in one.comparisons]
        assert judge(found) == "not_run"
        assert {part.verdict for part in found} == {"not_run"}
        assert all(part.reason.startswith("no run of ") for part in found)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"units": 5}, "5 units; an interval needs 6"),
        ({"accuracies": {"all": 0.5, "no_pattern": 0.5}}, "the interval contains 0"),
        ({"ablation": {}}, "no answers of LaMa for deep, no pattern"),
        ({"test_images": None}, "no test images in the record of LaMa"),
    ],
)
def test_the_reason_why_nothing_can_be_told(changes: dict[str, Any], reason: str) -> None:
    assert verdicts(HIDING, [run("lama", **changes)])[3] == ("cannot_tell", reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"init": "random"}, "no run of LaMa"), ({"status": "crash"}, "the run of LaMa failed: crash")],
)
def test_a_contestant_without_a_finished_run_is_not_run(changes: dict[str, Any], reason: str) -> None:
    assert verdicts(HIDING, [run("lama", **changes)])[3] == ("not_run", reason)


def test_a_claim_of_which_some_comparisons_are_not_run_cannot_be_told() -> None:
    found = [find(part, section(run("lama"))) for part in BACKGROUND.comparisons]
    assert [part.verdict for part in found] == [*["not_run"] * 3, "reproduced"]
    assert judge(found) == "cannot_tell"


def test_a_head_that_is_not_trained_is_no_evidence() -> None:
    names: tuple[RegionVariant, ...] = ("all", "no_pattern")
    ablation = {"deep": {name: variant(0.9, 0, losses=(1.8,)) for name in names}}
    assert verdicts(HIDING, [run("lama", ablation=ablation)])[3][1] == "the deep head of LaMa is not trained"


def test_seeds_are_averaged() -> None:
    seeds = [run("lama", seed, accuracies={"no_pattern": hidden}) for seed, hidden in enumerate((36 / 60, 35 / 60))]
    found = find(HIDING.comparisons[3], section(*seeds))
    assert found.difference.value == pytest.approx(59 / 60 - (36 + 35) / 120)
    assert found.verdict == "reproduced"


def clustering(before: float, after: float) -> dict[str, Any]:
    return {"initial": clustered(before), "finetuned": clustered(after)}


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.10, 0.11, 0.12), "reproduced"),
        ((-0.10, -0.11, -0.12), "not_reproduced"),
        ((-0.10, 0.11, 0.12), "cannot_tell"),
        ((0.10, 0.11), "cannot_tell"),
    ],
)
def test_clusters_are_judged_over_seeds(gains: tuple[float, ...], verdict: str) -> None:
    changes = claim("Deep classification changes")
    files = [run("aotgan", seed, clustering=clustering(0.1, 0.1 + gain)) for seed, gain in enumerate(gains)]
    found = find(changes.comparisons[0], section(*files))
    assert found.verdict == verdict
    assert found.difference.value == pytest.approx(np.mean(gains))
    assert (found.reason == "2 seeds; an interval needs 3") == (len(gains) == 2)


def looking(own: float, swap: float, interval: tuple[float, float] | None) -> dict[str, Any]:
    """Classifiers whose Grad-CAM has these densities on the pattern, of their own and swapped."""
    regions = {"background": 1.0, "body": 1.0, "pattern": own}
    swapped = {name: regions | {"pattern": swap} for name in ("mass", "density", "rank")}
    localisation = {"mass": regions, "density": regions, "rank": regions, "images": IMAGES, "swap": swapped}
    if interval:
        localisation["pattern_excess"] = {"low": interval[0], "high": interval[1], "groups": 20}
    return {"classification": {"deep": trained(0.9, localisations=[localisation])}}


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0.2, 0.8), "reproduced"), ((-0.8, -0.2), "not_reproduced"), ((-0.1, 0.9), "cannot_tell"), (None, "cannot_tell")],
)
def test_pictures_are_judged_by_the_swapped_cams(interval: tuple[float, float] | None, verdict: str) -> None:
    look = claim("they look at the pattern")
    found = find(look.comparisons[3], section(run("lama", **looking(2.5, 2.0, interval))))
    assert (found.verdict, found.difference.value) == (verdict, 0.5)
    assert verdicts(look, [run("lama")])[3][1] == "no Grad-CAM of LaMa on the pattern"
    seeds = [run("lama", seed, **looking(2.5 + seed / 10, 2.0, interval)) for seed in range(3)]
    assert find(look.comparisons[3], section(*seeds)).verdict == "reproduced"


def test_lama_s_clusters_get_worse_in_the_paper() -> None:
    changes = claim("Deep classification changes")
    assert changes.comparisons[3].paper == pytest.approx(0.117 - 0.136)
    files = [run("lama", seed, clustering=clustering(0.3, 0.2 + seed / 100)) for seed in range(3)]
    assert find(changes.comparisons[3], section(*files)).verdict == "reproduced"


def test_records_of_other_data_protocols_or_splits_are_not_compared() -> None:
    others = [
        run("lama", dataset="zebrafish-synth"),
        run("lama", protocol="quick"),
        run("lama", split="block"),
    ]
    assert comparable(sections(others)) == []


def test_the_page_shows_the_paper_s_tables_without_any_record() -> None:
    text = PAGE.content(PAGE.sections([]))
    assert "make bench-all DATA=aau-zebrafish PROTOCOL=paper" in text
    assert cells(text, "LaMa, *paper*")[0][2:9] == ["0.89", "0.96", "0.93", "0.99", "0.98", "0.94", "0.99"]
    assert set(cells(text, "LaMa, *ours*")[0][1:]) == {"–"}  # noqa: RUF001 - the table's dash
    assert [row[-1].split(" (")[0] for row in rows(text) if row[0][:1].isdigit() and len(row[0]) > 2] == [
        "not run"
    ] * len(CLAIMS)
    assert "cannot tell" not in text.split("*Verdict* of a comparison")[0]
    assert cells(text, f"1. {CLAIMS[0].text}")[0][1:5] == ["0", "0", "0", "4"]


def test_the_page_shows_ours_below_the_paper_s_with_the_training_loss() -> None:
    training = {"loss": 4.5, "epoch": 9, "iterations": 999, "batch_size": 4, "validation": [4.5]}
    epochs = [{"epoch": 1, "loss": 0.25, "accuracy": 0.9, "recall": 0.9, "f1": 0.9}]
    whole = {mode: trained(0.9, answers=answers(0.9, 0), validation=epochs) for mode in ("deep", "shallow")}
    text = without_runs(PAGE.content(PAGE.sections([run("lama", classification=whole, inpainting=training)])))
    deep, shallow, inpainting, *_ = cells(text, "LaMa, *ours*")
    assert deep[1:10] == ["places2, inpainting", "0.89", "0.96", "0.93", "0.99", "0.98", "0.94", "0.99", "0.25"]
    assert shallow[2:10] == ["0.86", "0.97", "0.94", "0.99", "0.94", "0.97", "0.99", "0.25"]
    assert cells(text, "LaMa, *paper*")[2][2:5] == ["4.2551", "4", "12,784"]
    assert inpainting[2:5] == ["4.5", "4", "999"]
    assert "No record of protocol" not in text


@pytest.mark.slow
def test_equal_accuracies_get_a_verdict_in_five_of_a_hundred_simulations() -> None:
    """Three seeds of two region variants that are equally good; 20 units of 6 images that agree within."""
    random = np.random.default_rng(0)
    images, runs = 120, 1000
    decided = 0
    for _ in range(runs):
        right = crossed_answers(random, 0.5, seed_spread=0.2, shape=(2, 3, 20, 6))
        files = [simulated(seed, *right[:, seed, :images]) for seed in range(3)]
        decided += find(HIDING.comparisons[3], section(*files)).verdict != "cannot_tell"
    assert decided / runs == pytest.approx(0.05, abs=0.02)


def simulated(seed: int, whole: NDArray[np.bool_], hidden: NDArray[np.bool_]) -> RecordFile:
    """A record of LaMa with these right and wrong answers on whole images and without the pattern; all labels are 0."""
    given = [tuple(np.where(right, 0, 1).tolist()) for right in (whole, hidden)]
    images = {
        "labels": (0,) * len(whole),
        "groups": [index // 6 for index in range(len(whole))],
        "by": "stretches",
        "train_images": [10] * 6,
        "ablated": tuple(range(len(whole))),
    }
    return run(
        "lama",
        seed,
        test_images=images,
        classification={"deep": trained(0.7, answers=given[0])},
        ablation={"deep": {"no_pattern": variant(0.7, 0) | {"answers": given[1]}}},
    )
