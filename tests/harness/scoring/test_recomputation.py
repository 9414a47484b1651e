"""Every number of the tables of classifiers follows from the records alone: answers, labels, units and losses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import accuracy_score, f1_score, recall_score

from benchmark.data.catalogue import Catalogue, Row
from benchmark.data.content_digests import content_digests
from benchmark.metrics.resampling.intervals import of_mean
from benchmark.metrics.resampling.seeds import of_seed_means
from benchmark.protocol import Overrides, ResolvedProtocol, read_protocol
from benchmark.records.provenance import Experiment, Stage
from benchmark.records.record import Record
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import EncoderState, Mode, RegionVariant, SplitPart
from harness.contract import Result
from harness.execution import plan
from harness.execution.crops import CropSet, cut_crops
from harness.execution.results import Classifier, Results, StageResult
from harness.execution.store import Entry, Store
from harness.scoring import classification, probing
from harness.scoring.test_set import TestSet
from harness.workspace import Workspace
from leaderboard.formats import bracketed, decimals, signed
from leaderboard.pages import ablation, shortcut
from leaderboard.pages import classification as classification_page
from leaderboard.record_files import RecordFile
from support.fakes import RecordingListener
from support.records import blank_record
from support.tables import page_text, rows

IMAGES: dict[SplitPart, int] = {"train": 18, "val": 24, "test": 48}
INDIVIDUALS = 4
VARIANTS: tuple[RegionVariant, ...] = ("background", "body", "no_background", "no_pattern", "all")
MOST = 9
"""Test images of each individual in the ablation."""


@pytest.fixture(scope="module")
def protocol() -> ResolvedProtocol:
    return read_protocol("quick", Workspace.here().protocols).resolve("net", Overrides())


def crop_set(folder: Path) -> CropSet:
    """Individuals in turn, four images of each recording; the last individual is not in training."""
    catalogued, placed = [], []
    for part, count in IMAGES.items():
        for number in range(count):
            name = f"{part}{number}"
            pixels = np.random.default_rng(len(placed)).integers(0, 255, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{name}.png")
            individual = number % (INDIVIDUALS - (part != "test"))
            groups = {"video": f"{part}{number // 8}"}
            catalogued.append(Row(name, f"fish{individual}", folder / f"{name}.png", groups=groups))
            placed.append(SplitRow(name, "", "classify", part))
    catalogue = Catalogue("tiny", folder, tuple(catalogued))
    cut = cut_crops(Store(folder / "store"), catalogue, content_digests(catalogued), 8, RecordingListener())
    return CropSet(catalogue, Split("tiny", "random", 0, "by hand", tuple(placed)), cut)


PARTS: tuple[SplitPart, ...] = ("train", "test")


def stage(folder: Path, arrays: dict[str, NDArray[np.floating]], losses: list[float]) -> StageResult:
    """A stage that wrote these arrays and, in its history, these losses."""
    (folder / "out").mkdir(parents=True)
    for name, array in arrays.items():
        np.save(folder / "out" / f"{name}.npy", array.astype(np.float32))
    lines = [f"{epoch},{loss!r}" for epoch, loss in enumerate(losses, 1)]
    (folder / "out" / "history.csv").write_text("\n".join(["epoch,loss", *lines]) + "\n")
    result = Result(contract="1", images=1, seconds=0, peak_memory_mib=0, versions={})
    return StageResult(Entry("", folder, {}), result, Stage(key="k", seconds=0))


def head(folder: Path, test_set: TestSet, skill: float, losses: list[float], seed: int) -> Classifier:
    """A head with noisy logits, the better the higher its skill."""
    random = np.random.default_rng(seed)
    validation, test = (
        skill * np.eye(INDIVIDUALS)[labels] + random.normal(size=(len(losses), len(labels), INDIVIDUALS))
        for labels in (test_set.crops.rows("val").labels, test_set.labels)
    )
    return Classifier(
        stage(folder / "training", {"validation_logits": validation}, losses),
        stage(folder / "prediction", {"logits": test[0]}, []),
    )


def scored(folder: Path, protocol: ResolvedProtocol, backbone: str, skill: float, seed: int) -> Record:
    """A record scored by the harness from what the stages of a run wrote."""
    folder.mkdir()
    test_set = TestSet(crop_set(folder), seed)
    heads: dict[Mode, dict[RegionVariant, Classifier]] = {
        mode: {
            variant: head(
                folder / mode / variant,
                test_set,
                skill * (variant != "background"),
                [1.2, 1.08 if variant == "background" else 0.3],
                seed + 10 * number,
            )
            for number, variant in enumerate(VARIANTS)
        }
        for mode in ("shallow", "deep")
    }
    random = np.random.default_rng(seed)
    strengths: dict[EncoderState, float] = {"initial": skill, "untrained": 0.5}
    encoded: dict[EncoderState, dict[SplitPart, StageResult]] = {
        state: {
            part: stage(
                folder / state / part,
                {
                    "embeddings": strength * np.eye(INDIVIDUALS)[test_set.crops.rows(part).labels]
                    + random.normal(size=(IMAGES[part], INDIVIDUALS))
                },
                [],
            )
            for part in PARTS
        }
        for state, strength in strengths.items()
    }
    stages = {plan.ENCODE[state]: parts["test"] for state, parts in encoded.items()}
    stages |= {plan.reference(state, "train"): parts["train"] for state, parts in encoded.items()}
    ablated = classification.ablated(test_set, MOST)
    return blank_record(
        key=f"{backbone}{seed}".encode().hex(),
        backbone=backbone,
        title=backbone,
        individuals=INDIVIDUALS,
        candidate_count=INDIVIDUALS - 1,
        seed=seed,
        experiment=Experiment(name="shortcut", strength=0.5, frames=36, seed=1) if seed == 9 else None,
        classification={
            mode: classification.score(variants["all"], test_set, protocol) for mode, variants in heads.items()
        },
        untrained=classification.score(heads["shallow"]["no_pattern"], test_set, protocol),
        probes=probing.score(Results(stages), test_set),
        ablation=classification.ablation(heads, test_set, ablated),
        validation=classification.validation(heads, test_set),
        validation_images=test_set.validation_images(),
        test_images=test_set.images(ablated),
        group_baselines=test_set.group_baselines,
        validation_baselines=test_set.validation_baselines,
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, protocol: ResolvedProtocol) -> list[Record]:
    """Two contestants with two seeds each, and one run of the shortcut experiment.

    Nearest neighbours take the place of the linear probe, whose fit is slow and not tested here.
    """
    folder = tmp_path_factory.mktemp("runs")
    runs = [("one", 2.0, 0), ("one", 1.8, 1), ("two", 1.0, 0), ("two", 1.1, 1), ("calibrated", 1.5, 9)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probing, "linear_probe", probing.nearest_neighbour_probe)
        patch.setattr(probing, "reduce", probing.cosines)
        return [scored(folder / f"{name}{seed}", protocol, name, skill, seed) for name, skill, seed in runs]


class Told:
    """What a record's JSON tells about its classifiers."""

    def __init__(self, record: Record) -> None:
        self.record: dict[str, Any] = json.loads(record.model_dump_json())
        images = self.record["test_images"]
        self.labels, self.units = np.array(images["labels"]), np.array(images["groups"])
        self.trained = np.flatnonzero(images["train_images"])
        self.known = np.flatnonzero(np.isin(self.labels, self.trained))
        self.ablated = np.array(images["ablated"])

    def scores(self, answers: list[int], labels: NDArray[np.int64], chosen: NDArray[np.int64]) -> dict[str, float]:
        """Scores by scikit-learn."""
        truth, given = labels[chosen], np.array(answers)[chosen]
        macro: dict[str, Any] = {"labels": self.trained, "average": "macro", "zero_division": 0}
        return {
            "accuracy": accuracy_score(truth, given),
            "recall": recall_score(truth, given, **macro),
            "f1": f1_score(truth, given, **macro),
            "images": len(chosen),
        }

    def right(self, part: dict[str, Any]) -> NDArray[np.bool_]:
        return (np.array(part["answers"]) == self.labels)[self.known]


def kept(part: dict[str, Any]) -> dict[str, float]:
    return {name: part[name] for name in ("accuracy", "recall", "f1", "images")}


def test_the_scores_of_every_classifier_follow_from_its_answers(records: list[Record]) -> None:
    for record in records:
        told = Told(record)
        assert len(told.known) == 36
        parts = [*told.record["classification"].values(), told.record["untrained"]]
        parts += [probe for state in told.record["probes"].values() for probe in (state["linear"], state["nearest"])]
        for part in parts:
            assert kept(part["test"]) == pytest.approx(told.scores(part["answers"], told.labels, told.known))
            accuracy = part["intervals"]["accuracy"]
            interval = of_mean(told.right(part), told.units[told.known], bounds=(0, 1))
            assert interval is not None
            assert accuracy == interval.model_dump()
        for baseline in told.record["group_baselines"].values():
            assert baseline["accuracy"] == pytest.approx(np.mean(baseline["correct"]))


def test_the_scores_of_every_region_variant_follow_from_its_answers(records: list[Record]) -> None:
    for record in records:
        told = Told(record)
        assert len(told.ablated) == MOST * (INDIVIDUALS - 1)
        validation = told.record["validation_images"]
        labels = np.array(validation["labels"])
        assert len(validation["groups"]) == len(labels) == IMAGES["val"]
        for mode, variants in told.record["ablation"].items():
            for variant, part in variants.items():
                assert kept(part) == pytest.approx(told.scores(part["answers"], told.labels, told.ablated))
                validated = told.record["validation"][mode][variant]
                expected = told.scores(validated["answers"], labels, np.arange(len(labels)))
                assert kept(validated) == pytest.approx(expected)
                assert part["losses"] == validated["losses"] == [1.2, 1.08 if variant == "background" else 0.3]
            epochs = told.record["classification"][mode]["validation"]
            assert [epoch["loss"] for epoch in epochs] == variants["all"]["losses"]


def files(records: list[Record]) -> list[RecordFile]:
    return [RecordFile(record, f"leaderboard/records/d/p/{record.key}.json") for record in records]


def table(text: str) -> list[dict[str, str]]:
    header, *body = rows(text)
    return [dict(zip(header, row, strict=True)) for row in body]


def test_the_printed_table_of_classification_follows_from_the_records(records: list[Record]) -> None:
    printed = {row["Backbone"]: row for row in table(page_text(classification_page.PAGE, *files(records)))}
    for name in ("one", "two"):
        told = [Told(record) for record in records if record.backbone == name]
        units = told[0].units[told[0].known]

        def seeds(path: tuple[str, ...], told: list[Told] = told) -> NDArray[np.bool_]:
            found = []
            for one in told:
                part = one.record
                for step in path:
                    part = part[step]
                found.append(one.right(part))
            return np.array(found)

        def text(
            values: NDArray[Any],
            bounds: tuple[float, float] = (0, 1),
            form: Callable[[float], str] = decimals,
            units: NDArray[np.int64] = units,
        ) -> str:
            return f"{form(float(values.mean()))}{bracketed(of_seed_means(values, units, bounds=bounds))}"

        linear = seeds(("probes", "initial", "linear"))
        untrained = seeds(("probes", "untrained", "linear"))
        best = max(told[0].record["group_baselines"].values(), key=lambda one: one["accuracy"])
        row = printed[name]
        assert row["Linear probe"] == text(linear)
        assert row["Nearest neighbours"] == text(seeds(("probes", "initial", "nearest")))
        assert row["Deep accuracy"] == text(seeds(("classification", "deep")))
        assert row["Shallow accuracy"] == text(seeds(("classification", "shallow")))
        assert row["Gain over untrained"] == text(linear.astype(float) - untrained, (-1, 1), signed)
        assert row["Gain over best baseline"] == text(linear - np.array(best["correct"]), (-1, 1), signed)
        assert printed[f"{name}, *untrained*"]["Linear probe"] == text(untrained)
        for score in ("recall", "F1"):
            values = [
                one.scores(one.record["classification"]["deep"]["answers"], one.labels, one.known)[score.lower()]
                for one in told
            ]
            assert row[f"Deep {score}"] == decimals(float(np.mean(values)))


def test_heads_whose_loss_is_that_of_a_guess_have_no_printed_score(records: list[Record]) -> None:
    assert 0.9 * np.log(INDIVIDUALS - 1) < 1.08
    printed = table(page_text(ablation.PAGE, *files(records)))
    cells = [row for row in printed if row["Backbone"] == "one"]
    assert len(cells) == 2  # two modes, each the mean of two seeds
    assert {row["Background"] for row in cells} == {"not trained (loss 1.08)"}
    told = [Told(record) for record in records if record.backbone == "one"]
    accuracies = [
        one.scores(one.record["ablation"]["deep"]["all"]["answers"], one.labels, one.ablated)["accuracy"]
        for one in told
    ]
    assert decimals(float(np.mean(accuracies))) in cells[0]["All"]


def test_the_printed_table_of_the_shortcut_follows_from_the_record(records: list[Record]) -> None:
    told = Told(records[-1])
    shallow, deep = table(page_text(shortcut.PAGE, *files(records)))
    for mode, row in (("shallow", shallow), ("deep", deep)):
        right = told.right(told.record["classification"][mode])
        interval = of_seed_means(right[None], told.units[told.known])
        assert row["Accuracy, clean test"] == f"{decimals(float(right.mean()))}{bracketed(interval)}"
        labels = np.array(told.record["validation_images"]["labels"])
        answers = np.array(told.record["validation"][mode]["all"]["answers"])
        assert row["Accuracy, validation"] == decimals(float((labels == answers).mean()))
        gains = [
            told.scores(told.record["ablation"][mode][name]["answers"], told.labels, told.ablated)["accuracy"]
            for name in ("no_background", "no_pattern")
        ]
        assert row["No background - No pattern, clean test"] == signed(gains[0] - gains[1])
