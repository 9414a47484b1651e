"""Training a backbone's inpainting model on given masks, and keeping its best checkpoint."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from backbones.kit import checkpoints
from backbones.kit.api import Backbone, Recipe
from backbones.kit.data import Data, in_order, load, shuffled, to_images, to_masks
from backbones.kit.job import InpaintJob
from backbones.kit.progress import report, write_history
from backbones.kit.runtime import Stopwatch, autocast

SAMPLES = 8
"""How many validation images are reconstructed for looking at."""


def train_inpainting(job: InpaintJob, backbone: Backbone, recipe: Recipe) -> dict[str, Any]:
    """Train until the job's epochs are over or the validation generator loss stops falling; keep the lowest.

    Writes checkpoint.safetensors, history.csv (epoch, iterations, mean training losses, validation generator loss)
    and reconstructions.npy: (K, H, W, 3) uint8, the first K validation images with their holes filled by the kept
    checkpoint.

    Returns:
        The content of result.json.
    """
    watch = Stopwatch()
    data = load(job.data, job.image_size, masks=True, columns=("split",))
    recipe.networks.to(job.device)
    order = torch.Generator().manual_seed(job.seed)
    history: list[dict[str, float]] = []
    best: dict[str, float] = {"validation": float("inf")}
    for epoch in range(1, job.epochs + 1):
        losses, steps = _learn(job, recipe, data, order)
        before = history[-1]["iterations"] if history else 0
        validation = _validate(job, recipe, data)
        if not math.isfinite(validation):
            raise RuntimeError(f"Training diverged: the validation generator loss of epoch {epoch} is {validation}.")
        history.append({"epoch": epoch, "iterations": before + steps, "validation": validation, **losses})
        report(epoch, job.epochs, "epoch", loss=losses["generator"], validation=validation)
        if validation < best["validation"]:
            best = history[-1]
            checkpoints.save(job.out / "checkpoint.safetensors", {"backbone": backbone.network.state_dict()})
        if epoch - best["epoch"] >= job.patience:
            break
    write_history(job.out / "history.csv", history)
    backbone.network.load_state_dict(checkpoints.load(job.out / "checkpoint.safetensors")["backbone"])
    np.save(job.out / "reconstructions.npy", _reconstruct(job, recipe, data))
    return watch.result(
        len(history) * len(data.rows("train")),
        epoch=int(best["epoch"]),
        iterations=int(best["iterations"]),
        loss=best["validation"],
    )


def _batch(job: InpaintJob, data: Data, rows: Any) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - any numpy index
    assert data.masks is not None
    return to_images(data.images[rows], job.device), to_masks(data.masks[rows], job.device)


def _learn(job: InpaintJob, recipe: Recipe, data: Data, order: torch.Generator) -> tuple[dict[str, float], int]:
    """One epoch: the mean of each training loss, and the number of steps."""
    recipe.networks.train()
    sums: dict[str, float] = {}
    steps = 0
    for rows in shuffled(data.rows("train"), job.batch_size, order):
        with autocast(job):
            losses = recipe.step(*_batch(job, data, rows))
        sums = {name: sums.get(name, 0.0) + loss for name, loss in losses.items()}
        steps += 1
    return {name: total / steps for name, total in sums.items()}, steps


@torch.no_grad()
def _validate(job: InpaintJob, recipe: Recipe, data: Data) -> float:
    """Mean generator loss over the validation images."""
    recipe.networks.eval()
    rows = data.rows("val")
    total = 0.0
    for batch in in_order(len(rows), job.batch_size):
        with autocast(job):
            loss = recipe.generator_loss(*_batch(job, data, rows[batch]))
        total += float(loss) * (batch.stop - batch.start)
    return total / len(rows)


@torch.no_grad()
def _reconstruct(job: InpaintJob, recipe: Recipe, data: Data) -> np.ndarray[Any, np.dtype[np.uint8]]:
    recipe.networks.eval()
    with autocast(job):
        filled = recipe.inpaint(*_batch(job, data, data.rows("val")[:SAMPLES]))
    return (filled.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
