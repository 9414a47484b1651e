"""Inpainting training with scripted losses: the kept epoch and the end of the training are known."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from backbones.kit.api import Recipe
from backbones.kit.job import InpaintJob
from backbones.kit.learning.inpaint import SAMPLES, train_inpainting
from backbones.kit.published import checkpoints
from support.backbones import WithoutWeights

pytestmark = pytest.mark.usefixtures("one_thread")
SIZE, TRAIN, VALIDATION, BATCH = 8, 8, 5, 3
STEPS = 3
"""Steps of an epoch: batches of three, three and two images."""

Script = Mapping[str, Sequence[float]]


class Counter(nn.Module):
    """A network that counts its updates, as a weight and as a statistic."""

    def __init__(self) -> None:
        super().__init__()
        self.updates = nn.Parameter(torch.zeros(()))
        self.register_buffer("statistic", torch.zeros(()))

    @torch.no_grad()
    def update(self) -> None:
        for tensor in self.state_dict().values():
            tensor.add_(1)

    @property
    def count(self) -> int:
        (count,) = {int(tensor) for tensor in self.state_dict().values()}
        return count


class Scripted(Recipe):
    """Its validation loss is the next number of the phase's script, plus the mean brightness of the images."""

    def __init__(self, script: Script) -> None:
        self.generator, self.discriminator = Counter(), Counter()
        self.networks = nn.ModuleDict({"generator": self.generator, "discriminator": self.discriminator})
        self.phases = tuple(script)
        self.began: list[tuple[str, int, int]] = []
        self.batches: list[tuple[Tensor, Tensor]] = []
        self._script = script

    def begin(self, phase: str) -> None:
        self.began.append((phase, self.generator.count, self.discriminator.count))
        self._phase, self._losses, self._learnt = phase, iter(self._script[phase]), False

    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        assert torch.is_grad_enabled()
        assert all(network.training for network in self.networks.modules())
        self.generator.update()
        self.discriminator.update()
        self.batches.append((images, masks))
        self._learnt = True
        return {"generator": float(len(images)), f"term_{self._phase}": 2.5}

    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:  # noqa: ARG002 - as the interface has it
        self._require_evaluation()
        if self._learnt:
            self._loss, self._learnt = next(self._losses), False
        return self._loss + images.mean()

    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        self._require_evaluation()
        return images * (1 - masks) + masks * self.generator.count / 255

    def _require_evaluation(self) -> None:
        assert not torch.is_grad_enabled()
        assert not any(network.training for network in self.networks.modules())


class Inpainter(WithoutWeights):
    def __init__(self, recipe: Scripted) -> None:
        self.encoder = recipe.generator
        self.network = nn.ModuleDict({"generator": recipe.generator})


def make_job(folder: Path, epochs: int, patience: int = 99, validation: int = VALIDATION, **changes: Any) -> InpaintJob:
    """A job on images of one brightness each; rows of the two splits alternate."""
    drawn = np.random.default_rng(6)
    count = TRAIN + validation
    (folder / "data").mkdir(parents=True)
    (folder / "out").mkdir()
    brightness = drawn.permutation(count).astype(np.uint8) * 5 + 100
    np.save(folder / "data" / "images.npy", np.tile(brightness[:, None, None, None], (1, SIZE, SIZE, 3)))
    np.save(folder / "data" / "masks.npy", drawn.integers(0, 2, (count, SIZE, SIZE), dtype=np.uint8))
    turns = [split for pair in zip(["train"] * TRAIN, ["val"] * TRAIN, strict=True) for split in pair]
    splits = [*turns[: 2 * min(TRAIN, validation)], *["train"] * (TRAIN - validation), *["val"] * (validation - TRAIN)]
    rows = [f"{row},{split}" for row, split in enumerate(splits)]
    (folder / "data" / "table.csv").write_text("\n".join(("id,split", *rows)))
    settings: dict[str, Any] = {
        "folder": folder, "variant": "", "image_size": SIZE, "seed": 3, "precision": "float32", "fast": True,
        "batch_size": BATCH, "init": "random", "weights": {}, "checkpoint": None, "threads": 1,
        "device": "cpu", "perceptual": "none",
        "keep": "lowest",
    }  # fmt: skip
    return InpaintJob(epochs=epochs, patience=patience, **settings | changes)


def split_rows(job: InpaintJob, split: str) -> list[int]:
    rows = (job.data / "table.csv").read_text().splitlines()[1:]
    return [number for number, row in enumerate(rows) if row.endswith(split)]


def brightness(job: InpaintJob) -> float:
    """Mean of the validation images, which the recipe adds to its script."""
    return float(np.load(job.data / "images.npy")[split_rows(job, "val")].mean() / 255)


def trained(job: InpaintJob, script: Script) -> tuple[dict[str, Any], Scripted]:
    recipe = Scripted(script)
    return train_inpainting(job, Inpainter(recipe), recipe), recipe


def kept(job: InpaintJob) -> int:
    """Number of updates of the generator in the checkpoint."""
    (state,) = checkpoints.load(job.out / "checkpoint.safetensors").values()
    assert set(state) == {"generator.updates", "generator.statistic"}
    assert state["generator.updates"] == state["generator.statistic"]
    return int(state["generator.updates"])


def history(job: InpaintJob) -> list[dict[str, str]]:
    with (job.out / "history.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("losses", "best"),
    [([3, 1, 2, 4], 2), ([4, 3, 2, 1], 4), ([1, 2, 3, 4], 1), ([3, 1, 1, 1], 2), ([-1, -3, -2, 0], 2)],
)
def test_the_first_epoch_with_the_lowest_validation_loss_is_kept(
    losses: list[float], best: int, tmp_path: Path
) -> None:
    job = make_job(tmp_path, epochs=4)
    result, recipe = trained(job, {"": losses})
    assert kept(job) == recipe.generator.count == recipe.discriminator.count == best * STEPS
    assert (result["epoch"], result["iterations"], result["images"]) == (best, best * STEPS, 4 * TRAIN)
    assert result["loss"] == pytest.approx(losses[best - 1] + brightness(job), abs=1e-6)


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ([5, 6, 0, 0, 0], 1, 2),
        ([5, 4, 4, 4, 0], 2, 4),
        ([5, 6, 4, 7, 3], 2, 5),
        ([1, 2, 3, 0, 0], 3, 5),
        ([1, 2, 2, 2, 0], 3, 4),
        ([1, 2, 2, 2, 0], 4, 5),
    ],
)
def test_training_stops_after_so_many_epochs_without_a_lower_loss(
    losses: list[float], patience: int, epochs: int, tmp_path: Path
) -> None:
    job = make_job(tmp_path, epochs=5, patience=patience)
    result, _ = trained(job, {"": losses})
    assert len(history(job)) == epochs
    assert result["images"] == epochs * TRAIN


def test_the_checkpoint_is_written_once_whatever_improves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Mock(wraps=checkpoints.save)
    monkeypatch.setattr(checkpoints, "save", save)
    job = make_job(tmp_path, epochs=3)
    trained(job, {"edge": [3, 2, 1], "joint": [3, 2, 4]})
    assert save.call_count == 1
    assert kept(job) == 5 * STEPS


def test_each_phase_starts_from_the_best_state_of_the_previous_one(tmp_path: Path) -> None:
    """The second phase stops early; the third is worse than the others, but its best epoch is kept."""
    job = make_job(tmp_path, epochs=3, patience=1)
    result, recipe = trained(job, {"edge": [3, 2, 4], "inpaint": [1, 2], "joint": [9, 8, 7]})
    assert recipe.began == [("edge", 0, 0), ("inpaint", 6, 6), ("joint", 9, 9)]
    assert kept(job) == 18
    rows = history(job)
    assert [row["phase"] for row in rows] == ["1", "1", "1", "2", "2", "3", "3", "3"]
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 9)]
    assert [row["iterations"] for row in rows] == [str(STEPS * epoch) for epoch in range(1, 9)]
    assert (result["epoch"], result["iterations"], result["images"]) == (8, 8 * STEPS, 8 * TRAIN)
    assert result["loss"] == pytest.approx(7 + brightness(job), abs=1e-6)


def test_the_history_has_the_losses_of_every_epoch(tmp_path: Path) -> None:
    """Training losses are means over steps, of three, three and two images; the validation loss is one over images."""
    job = make_job(tmp_path, epochs=2)
    trained(job, {"one": [2, 1], "two": [4, 3]})
    rows = history(job)
    assert list(rows[0]) == ["phase", "epoch", "iterations", "validation", "generator", "term_one", "term_two"]
    assert [float(row["validation"]) for row in rows] == pytest.approx(
        [loss + brightness(job) for loss in (2, 1, 4, 3)], abs=1e-6
    )
    assert [float(row["generator"]) for row in rows] == pytest.approx([8 / 3] * 4)
    assert [(row["term_one"], row["term_two"]) for row in rows] == [("2.5", "")] * 2 + [("", "2.5")] * 2


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), float("-inf")])
def test_a_diverging_loss_ends_the_training_with_the_epoch_named(loss: float, tmp_path: Path) -> None:
    job = make_job(tmp_path, epochs=3)
    with pytest.raises(RuntimeError, match="diverged: the validation generator loss of epoch 2 is not finite"):
        trained(job, {"": [1, loss, 0]})
    assert not (job.out / "reconstructions.npy").exists()


def test_reconstructions_are_of_the_first_validation_images_from_the_kept_state(tmp_path: Path) -> None:
    job = make_job(tmp_path, epochs=4, validation=SAMPLES + 2)
    trained(job, {"": [3, 1, 2, 4]})
    reconstructions = np.load(job.out / "reconstructions.npy")
    rows = split_rows(job, "val")[:SAMPLES]
    holes = np.load(job.data / "masks.npy")[rows, :, :, None]
    expected = np.where(holes == 1, kept(job), np.load(job.data / "images.npy")[rows])
    assert (kept(job), reconstructions.dtype.name) == (2 * STEPS, "uint8")
    assert np.array_equal(reconstructions, expected)


def test_each_epoch_shows_every_training_image_with_its_own_mask_in_another_order(tmp_path: Path) -> None:
    job = make_job(tmp_path, epochs=2)
    _, recipe = trained(job, {"": [2, 1]})
    rows = split_rows(job, "train")
    pixels, holes = np.load(job.data / "images.npy"), np.load(job.data / "masks.npy")
    row_of = {int(pixels[row, 0, 0, 0]): row for row in rows}
    orders = []
    for epoch in (recipe.batches[:STEPS], recipe.batches[STEPS:]):
        order = []
        for images, masks in epoch:
            assert images.shape[1:] == (3, SIZE, SIZE)
            assert masks.shape == (len(images), 1, SIZE, SIZE)
            for image, mask in zip(images, masks, strict=True):
                row = row_of[round(float(image[0, 0, 0]) * 255)]
                assert np.array_equal(mask[0].numpy(), holes[row])
                order.append(row)
        assert sorted(order) == rows
        orders.append(order)
    assert orders[0] != orders[1]


def test_a_batch_size_of_one_trains_on_every_image(tmp_path: Path) -> None:
    job = make_job(tmp_path, epochs=1, batch_size=1)
    result, _ = trained(job, {"": [1]})
    assert result["iterations"] == kept(job) == TRAIN


def test_progress_ends_with_the_last_epoch_of_all_phases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = make_job(tmp_path, epochs=2)
    trained(job, {"one": [2, 1], "two": [2, 1]})
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["done"], event["total"]) for event in events] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [event["validation"] for event in events] == [float(row["validation"]) for row in history(job)]
    assert [event["loss"] for event in events] == [float(row["generator"]) for row in history(job)]
