"""Calibration sets running statistics on the calibration images, and only those of random weights."""

import copy
import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from backbones.kit import entry
from backbones.kit.data import to_images
from backbones.kit.errors import DataError, JobError
from backbones.kit.job import EncodeJob
from backbones.kit.learning import calibrate as calibration
from backbones.kit.learning.calibrate import calibrate
from harness.contract import Encode
from harness.execution.outputs.feature_range import feature_range

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE = 8

Array = np.ndarray[Any, Any]


def pixels(count: int, seed: int, size: int = SIZE) -> Array:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


@pytest.fixture
def job(tmp_path: Path) -> EncodeJob:
    """An encode job from random weights, with 48 calibration images."""
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "calibration.npy", pixels(48, 3))
    return EncodeJob(
        folder=tmp_path, variant="", image_size=SIZE, seed=0, precision="float32", fast=True,
        batch_size=4, init="random",
        weights={}, checkpoint=None, threads=1, device="cpu", pooling="flatten", dtype="float32", classes=None,
        explain=[],
    )  # fmt: skip


def normalised() -> nn.Sequential:
    """A convolution and a batch normalisation with random weights."""
    torch.manual_seed(5)
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4, momentum=0.3))


def same(first: nn.Module, second: nn.Module) -> bool:
    states = first.state_dict(), second.state_dict()
    return all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_statistics_are_the_mean_over_passes_of_equal_size(job: EncodeJob) -> None:
    encoder = normalised()
    calibrate(job, encoder)
    images = to_images(np.load(job.data / "calibration.npy"), "cpu")
    with torch.no_grad():
        halves = [encoder[0](half).transpose(0, 1).flatten(1) for half in (images[:24], images[24:])]
    norm = encoder[1]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    torch.testing.assert_close(norm.running_mean, (halves[0].mean(dim=1) + halves[1].mean(dim=1)) / 2)
    torch.testing.assert_close(norm.running_var, (halves[0].var(dim=1) + halves[1].var(dim=1)) / 2)
    assert (norm.momentum, norm.training, encoder.training) == (0.3, False, False)


def test_the_features_of_a_deep_network_are_brought_into_range(job: EncodeJob) -> None:
    """Forty layers, each of which shrinks its input tenfold."""
    torch.manual_seed(5)
    layers: list[nn.Module] = [nn.Conv2d(3, 8, 3, padding=1)]
    for _ in range(40):
        conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        nn.init.normal_(conv.weight, std=0.01)
        layers += [conv, nn.BatchNorm2d(8), nn.ReLU()]
    encoder = nn.Sequential(*layers).eval()
    images = to_images(pixels(16, 4), "cpu")
    ranges = []
    for _ in range(2):
        with torch.no_grad():
            ranges.append(feature_range(encoder(images).flatten(1).numpy()))
        calibrate(job, encoder)
    before, after = ranges
    assert before.problem
    assert not after.problem
    assert 0.1 < after.spread < 10


def test_nothing_but_statistics_is_changed_and_nothing_random_is_drawn(job: EncodeJob) -> None:
    encoder = nn.Sequential(nn.Dropout(0.5), *normalised(), nn.Dropout(0.5), nn.BatchNorm2d(4)).train()
    without = nn.Sequential(*(layer for layer in copy.deepcopy(encoder) if not isinstance(layer, nn.Dropout)))
    state, before = torch.get_rng_state(), copy.deepcopy(encoder)
    calibrate(job, encoder)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(*pair) for pair in zip(encoder.parameters(), before.parameters(), strict=True))
    calibrate(job, without)
    assert torch.equal(encoder[4].running_mean, without[2].running_mean)  # dropout was off


def test_the_batch_size_of_the_job_does_not_count(job: EncodeJob) -> None:
    first, second = normalised(), normalised()
    calibrate(job, first)
    calibrate(replace(job, batch_size=1), second)
    assert same(first, second)
    assert not same(first, normalised())


@pytest.mark.parametrize("changes", [{"init": "published"}, {"checkpoint": Path("checkpoint.safetensors")}])
def test_published_weights_and_checkpoints_keep_their_statistics(changes: dict[str, Any], job: EncodeJob) -> None:
    encoder = normalised()
    calibrate(replace(job, **changes), encoder)
    assert same(encoder, normalised())


class Refusing(nn.Module):
    """Cannot be run."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        raise ValueError(f"no images of {images.shape[-1]} pixels")


@pytest.mark.parametrize(
    "layer", [nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.BatchNorm2d(4, track_running_stats=False)]
)
def test_an_encoder_without_running_statistics_is_not_run(layer: nn.Module, job: EncodeJob) -> None:
    (job.data / "calibration.npy").unlink()
    calibrate(job, Refusing(layer))


class ActingNorm(nn.BatchNorm2d):
    """A batch norm that contains dropout, as some of timm's do."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.drop = nn.Dropout(0.5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        dropped: torch.Tensor = self.drop(super().forward(images))
        return dropped


def test_dropout_inside_a_norm_stays_off(job: EncodeJob) -> None:
    statistics = []
    for norm in (ActingNorm(3), nn.BatchNorm2d(3)):
        encoder = nn.Sequential(norm, nn.BatchNorm2d(3))
        calibrate(job, encoder)
        statistics.append(encoder[1].running_var)
        assert not any(module.training for module in encoder.modules())
    assert torch.equal(*statistics)


def test_what_cannot_be_calibrated_is_refused(job: EncodeJob) -> None:
    with pytest.raises(JobError, match="On images of 8 pixels: no images of 8 pixels"):
        calibrate(job, Refusing(nn.BatchNorm2d(4)))
    for array in (pixels(0, 1), pixels(3, 1, size=9)):
        np.save(job.data / "calibration.npy", array)
        with pytest.raises(DataError, match=r"calibration\.npy"):
            calibrate(job, normalised())
    (job.data / "calibration.npy").unlink()
    with pytest.raises(DataError, match=r"calibration.npy: cannot be read"):
        calibrate(job, normalised())


def test_batches_have_equal_sizes(job: EncodeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """33 images are not 32 and one, of which the one would count as much as the others together."""
    np.save(job.data / "calibration.npy", pixels(33, 3))
    sizes: list[int] = []
    read = calibration.to_images
    monkeypatch.setattr(calibration, "to_images", lambda batch, device: sizes.append(len(batch)) or read(batch, device))
    calibrate(job, normalised())
    assert sizes == [17, 16]


def embeddings(folder: Path, name: str, images: Array, calibration_seed: int) -> Array:
    """Encode images with random weights, as a runner does it."""
    size = images.shape[1]
    (folder / "data").mkdir(parents=True)
    np.save(folder / "data" / "images.npy", images)
    np.save(folder / "data" / "calibration.npy", pixels(8, calibration_seed, size))
    with (folder / "data" / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id"], *([row] for row in range(len(images)))])
    encode = Encode(image_size=size, seed=0, batch_size=2, init="random", pooling="flatten")
    (folder / "job.json").write_text(json.dumps(encode.model_dump(mode="json")))
    assert entry.main([name, "encode", "--job", str(folder)]) == 0
    array: Array = np.load(folder / "out" / "embeddings.npy")
    return array


@pytest.mark.parametrize(("name", "has_statistics"), [("aotgan", False), ("deepfillv2", False), ("lama", True)])
def test_only_contestants_with_running_statistics_depend_on_the_calibration_images(
    name: str, has_statistics: bool, tmp_path: Path
) -> None:
    images = pixels(2, 0, 64)
    first, second = (embeddings(tmp_path / str(seed), name, images, seed) for seed in (1, 2))
    assert np.array_equal(first, second) is not has_statistics


def test_test_and_training_images_are_encoded_by_the_same_encoder(tmp_path: Path) -> None:
    images = pixels(6, 0, 64)
    whole = embeddings(tmp_path / "whole", "lama", images, 1)
    part = embeddings(tmp_path / "part", "lama", images[2:4], 1)
    assert np.array_equal(whole[2:4], part)
