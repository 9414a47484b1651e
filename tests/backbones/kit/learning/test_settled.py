"""Batch norms whose running statistics jump: the two rules keep different epochs of the same training."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from backbones.kit.api import Recipe
from backbones.kit.job import InpaintJob
from backbones.kit.learning.batch_norms import BatchNorms
from backbones.kit.learning.inpaint import train_inpainting
from backbones.kit.published import checkpoints
from support.backbones import WithoutWeights

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE, IMAGES = 4, 8
TRUE_LOSSES = (0.5, 0.3, 0.1, 0.4)
"""Loss of each epoch's weights with statistics that belong to them."""
JUMPS = (0.0, 0.0, 5.0, 0.0)
"""What the running statistics of each epoch are wrong by."""


class Jumping(Recipe):
    """Its loss is the weight plus the distance of the batch norm's mean from the images' mean."""

    def __init__(self) -> None:
        self.networks = nn.ModuleDict({"generator": nn.Linear(1, 1, bias=False), "norm": nn.BatchNorm2d(3)})
        self.steps: list[float] = []

    @property
    def norm(self) -> nn.BatchNorm2d:
        norm = self.networks["norm"]
        assert isinstance(norm, nn.BatchNorm2d)
        return norm

    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:  # noqa: ARG002 - as the interface has it
        epoch = len(self.steps)
        self.steps.append(float(self.norm.running_mean.sum()))
        with torch.no_grad():
            self.networks["generator"].weight.fill_(TRUE_LOSSES[epoch])
            self.norm.running_mean.copy_(images.mean(dim=(0, 2, 3)) + JUMPS[epoch])
        return {"generator": 0.0}

    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:  # noqa: ARG002
        self.norm(images)
        wrong = (self.norm.running_mean - images.mean(dim=(0, 2, 3))).abs().mean()
        return self.networks["generator"].weight.sum() + wrong

    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:  # noqa: ARG002
        return images


class Net(WithoutWeights):
    def __init__(self, recipe: Jumping) -> None:
        self.encoder, self.network = recipe.networks["generator"], recipe.networks


def trained(folder: Path, keep: str, patience: int = 9) -> tuple[dict[str, Any], list[dict[str, str]], Jumping]:
    (folder / "data").mkdir(parents=True)
    (folder / "out").mkdir()
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    np.save(folder / "data" / "images.npy", np.tile(image, (2 * IMAGES, 1, 1, 1)))
    np.save(folder / "data" / "masks.npy", np.ones((2 * IMAGES, SIZE, SIZE), np.uint8))
    rows = [f"{row},{'train' if row % 2 else 'val'}" for row in range(2 * IMAGES)]
    (folder / "data" / "table.csv").write_text("\n".join(("id,split", *rows)))
    job = InpaintJob(
        folder=folder, variant="", image_size=SIZE, seed=3, precision="float32", fast=True,
        batch_size=IMAGES, init="random", weights={}, checkpoint=None, threads=1, device="cpu",
        perceptual="none", epochs=4, patience=patience,
        keep=keep,  # type: ignore[arg-type]
    )  # fmt: skip
    recipe = Jumping()
    result = train_inpainting(job, Net(recipe), recipe)
    with (folder / "out" / "history.csv").open() as file:
        return result, list(csv.DictReader(file)), recipe


def test_the_two_rules_keep_different_epochs(tmp_path: Path) -> None:
    """The third epoch has the best weights, but running statistics that fit none: only the settled rule keeps it."""
    for keep, epoch, loss in (("lowest", 2, 0.3), ("settled", 3, 0.1)):
        result, history, _ = trained(tmp_path / keep, keep)
        running = np.add(TRUE_LOSSES, JUMPS)
        assert [float(row["validation"]) for row in history] == pytest.approx(running, abs=1e-5)
        assert [float(row["settled"]) for row in history] == pytest.approx(TRUE_LOSSES, abs=1e-5)
        assert (result["epoch"], result["loss"]) == (epoch, pytest.approx(loss, abs=1e-5))
        (state,) = checkpoints.load(tmp_path / keep / "out" / "checkpoint.safetensors").values()
        mean = np.load(tmp_path / keep / "data" / "images.npy")[0].mean(axis=(0, 1)) / 255
        assert float(state["generator.weight"]) == pytest.approx(loss)
        assert state["norm.running_mean"].numpy() == pytest.approx(mean, abs=1e-6)


def test_training_is_the_same_under_both_rules(tmp_path: Path) -> None:
    """Each step sees the running statistics that the step before left, whatever was settled in between."""
    statistics = [trained(tmp_path / keep, keep)[2].steps for keep in ("lowest", "settled")]
    assert statistics[0] == statistics[1]
    assert statistics[0][3] == pytest.approx(statistics[0][1] + 3 * JUMPS[2], abs=1e-5)


def test_patience_counts_epochs_of_the_rule_s_own_curve(tmp_path: Path) -> None:
    lengths = [len(trained(tmp_path / keep, keep, patience=1)[1]) for keep in ("lowest", "settled")]
    assert lengths == [3, 4]


def test_settled_statistics_are_the_means_of_the_batches() -> None:
    draws = torch.Generator().manual_seed(0)
    network = nn.Sequential(nn.BatchNorm2d(2), nn.Dropout(0.5)).eval()
    norms, batches = BatchNorms(network), torch.randn((3, 4, 2, 5, 5), generator=draws) * 7 + 2
    before = norms.statistics()
    with norms.settling(), torch.no_grad():
        for batch in batches:
            network(batch)
            assert not network[1].training
    norm = network[0]
    torch.testing.assert_close(norm.running_mean, batches.mean(dim=(0, 1, 3, 4)))
    torch.testing.assert_close(norm.running_var, torch.stack([batch.var(dim=(0, 2, 3)) for batch in batches]).mean(0))
    assert (norm.momentum, norm.training) == (0.1, False)
    norms.restore(before)
    assert not norm.running_mean.any()


def test_networks_without_running_statistics_have_nothing_to_settle() -> None:
    assert not BatchNorms(nn.Sequential(nn.InstanceNorm2d(3), nn.BatchNorm2d(3, track_running_stats=False)))
    assert BatchNorms(nn.Sequential(nn.BatchNorm1d(3)))
