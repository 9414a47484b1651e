"""Probes of a run: the training images of each encoder state, the known test images, the record part.

The region ablation has a known answer: which dimensions of the embeddings carry the identity is set by hand.
"""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.data.catalogue import Catalogue
from benchmark.data.content_digests import content_digests
from benchmark.records.classification import Probes
from benchmark.records.provenance import Stage
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import REGION_QUESTIONS, RegionQuestion, RegionVariant, SplitPart
from harness.contract import Result
from harness.execution.crops import CropSet, cut_crops
from harness.execution.plan import ABLATED, reference, regions
from harness.execution.results import Results, StageResult
from harness.execution.store import Entry
from harness.scoring.probing import score
from harness.scoring.test_set import TestSet
from support.fakes import RecordingListener
from support.pets import SIDE, cut, pets, store_of

CLASSES, EACH, WIDTH = 3, 12, 40
"""Individuals; images of each in training, and as many in test; dimensions that each region fills."""

VISIBLE: dict[RegionVariant, tuple[str, ...]] = {
    "background": ("background",),
    "body": ("body",),
    "pattern": ("pattern",),
    "no_background": ("body", "pattern"),
    "no_body": ("background", "pattern"),
    "no_pattern": ("background", "body"),
    "all": ("background", "body", "pattern"),
}
Signals = dict[str, float]
"""Distance between the means of the individuals in the dimensions of each region; 0 where it is not named."""


def encoded(folder: Path, embeddings: NDArray[np.floating]) -> StageResult:
    (folder / "out").mkdir(parents=True)
    np.save(folder / "out" / "embeddings.npy", embeddings)
    result = Result(contract="1", images=len(embeddings), seconds=1, peak_memory_mib=1, versions={})
    return StageResult(Entry("key", folder, {}), result, Stage(key="key", seconds=1))


def test_every_state_with_encoded_training_images_is_probed(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    test_set = TestSet(crops, 0)
    marks = np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 5.0]], np.float16)
    train = encoded(tmp_path / "train", marks[crops.rows("train").labels])
    test = encoded(tmp_path / "test", marks[test_set.labels])
    stages = {"encode": test, "predict-deep-all": test, reference("initial", "train"): train}
    probes = score(Results(stages), test_set)
    assert set(probes) == {"initial"}
    both = probes["initial"]
    assert both.linear.answers == both.nearest.answers == tuple(test_set.labels.tolist())
    assert (both.linear.test.accuracy, both.linear.test.images, both.linear.converged) == (1, 1, True)
    assert both.regions == {}


@pytest.fixture(scope="module")
def test_set(tmp_path_factory: pytest.TempPathFactory) -> TestSet:
    """Test images of three individuals; each image is its own unit."""
    root = tmp_path_factory.mktemp("herd")
    single = pets(root).rows[0]
    parts: tuple[SplitPart, ...] = ("train", "test")
    places = [(part, label, f"{part}-{label}-{number}") for part, label, number in product(parts, "abc", range(EACH))]
    rows = tuple(replace(single, image_id=name, identity=label) for _, label, name in places)
    herd = Catalogue("herd", root, rows)
    digests = content_digests(rows)
    split_rows = tuple(SplitRow(name, digests[name], "classify", part) for part, _, name in places)
    entry = cut_crops(store_of(herd), herd, digests, SIDE, RecordingListener())
    return TestSet(CropSet(herd, Split("herd", "own", 0, "", split_rows), entry), 0)


def embedded(
    labels: NDArray[np.int64], variant: RegionVariant, signals: Signals, seed: int, drowned: str = ""
) -> NDArray[np.float64]:
    """Each region has its own dimensions; those of a hidden region are zero.

    The dimensions of the drowned region carry the identity only where the background is hidden.
    """
    drowned = drowned if "background" in VISIBLE[variant] else ""
    means = np.random.default_rng(99).normal(size=(3, CLASSES, WIDTH))
    noise = np.random.default_rng(seed).normal(size=(3, len(labels), WIDTH))
    blocks = [
        (means[number][labels] * signals.get(region, 0) * (region != drowned) + noise[number])
        * (region in VISIBLE[variant])
        for number, region in enumerate(("background", "body", "pattern"))
    ]
    return np.concatenate(blocks, axis=1)


def ablated(
    test_set: TestSet, folder: Path, signals: Signals, scale: float = 1, shift: float = 0, drowned: str = ""
) -> Probes:
    """The probes of an encoder whose regions carry the identity as strongly as the signals say."""
    parts: dict[SplitPart, NDArray[np.int64]] = {"train": test_set.crops.rows("train").labels, "test": test_set.labels}
    stages = {}
    for seed, (part, labels) in enumerate(parts.items()):
        embeddings = {
            variant: embedded(labels, variant, signals, seed, drowned) * scale + shift for variant in (*ABLATED, "all")
        }
        whole = "encode" if part == "test" else reference("initial", part)
        stages[whole] = encoded(folder / whole, embeddings["all"])
        several = regions("initial", part)
        stages[several] = encoded(folder / several, np.concatenate([embeddings[variant] for variant in ABLATED]))
    return score(Results(stages), test_set)["initial"]


def accuracies(probes: Probes, question: RegionQuestion) -> dict[RegionVariant, float]:
    return {variant: pairs[question].linear.test.accuracy for variant, pairs in probes.regions.items()}


def test_identity_that_one_region_carries_is_found_there_alone(test_set: TestSet, tmp_path: Path) -> None:
    probes = ablated(test_set, tmp_path, {"pattern": 1.0})
    assert tuple(probes.regions) == ABLATED
    for question in ("reliance", "information"):
        shares = accuracies(probes, question)
        assert min(shares[variant] for variant in ("pattern", "no_background", "no_body")) > 0.9
        assert max(shares[variant] for variant in ("background", "body", "no_pattern")) < 0.6
        assert {"accuracy", "f1"} <= set(probes.regions["pattern"][question].linear.intervals)
    assert probes.linear.test.accuracy > 0.9


def test_a_region_that_identifies_need_not_be_relied_on(test_set: TestSet, tmp_path: Path) -> None:
    """An encoder that attends to the background wherever there is one, and to the body where there is none."""
    probes = ablated(test_set, tmp_path, {"background": 3.0, "body": 1.0}, drowned="body")
    relied, contained = (accuracies(probes, question) for question in ("reliance", "information"))
    assert contained["body"] > 0.9
    assert relied["body"] < 0.6
    assert relied["background"] == contained["background"] == 1
    assert probes.linear.test.accuracy == 1


@pytest.mark.parametrize(("scale", "shift"), [(1e-4, 0), (1e4, 0), (1, 3.0)])
def test_neither_scale_nor_shift_of_the_features_changes_an_answer(
    scale: float, shift: float, test_set: TestSet, tmp_path: Path
) -> None:
    signals = {"background": 0.3, "body": 0.2, "pattern": 0.4}
    plain = ablated(test_set, tmp_path / "plain", signals)
    changed = ablated(test_set, tmp_path / "changed", signals, scale, shift)
    for variant, question in product(ABLATED, REGION_QUESTIONS):
        one, other = (probes.regions[variant][question].linear for probes in (plain, changed))
        assert one.answers == other.answers
    if not shift:
        assert plain.nearest.answers == changed.nearest.answers


def test_a_score_can_be_computed_from_the_record_s_answers(test_set: TestSet, tmp_path: Path) -> None:
    probes = ablated(test_set, tmp_path, {"body": 0.4})
    labels = tuple(test_set.labels.tolist())
    for questions in probes.regions.values():
        for pair in questions.values():
            for probe in (pair.linear, pair.nearest):
                assert probe.test.accuracy == np.mean(np.equal(probe.answers, labels))
