"""Embeddings equal values computed by hand or in numpy."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch import Tensor, nn

from backbones.kit.errors import DataError, JobError
from backbones.kit.job import EncodeJob
from backbones.kit.learning.encode import encode
from backbones.kit.published import checkpoints
from backbones.kit.runtime import versions
from support.backbones import WithoutWeights

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE, COUNT, CLASSES = 8, 7, 3
SHAPE = (4, 4, 4)

Array = np.ndarray[Any, Any]


class Tiny(WithoutWeights):
    """Its encoder is in training mode, in which embeddings depend on the other images of a batch."""

    def __init__(self, encoder: nn.Module | None = None) -> None:
        torch.manual_seed(2)
        self.encoder = encoder or nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU())
        self.network = self.encoder


def make_job(folder: Path, images: Array | None = None, **changes: Any) -> EncodeJob:
    drawn = np.random.default_rng(4)
    coloured = drawn.integers(0, 128, (COUNT, SIZE, SIZE, 3)) + 127 * drawn.integers(0, 2, (COUNT, 1, 1, 3))
    pixels = coloured.astype(np.uint8) if images is None else images
    (folder / "data").mkdir(parents=True)
    (folder / "out").mkdir()
    np.save(folder / "data" / "images.npy", pixels)
    (folder / "data" / "table.csv").write_text("\n".join(("id", *map(str, range(len(pixels))))))
    settings: dict[str, Any] = {
        "folder": folder, "variant": "", "image_size": SIZE, "seed": 0, "precision": "float32", "fast": True,
        "batch_size": 4, "init": "random", "weights": {}, "checkpoint": None, "threads": 1,
        "device": "cpu", "pooling": "flatten",
        "dtype": "float32", "classes": None, "explain": [],
    }  # fmt: skip
    return EncodeJob(**settings | changes)


def classifier(folder: Path, features: int, **tensors: Tensor) -> Path:
    """The checkpoint of a classifier, as training writes it."""
    torch.manual_seed(18)
    head = {"linear.weight": torch.randn(CLASSES, features), "linear.bias": torch.randn(CLASSES)}
    changed = {name: tensor for name, tensor in (head | tensors).items() if tensor.numel()}
    checkpoints.save(folder / "classifier.safetensors", {"encoder": Tiny().encoder.state_dict(), "head": changed})
    return folder / "classifier.safetensors"


def maps_of(job: EncodeJob) -> Array:
    """(N, C, h, w): the encoder on one image at a time."""
    encoder = Tiny().encoder.eval()
    images = torch.from_numpy(np.load(job.data / "images.npy")).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        return np.concatenate([encoder(image[None]).numpy() for image in images])


def out(job: EncodeJob, name: str) -> Array:
    array: Array = np.load(job.out / f"{name}.npy")
    return array


def test_an_embedding_is_the_feature_map_channel_by_channel(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    encode(job, Tiny().encoder)
    embeddings = out(job, "embeddings")
    assert (embeddings.shape, embeddings.dtype.name) == ((COUNT, 64), "float32")
    np.testing.assert_allclose(embeddings, maps_of(job).reshape(COUNT, -1), atol=1e-6)


@pytest.mark.parametrize("fast", [True, False])
def test_the_order_of_the_rows_does_not_change_one_bit_of_an_embedding(tmp_path: Path, fast: bool) -> None:
    """A network whose last batch gets other rounding errors: 13 images in batches of four."""
    images = np.random.default_rng(8).integers(0, 256, (13, 16, 16, 3)).astype(np.uint8)
    shuffle = np.random.default_rng(9).permutation(13)
    outputs = []
    for name, pixels in (("one", images), ("other", images[shuffle])):
        torch.manual_seed(3)
        encoder = nn.Sequential(nn.Conv2d(3, 48, 3, 1, 1), nn.ReLU(), nn.Conv2d(48, 8, 16))
        job = make_job(tmp_path / name, pixels, image_size=16, fast=fast)
        encode(job, encoder)
        outputs.append(out(job, "embeddings"))
    assert (outputs[0][shuffle] == outputs[1]).all()


def test_average_pooling_and_half_precision_by_hand(tmp_path: Path) -> None:
    """The encoder returns the image; its mean colours are 51, 102 and 127.5 of 255, as float16."""
    images = np.zeros((2, SIZE, SIZE, 3), np.uint8)
    images[0] = (51, 102, 0)
    images[1, : SIZE // 2, :, 2] = 255
    job = make_job(tmp_path, images, pooling="average", dtype="float16")
    result = encode(job, Tiny(nn.Identity()).encoder)
    assert out(job, "embeddings").dtype.name == "float16"
    assert out(job, "embeddings").tolist() == [[np.float16(0.2), np.float16(0.4), 0], [0, 0, 0.5]]
    assert result["encoder"] == {"parameters": 0, "shape": [3, SIZE, SIZE]}


def test_flattening_by_hand(tmp_path: Path) -> None:
    """The encoder returns the image: channel 1, row 2, column 3 has the index 1 * 64 + 2 * 8 + 3."""
    images = np.zeros((1, SIZE, SIZE, 3), np.uint8)
    images[0, 2, 3, 1] = 255
    job = make_job(tmp_path, images)
    encode(job, Tiny(nn.Identity()).encoder)
    assert np.flatnonzero(out(job, "embeddings")[0]).tolist() == [83]


def test_rows_keep_the_order_of_the_images(tmp_path: Path) -> None:
    job = make_job(tmp_path / "given")
    order = np.array([3, 0, 6, 1, 5, 2, 4])
    turned = make_job(tmp_path / "turned", np.load(job.data / "images.npy")[order])
    for each in (job, turned):
        encode(each, Tiny().encoder)
    np.testing.assert_allclose(out(turned, "embeddings"), out(job, "embeddings")[order], atol=1e-6)
    assert len(np.unique(out(job, "embeddings"), axis=0)) == COUNT


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_the_size_of_a_batch_does_not_matter(size: int, tmp_path: Path) -> None:
    checkpoint = classifier(tmp_path, 64)
    job = make_job(tmp_path / "job", batch_size=size, checkpoint=checkpoint, classes=CLASSES, explain=["gradcam"])
    encode(job, Tiny().encoder)
    maps = maps_of(job)
    np.testing.assert_allclose(out(job, "embeddings"), maps.reshape(COUNT, -1), atol=1e-6)
    assert len(out(job, "logits")) == len(out(job, "cams-gradcam")) == COUNT


@pytest.mark.parametrize(("pooling", "features"), [("flatten", 64), ("average", 4)])
def test_logits_are_the_head_on_the_embeddings(pooling: str, features: int, tmp_path: Path) -> None:
    checkpoint = classifier(tmp_path, features)
    job = make_job(tmp_path / "job", pooling=pooling, checkpoint=checkpoint, classes=CLASSES)
    encode(job, Tiny().encoder)
    head = {name: tensor.double().numpy() for name, tensor in checkpoints.load(checkpoint)["head"].items()}
    expected = out(job, "embeddings").astype(np.float64) @ head["linear.weight"].T + head["linear.bias"]
    assert (out(job, "logits").shape, out(job, "logits").dtype.name) == ((COUNT, CLASSES), "float32")
    np.testing.assert_allclose(out(job, "logits"), expected, atol=1e-5)
    assert not (job.out / "cams-gradcam.npy").exists()


def test_half_precision_is_of_the_embeddings_alone(tmp_path: Path) -> None:
    checkpoint = classifier(tmp_path, 64)
    single = make_job(tmp_path / "single", checkpoint=checkpoint, classes=CLASSES)
    half = make_job(tmp_path / "half", checkpoint=checkpoint, classes=CLASSES, dtype="float16")
    for job in (single, half):
        encode(job, Tiny().encoder)
    assert np.array_equal(out(half, "embeddings"), out(single, "embeddings").astype(np.float16))
    assert np.array_equal(out(half, "logits"), out(single, "logits"))


def test_cams_are_for_the_predicted_class_of_each_image(tmp_path: Path) -> None:
    checkpoint = classifier(tmp_path, 64)
    job = make_job(tmp_path / "job", checkpoint=checkpoint, classes=CLASSES, explain=["gradcam", "hirescam"])
    encode(job, Tiny().encoder)
    taken = out(job, "logits").argmax(axis=1)
    assert set(taken) == {0, 1, 2}
    matrix = checkpoints.load(checkpoint)["head"]["linear.weight"].numpy()
    weights = matrix[taken].reshape(COUNT, SHAPE[0], -1).mean(axis=2)
    expected = np.maximum((weights[:, :, None, None] * maps_of(job)).sum(axis=1), 0)
    expected -= expected.min(axis=(1, 2), keepdims=True)
    assert out(job, "cams-gradcam").dtype.name == "float32"
    expected /= expected.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(out(job, "cams-gradcam"), expected, atol=1e-4)
    contributions = np.maximum((matrix[taken].reshape(COUNT, *SHAPE) * maps_of(job)).sum(axis=1), 0)
    contributions -= contributions.min(axis=(1, 2), keepdims=True)
    contributions /= contributions.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(out(job, "cams-hirescam"), contributions, atol=1e-4)


def test_the_result_names_the_encoder_and_counts_the_images(tmp_path: Path) -> None:
    result = encode(make_job(tmp_path), Tiny().encoder)
    assert result["encoder"] == {"parameters": 3 * 4 * 9 + 4 + 4 + 4, "shape": [4, 4, 4]}
    assert (result["contract"], result["images"]) == ("2", COUNT)
    assert result["versions"] == versions()


def test_progress_counts_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    encode(make_job(tmp_path, batch_size=3), Tiny().encoder)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["done"], event["total"], event["unit"]) for event in events] == [
        (done, COUNT, "image") for done in (3, 6, 7)
    ]


@pytest.mark.parametrize("fields", [{"explain": ["gradcam"]}, {"classes": CLASSES}])
@pytest.mark.parametrize("part", [None, "backbone"])
def test_fields_that_need_a_classifier_are_refused_without_one(
    part: str | None, fields: dict[str, Any], tmp_path: Path
) -> None:
    if part:
        checkpoints.save(tmp_path / "inpainting.safetensors", {part: Tiny().encoder.state_dict()})
    checkpoint = tmp_path / "inpainting.safetensors" if part else None
    job = make_job(tmp_path / "job", checkpoint=checkpoint, **fields)
    with pytest.raises(JobError, match="explain and classes need the checkpoint of a classifier; this job has none"):
        encode(job, Tiny().encoder)


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ({"linear.bias": torch.empty(0)}, r"the head does not fit the network \(1 missing: linear\.bias\)"),
        ({"linear.bias": torch.ones(2)}, r"1 of another shape: linear\.bias is \(2,\), not \(3,\)"),
        ({"norm.weight": torch.ones(2)}, r"1 unknown: norm\.weight"),
        ({"linear.weight": torch.ones(3)}, r"the head has no linear\.weight of two dimensions"),
    ],
)
def test_a_classifier_that_does_not_fit_is_refused(tensors: dict[str, Tensor], problem: str, tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", checkpoint=classifier(tmp_path, 64, **tensors), classes=CLASSES)
    with pytest.raises(DataError, match=problem):
        encode(job, Tiny().encoder)


def test_another_number_of_classes_is_refused(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", checkpoint=classifier(tmp_path, 64), classes=CLASSES)
    with pytest.raises(DataError, match="the head has 3 classes, but the job's classes are 5"):
        encode(replace(job, classes=5), Tiny().encoder)


@pytest.mark.parametrize(
    ("pooling", "features", "problem"),
    [
        ("average", 64, "the head takes embeddings of 64 values, but pooling 'average' makes 4"),
        ("flatten", 4, "the head takes embeddings of 4 values, but pooling 'flatten' makes 64"),
    ],
)
def test_a_classifier_of_another_pooling_is_refused(pooling: str, features: int, problem: str, tmp_path: Path) -> None:
    job = make_job(tmp_path / "job", checkpoint=classifier(tmp_path, features), classes=CLASSES, pooling=pooling)
    with pytest.raises(DataError, match=problem):
        encode(job, Tiny().encoder)


def test_memory_does_not_grow_with_the_number_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Embeddings of 150 MiB and images of 38 MiB, of which neither stays in memory."""
    images = np.random.default_rng(0).integers(0, 256, (200, 256, 256, 3), np.uint8)
    job = make_job(tmp_path, images, image_size=256, batch_size=2)
    resident: list[int] = []
    monkeypatch.setattr(
        "backbones.kit.learning.encode.report", lambda *_: resident.append(psutil.Process().memory_info().rss)
    )
    encode(job, nn.Identity())
    assert (job.out / "embeddings.npy").stat().st_size > 150 * 2**20
    assert max(resident[20:]) - resident[10] < 40 * 2**20
