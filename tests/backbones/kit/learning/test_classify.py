"""Classifier training equals the same training in plain torch."""

import csv
import json
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from backbones.kit.data import load_data, to_images
from backbones.kit.errors import DataError
from backbones.kit.job import ClassifyJob
from backbones.kit.learning.classify import CACHE_BYTES, train_classifier
from backbones.kit.learning.explain import class_activation_maps
from backbones.kit.learning.head import Head
from backbones.kit.published import checkpoints
from support.backbones import WithoutWeights

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE, CLASSES, EPOCHS, SEED = 8, 3, 3, 12
TRAIN, VALIDATION, PROBES, BATCH = 11, 5, 2, 4
SHAPE = (4, 4, 4)

Array = np.ndarray[Any, Any]


class Encoder(nn.Sequential):
    """An encoder with batch statistics, which counts its images."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.image_count = self.largest = 0

    def forward(self, images: Tensor) -> Tensor:
        self.image_count += len(images)
        self.largest = max(self.largest, len(images))
        maps: Tensor = super().forward(images)  # type: ignore[no-untyped-call]
        return maps


class Tiny(WithoutWeights):
    def __init__(self) -> None:
        torch.manual_seed(2)
        self.encoder = self.network = Encoder()
        with torch.no_grad():
            self.encoder.get_submodule("1").load_state_dict(
                {"running_mean": torch.randn(4) / 9, "running_var": torch.rand(4) + 0.1}, strict=False
            )


def make_job(folder: Path, *, mode: str = "deep", train: int = TRAIN, **changes: Any) -> ClassifyJob:
    """A job whose rows of both splits are mixed; rows 3 and 9 of the table are probes."""
    drawn = np.random.default_rng(4)
    count = train + VALIDATION
    (folder / "data").mkdir(parents=True)
    (folder / "out").mkdir()
    np.save(folder / "data" / "images.npy", drawn.integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8))
    validation = (0, 3, 7, 9, 12)
    with (folder / "data" / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "split", "label", "probe"))
        for row in range(count):
            split = "val" if row in validation else "train"
            writer.writerow((f"x{row}", split, int(drawn.integers(CLASSES)), int(row in (3, 9))))
    settings: dict[str, Any] = {
        "folder": folder, "variant": "", "image_size": SIZE, "seed": SEED, "precision": "float32", "fast": True,
        "batch_size": BATCH, "init": "random", "weights": {}, "checkpoint": None, "threads": 1,
        "device": "cpu", "mode": mode,
        "classes": CLASSES, "epochs": EPOCHS, "learning_rate": 0.02, "pooling": "flatten", "explain": [],
    }  # fmt: skip
    return ClassifyJob(**settings | changes)


def trained(job: ClassifyJob, cache_bytes: int = CACHE_BYTES) -> tuple[dict[str, Any], Tiny]:
    backbone = Tiny()
    torch.manual_seed(SEED)
    return train_classifier(job, backbone, cache_bytes), backbone


class Plainly:
    """The reference: the contract's training in a few lines of torch."""

    def __init__(self, job: ClassifyJob) -> None:
        encoder = Tiny().encoder
        torch.manual_seed(SEED)
        features = SHAPE[0] * (1 if job.pooling == "average" else SHAPE[1] * SHAPE[2])
        pool = nn.AvgPool2d(4) if job.pooling == "average" else nn.Identity()
        layer = nn.Linear(features, CLASSES)
        network = nn.Sequential(encoder, pool, nn.Flatten(), layer)
        optimiser = torch.optim.Adam((network if job.mode == "deep" else layer).parameters(), lr=job.learning_rate)
        order = torch.Generator().manual_seed(job.seed)
        images = torch.from_numpy(np.load(job.data / "images.npy")).permute(0, 3, 1, 2) / 255
        with (job.data / "table.csv").open() as file:
            table = list(csv.DictReader(file))
        labels = torch.tensor([int(row["label"]) for row in table])
        train = torch.tensor([number for number, row in enumerate(table) if row["split"] == "train"])
        validation = [number for number, row in enumerate(table) if row["split"] == "val"]
        self.logits: list[Array] = []
        self.losses: list[float] = []
        self.steps = 0
        for _ in range(job.epochs):
            network.train()
            if job.mode == "shallow":
                encoder.eval()
            each: list[float] = []
            for rows in torch.split(train[torch.randperm(len(train), generator=order)], job.batch_size):
                if len(rows) == 1:
                    continue
                losses = nn.functional.cross_entropy(network(images[rows]), labels[rows], reduction="none")
                optimiser.zero_grad()
                losses.mean().backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                each += losses.tolist()
                self.steps += 1
            self.losses.append(float(np.mean(each)))
            network.eval()
            with torch.no_grad():
                self.logits.append(network(images[validation]).numpy())
        self.encoder, self.layer = encoder, layer


def history(job: ClassifyJob) -> list[dict[str, str]]:
    with (job.out / "history.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("mode", ["shallow", "deep"])
@pytest.mark.parametrize(("pooling", "train"), [("flatten", TRAIN), ("average", TRAIN), ("flatten", 9)])
def test_training_equals_plain_torch(mode: str, pooling: str, train: int, tmp_path: Path) -> None:
    """Of eleven images in batches of four the last batch is smaller; of nine, the last image is left out."""
    job = make_job(tmp_path, mode=mode, train=train, pooling=pooling)
    result, _ = trained(job)
    expected = Plainly(job)
    logits = np.load(job.out / "validation_logits.npy")
    assert (logits.shape, logits.dtype.name) == ((EPOCHS, VALIDATION, CLASSES), "float32")
    np.testing.assert_allclose(logits, expected.logits, rtol=0, atol=1e-6)
    assert all(np.abs(after - before).max() > 1e-3 for before, after in pairwise(logits))
    assert [row["epoch"] for row in history(job)] == ["1", "2", "3"]
    assert [float(row["loss"]) for row in history(job)] == pytest.approx(expected.losses, abs=1e-6)
    states = checkpoints.load(job.out / "checkpoint.safetensors")
    for name, value in expected.encoder.state_dict().items():
        torch.testing.assert_close(states["encoder"][name], value, rtol=0, atol=1e-6)
    for name, value in expected.layer.state_dict().items():
        torch.testing.assert_close(states["head"][f"linear.{name}"], value, rtol=0, atol=1e-6)
    assert (result["epoch"], result["iterations"], result["images"]) == (EPOCHS, expected.steps, EPOCHS * train)


@pytest.mark.parametrize("budget", [0, 2**30])
def test_shallow_training_changes_no_bit_of_the_encoder(budget: int, tmp_path: Path) -> None:
    job = make_job(tmp_path, mode="shallow")
    _, backbone = trained(job, budget)
    kept = checkpoints.load(job.out / "checkpoint.safetensors")["encoder"]
    for name, before in Tiny().encoder.state_dict().items():
        assert torch.equal(backbone.encoder.state_dict()[name], before)
        assert torch.equal(kept[name], before)


def test_deep_training_changes_weights_and_statistics(tmp_path: Path) -> None:
    _, backbone = trained(make_job(tmp_path, mode="deep"))
    for name, before in Tiny().encoder.state_dict().items():
        assert not torch.equal(backbone.encoder.state_dict()[name], before)


def test_a_frozen_encoder_sees_every_image_once_and_gives_the_same_as_in_every_epoch(tmp_path: Path) -> None:
    """Feature maps in memory, in a file, without room for the file, and of a job that is not fast."""
    count = TRAIN + VALIDATION
    needed = 4 * int(np.prod(SHAPE)) * count
    every_epoch = 1 + EPOCHS * count
    numbers: list[dict[str, Array]] = []
    for name, budget, fast, encoded in (
        ("memory", needed, True, count),
        ("file", needed - 1, True, count),
        ("plain", needed, False, every_epoch),
    ):
        job = make_job(tmp_path / name, mode="shallow", explain=["gradcam"], fast=fast)
        _, backbone = trained(job, budget)
        assert isinstance(backbone.encoder, Encoder)
        assert backbone.encoder.image_count == encoded
        assert {path.name for path in job.out.iterdir()} == {
            "checkpoint.safetensors", "validation_logits.npy", "cams-gradcam.npy", "history.csv"
        }  # fmt: skip
        numbers.append({name: np.load(job.out / f"{name}.npy") for name in ("validation_logits", "cams-gradcam")})
    for name, array in numbers[-1].items():
        for other in numbers[:-1]:
            np.testing.assert_allclose(other[name], array, atol=1e-5)


def test_a_disk_without_room_for_the_feature_maps_costs_time_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Mock(free=4 * int(np.prod(SHAPE)) * (TRAIN + VALIDATION) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: room)
    jobs = [make_job(tmp_path / name, mode="shallow") for name in ("full", "free")]
    _, crowded = trained(jobs[0], cache_bytes=0)
    trained(jobs[1])
    assert isinstance(crowded.encoder, Encoder)
    assert crowded.encoder.image_count == BATCH + 1 + EPOCHS * (TRAIN + VALIDATION)
    first, second = (np.load(job.out / "validation_logits.npy") for job in jobs)
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_deep_training_encodes_each_validation_image_once_an_epoch_probes_included(tmp_path: Path) -> None:
    _, backbone = trained(make_job(tmp_path, explain=["gradcam"]))
    assert isinstance(backbone.encoder, Encoder)
    assert backbone.encoder.image_count == 1 + EPOCHS * (TRAIN + VALIDATION)


def test_probes_may_be_training_images(tmp_path: Path) -> None:
    """Their CAMs keep the order of the table."""
    jobs = [make_job(tmp_path / name, explain=["hirescam"]) for name in ("validation", "mixed")]
    table = jobs[1].data / "table.csv"
    lines = table.read_text().splitlines()
    lines[2] = re.sub(",0$", ",1", lines[2])
    table.write_text("\n".join(lines))
    for job in jobs:
        trained(job)
    alone, mixed = (np.load(job.out / "cams-hirescam.npy") for job in jobs)
    assert mixed.shape[1] == PROBES + 1
    np.testing.assert_allclose(mixed[:, 1:], alone, atol=1e-6)
    assert np.abs(mixed[:, 0] - mixed[:, 1]).max() > 1e-3


@pytest.mark.parametrize("mode", ["shallow", "deep"])
def test_probes_are_explained_after_every_epoch_for_their_own_labels(mode: str, tmp_path: Path) -> None:
    """The last epoch's CAMs follow from the checkpoint: positive weighted sums of channels, scaled to [0, 1]."""
    job = make_job(tmp_path, mode=mode, explain=["gradcam"])
    _, backbone = trained(job)
    cams = np.load(job.out / "cams-gradcam.npy")
    assert (cams.shape, cams.dtype.name) == ((EPOCHS, PROBES, *SHAPE[1:]), "float32")
    assert all(np.abs(after - before).max() > 1e-3 for before, after in pairwise(cams))
    pixels = np.load(job.data / "images.npy")[[3, 9]]
    with torch.no_grad():
        maps = backbone.encoder.eval()(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255).numpy()
    with (job.data / "table.csv").open() as file:
        labels = [int(row["label"]) for row in csv.DictReader(file) if row["probe"] == "1"]
    matrix = checkpoints.load(job.out / "checkpoint.safetensors")["head"]["linear.weight"].numpy()
    weights = matrix[labels].reshape(PROBES, SHAPE[0], -1).mean(axis=2)
    expected = np.maximum((weights[:, :, None, None] * maps).sum(axis=1), 0)
    expected -= expected.min(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(cams[-1], expected / expected.max(axis=(1, 2), keepdims=True), atol=1e-4)


@pytest.mark.parametrize("mode", ["shallow", "deep"])
def test_probes_are_encoded_in_batches_of_the_jobs_size(mode: str, tmp_path: Path) -> None:
    job = make_job(tmp_path, mode=mode, explain=["hirescam"], batch_size=PROBES - 1)
    _, backbone = trained(job, cache_bytes=0)
    assert isinstance(backbone.encoder, Encoder)
    assert backbone.encoder.largest == PROBES - 1
    head = Head(torch.Size(SHAPE), CLASSES, job.pooling)
    head.load_state_dict(checkpoints.load(job.out / "checkpoint.safetensors")["head"])
    data = load_data(job.data, SIZE, columns=("label",))
    with torch.no_grad():
        maps = backbone.encoder.eval()(to_images(data.images[[3, 9]], "cpu"))
    together = class_activation_maps(["hirescam"], head, maps, data.labels(CLASSES)[[3, 9]])["hirescam"]
    assert together.any()
    np.testing.assert_allclose(np.load(job.out / "cams-hirescam.npy")[-1], together, atol=1e-6)


def test_explaining_does_not_change_the_training(tmp_path: Path) -> None:
    jobs = [make_job(tmp_path / str(len(explain)), explain=explain) for explain in ([], ["gradcam", "hirescam"])]
    for job in jobs:
        trained(job)
    plain, explained = (np.load(job.out / "validation_logits.npy") for job in jobs)
    assert np.array_equal(plain, explained)
    assert not (jobs[0].out / "cams-gradcam.npy").exists()


def test_a_batch_size_of_one_trains_on_every_image(tmp_path: Path) -> None:
    job = make_job(tmp_path, mode="deep", batch_size=1)
    result, _ = trained(job)
    assert result["iterations"] == EPOCHS * TRAIN
    assert np.isfinite(np.load(job.out / "validation_logits.npy")).all()


def test_progress_reports_each_epoch_and_its_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = make_job(tmp_path)
    trained(job)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["event"], event["done"], event["total"], event["unit"]) for event in events] == [
        ("progress", epoch, EPOCHS, "epoch") for epoch in (1, 2, 3)
    ]
    assert [str(event["loss"]) for event in events] == [row["loss"] for row in history(job)]


def test_a_label_beyond_the_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the label '2' is none of 0 to 1"):
        trained(replace(make_job(tmp_path), classes=2))


def test_explain_without_probes_is_refused_before_the_first_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = make_job(tmp_path, explain=["gradcam"])
    table = job.data / "table.csv"
    table.write_text("\n".join(re.sub(",1$", ",0", line) for line in table.read_text().splitlines()))
    with pytest.raises(DataError, match="no row whose probe is 1"):
        trained(job)
    assert not capsys.readouterr().out
    trained(replace(job, explain=[]))
