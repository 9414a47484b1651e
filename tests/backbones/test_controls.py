import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from backbones.colour.model import HistogramEncoder
from backbones.kit import entry
from backbones.kit.facts import BACKBONES, read_facts
from backbones.kit.published import checkpoints
from backbones.pixels.model import PixelEncoder
from harness.conformance.synthetic_packs import CLASSES, write_packs
from harness.contract import Encode, TrainClassify

pytestmark = pytest.mark.usefixtures("one_thread")
CONTROLS = ("pixels", "colour")
SIDE = 32


def photos(height: int, width: int) -> Tensor:
    """Two images of random bytes, with the darkest and the lightest among them."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, height, width))
    pixels[:, :, 0, 0], pixels[:, :, 0, 1] = 0, 255
    return torch.from_numpy(pixels).float() / 255


def test_a_value_of_the_feature_map_is_the_mean_of_its_area() -> None:
    images = photos(64, 48)
    maps = PixelEncoder()(images)
    expected = 2 * images.numpy().reshape(2, 3, 16, 4, 16, 3).mean(axis=(3, 5)) - 1
    np.testing.assert_allclose(maps.numpy(), expected, atol=1e-6)


def test_an_image_of_sixteen_pixels_is_its_own_feature_map() -> None:
    images = photos(16, 16)
    maps = PixelEncoder()(images)
    assert torch.equal(maps, 2 * images - 1)
    assert (maps.min(), maps.max()) == (-1, 1)


def test_the_colour_histogram_equals_numpys() -> None:
    images = photos(40, 56)
    maps = HistogramEncoder()(images)
    assert maps.shape == (2, 512, 1, 1)
    for image, got in zip(images.double(), maps, strict=True):
        counts, _ = np.histogramdd(image.flatten(1).T.numpy(), bins=8, range=[(0, 1)] * 3)
        np.testing.assert_allclose(got.flatten().numpy(), counts.ravel() / (40 * 56) * 512, rtol=1e-6)


def test_the_colour_histogram_ignores_positions() -> None:
    images = photos(24, 24)
    mixed = images.flatten(2)[:, :, torch.randperm(24 * 24)].view_as(images)
    encoder = HistogramEncoder()
    assert not torch.equal(mixed, images)
    assert torch.equal(encoder(mixed), encoder(images))


def run(folder: Path, name: str, job: Any, data: Path) -> Path:
    """Do a job as a runner does, and return the folder of its results."""
    folder.mkdir()
    (folder / "data").symlink_to(data)
    (folder / "job.json").write_text(json.dumps(job.model_dump(mode="json")))
    assert entry.main([name, job.verb, "--job", str(folder)]) == 0
    return folder / "out"


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_is_trained_shallowly_and_encodes_from_that_checkpoint(name: str, tmp_path: Path) -> None:
    write_packs(tmp_path / "packs", SIDE)
    explain = ("gradcam",) if "explain" in read_facts(name)["capabilities"] else ()
    common = {"image_size": SIDE, "seed": 0, "batch_size": 4, "init": "random", "pooling": "flatten"}
    job = TrainClassify(**common, mode="shallow", classes=CLASSES, epochs=4, learning_rate=0.02, explain=explain)
    trained = run(tmp_path / "train", name, job, tmp_path / "packs" / "train")
    job = Encode(**common, checkpoint=str(trained / "checkpoint.safetensors"), classes=CLASSES, explain=explain)
    encoded = run(tmp_path / "encode", name, job, tmp_path / "packs" / "twins")
    embeddings, logits = (np.load(encoded / f"{what}.npy") for what in ("embeddings", "logits"))
    head = checkpoints.load(trained / "checkpoint.safetensors")["head"]
    expected = embeddings @ head["linear.weight"].numpy().T + head["linear.bias"].numpy()
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)
    assert [(folder / "cams-gradcam.npy").exists() for folder in (trained, encoded)] == [bool(explain)] * 2
    losses = [float(line.split(",")[1]) for line in (trained / "history.csv").read_text().splitlines()[1:]]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_has_no_parameters_and_no_weights(name: str) -> None:
    description = entry.describe(name, "", 64)
    assert description["parameters"] == {"encoder": 0, "total": 0}
    assert "train:deep" not in description["capabilities"]
    assert description["weights"] == []


@pytest.mark.parametrize("name", [*CONTROLS, "efficientnet", "inception", "efficientnet_lite0", "timm"])
def test_the_image_is_built_from_the_folder_itself(name: str) -> None:
    folder = BACKBONES / name
    recipe = (folder / "Dockerfile").read_text()
    assert f"COPY {name} /opt/patternbench/backbones/{name}\n" in recipe
    assert f'ENTRYPOINT ["python", "-m", "backbones.kit", "{name}"]' in recipe
    assert (folder / "requirements.lock").exists() == (folder / "requirements.in").exists()
    assert tomllib.loads((folder / "backbone.toml").read_text())["name"] == name
