"""From CAMs to records and pictures, on photos of 8 x 8 pixels whose pattern is the upper left quarter."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN, Catalogue, MaskFile, Row
from benchmark.data.content_digests import content_digests
from benchmark.records.classification import Classification, Scores
from benchmark.records.localisation import Examples, Localisation, RegionValues
from benchmark.records.provenance import Stage
from benchmark.splitting.split import Split, SplitRow
from harness.contract import Result
from harness.execution.crops import CropSet, cut_crops
from harness.execution.plan import classifier
from harness.execution.results import Results, StageResult
from harness.execution.store import Entry, Store
from harness.pictures import cam_overlays
from harness.scoring import localisation
from harness.scoring.test_set import TestSet
from support.fakes import RecordingListener
from support.records import blank_record
from support.records import part as record_part

SIDE = 8
PARTS = {"train": 2, "val": 2, "test": 6}
"""Images of each part."""


def colour(number: int) -> tuple[int, int, int]:
    """Of all pixels of an image."""
    return (50 * number, 250 - 50 * number, 200)


def mask(pattern: bool) -> NDArray[np.uint8]:
    """A quarter pattern, a quarter the rest of the animal, half background; or that half animal without pattern."""
    regions = np.full((SIDE, SIDE), BACKGROUND, np.uint8)
    regions[: SIDE // 2] = BODY
    if pattern:
        regions[: SIDE // 2, : SIDE // 2] = PATTERN
    return regions


def crop_set(folder: Path, without_pattern: frozenset[str] = frozenset()) -> CropSet:
    """A data set of two individuals; the test images are c0 to c5."""
    rows, placed = [], []
    for letter, (part, count) in zip("abc", PARTS.items(), strict=True):
        for number in range(count):
            name = f"{letter}{number}"
            Image.new("RGB", (SIDE, SIDE), colour(number)).save(folder / f"{name}.png")
            Image.fromarray(mask(name not in without_pattern)).save(folder / f"{name}-mask.png")
            segmentation = MaskFile(folder / f"{name}-mask.png")
            rows.append(Row(name, f"fish{number % 2}", folder / f"{name}.png", segmentation=segmentation))
            placed += [SplitRow(name, "", "inpaint", part), SplitRow(name, "", "classify", part)]
    catalogue = Catalogue("tiny", folder, tuple(rows))
    split = Split("tiny", "random", 0, "by hand", tuple(placed))
    cut = cut_crops(Store(folder / "store"), catalogue, content_digests(rows), SIDE, RecordingListener())
    return CropSet(catalogue, split, cut)


def stage_with(folder: Path, **cams: NDArray[np.floating]) -> StageResult:
    """A stage that wrote these CAMs by method."""
    (folder / "out").mkdir(parents=True)
    for method, values in cams.items():
        np.save(folder / "out" / f"cams-{method}.npy", values.astype(np.float32))
    result = Result(contract="1", images=1, seconds=0, peak_memory_mib=0, versions={})
    return StageResult(Entry("", folder, {}), result, Stage(key="k", seconds=0))


def on_pattern(shares: dict[str, float], of: CropSet) -> NDArray[np.float64]:
    """CAMs of 2 x 2 cells of the test images, in the order of the job, each with its share on the pattern's quarter."""
    names = [f"c{position - PARTS['train'] - PARTS['val']}" for position in of.rows("test").positions]
    return np.array([[[shares[name], 0], [0, 1 - shares[name]]] for name in names])


def localised(crops: CropSet, shares: dict[str, float], folder: Path) -> Localisation:
    prediction = stage_with(folder, hirescam=on_pattern(shares, crops))
    (result,) = localisation.on_test_images(prediction, TestSet(crops, 0), ["hirescam"])
    return result


def names(examples: Examples | None, of: CropSet) -> list[str]:
    assert examples is not None
    positions = of.rows("test").positions
    return [f"c{positions[example.image] - PARTS['train'] - PARTS['val']}" for _, example in examples]


def test_empty_cams_are_counted(tmp_path: Path) -> None:
    crops = crop_set(tmp_path)
    cams = on_pattern(SHARES, crops)
    cams[[1, 3]] = 0
    stage = stage_with(tmp_path / "some", gradcam=cams)
    (result,) = localisation.on_test_images(stage, TestSet(crops, 0), ["gradcam"])
    assert (result.empty, localised(crops, SHARES, tmp_path / "none").empty) == (2, 0)


SHARES = {"c0": 0.1, "c1": 0.9, "c2": 0.0, "c3": 0.5, "c4": 0.9, "c5": 0.0}


def test_the_images_to_show_are_picked_in_the_order_of_their_ids(tmp_path: Path) -> None:
    crops = crop_set(tmp_path)
    order = crops.rows("test").positions.tolist()
    assert order != sorted(order)  # else the test shows nothing
    result = localised(crops, SHARES, tmp_path / "stage")
    assert names(result.examples, crops) == ["c1", "c0", "c2"]  # c1 and c4, c0 and c3, c2 and c5 are equal
    assert result.examples is not None
    assert [example.density for _, example in result.examples] == pytest.approx([0.9 / 0.25, 0.1 / 0.25, 0])


def test_images_without_pattern_count_in_masses_alone(tmp_path: Path) -> None:
    crops = crop_set(tmp_path, frozenset({"c0", "c1", "c2"}))
    result = localised(crops, SHARES, tmp_path / "stage")
    assert result.mass.pattern == pytest.approx((0.5 + 0.9 + 0) / 6)
    assert result.swap is not None
    assert result.swap.density.pattern == pytest.approx(result.density.pattern)  # all patterns are in one place
    assert (result.method, result.grid) == ("hirescam", (2, 2))
    assert result.ceiling == RegionValues(background=2, body=(2 + 4) / 2, pattern=4)
    assert result.density.pattern == pytest.approx((0.5 + 0.9 + 0) / 3 / 0.25)
    assert names(result.examples, crops) == ["c4", "c3", "c5"]


def test_test_images_without_pattern_have_no_examples(tmp_path: Path) -> None:
    result = localised(crop_set(tmp_path, frozenset(SHARES)), SHARES, tmp_path / "stage")
    assert (result.examples, result.density.pattern, result.pattern_excess) == (None, None, None)


def test_masses_and_excess_after_every_epoch(tmp_path: Path) -> None:
    crops = crop_set(tmp_path, frozenset({"b0"}))
    cams = np.array([[[[1, 0], [0, 0]]] * 2, [[[0, 0], [0, 0]]] * 2])  # all on the pattern's quarter; then zero
    training, probes = stage_with(tmp_path / "stage", gradcam=cams), crops.probes(1)
    first, second = localisation.on_probes(training, crops, probes, "gradcam")
    assert (first.epoch, first.background, first.body, first.pattern, first.cams) == (1, 0, 0.5, 0.5, 2)
    # without pattern all of the CAM is on the body, which is half the image; with one none is, and a quarter is body
    assert first.excess == RegionValues(background=0, body=0, pattern=None)
    assert (second.epoch, second.background, second.body, second.pattern, second.cams) == (2, None, None, None, 0)


def test_without_cams_or_without_pattern_there_is_no_localisation(tmp_path: Path) -> None:
    crops, plain = crop_set(tmp_path), tmp_path / "plain"
    plain.mkdir()
    bare = crop_set(plain, frozenset({f"{letter}{number}" for letter in "abc" for number in range(6)}))
    without_cams, with_cams = (
        stage_with(tmp_path / "without"),
        stage_with(tmp_path / "with", gradcam=on_pattern(SHARES, crops)),
    )
    for stage, data in ((without_cams, crops), (with_cams, bare)):
        assert localisation.on_probes(stage, data, data.probes(1), "gradcam") == ()
        assert localisation.on_test_images(stage, TestSet(data, 0), ["gradcam"]) == ()
    assert cam_overlays(blank_record(), Results({}), crops) is None


def classified(*localised_cams: Localisation) -> Classification:
    test = Scores(accuracy=1, recall=1, f1=1, images=6)
    return record_part(Classification, test=test, validation=(), probe_localisation=(), localisations=localised_cams)


def test_the_picture_has_three_images_of_each_classifier_that_has_cams(tmp_path: Path) -> None:
    crops = crop_set(tmp_path)
    result = localised(crops, SHARES, tmp_path / "stage")
    stage = stage_with(tmp_path / "again", hirescam=on_pattern(SHARES, crops))
    names_of_both = [name for mode in ("shallow", "deep") for name in classifier(mode, "all")]
    results = Results(dict.fromkeys(names_of_both, stage))
    empty = result.model_copy(update={"examples": None, "method": "gradcam"})
    record = blank_record(classification={"shallow": classified(empty, result), "deep": classified(result)})
    both = cam_overlays(record, results, crops)
    shallow_alone = blank_record(classification={"shallow": classified(result), "deep": classified(empty)})
    alone = cam_overlays(shallow_alone, results, crops)
    assert both is not None
    assert alone is not None
    assert both.width > 1.7 * alone.width
    pixels = np.unique(np.asarray(alone.convert("RGB")).reshape(-1, 3), axis=0).astype(int)
    distances = {f"c{number}": np.abs(pixels - colour(number)).sum(axis=1).min() for number in range(6)}
    assert {name for name, distance in distances.items() if distance < 10} == {"c0", "c1", "c2"}
