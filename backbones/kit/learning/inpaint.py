"""Training of the inpainting model, and its best checkpoint."""

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor

from backbones.kit.api import Backbone, Recipe
from backbones.kit.data import Data, consecutive_batches, load_data, shuffled_batches, to_images, to_masks, to_pixels
from backbones.kit.job import InpaintJob
from backbones.kit.learning.batch_norms import BatchNorms
from backbones.kit.progress import report, write_history
from backbones.kit.published import checkpoints
from backbones.kit.runtime import Stopwatch, computing

CHECKPOINT = "checkpoint.safetensors"
SAMPLES = 8
"""Number of validation images in reconstructions.npy."""

SETTLING = 128
"""Number of training images from which the statistics of batch normalisation are computed anew."""


def train_inpainting(job: InpaintJob, backbone: Backbone, recipe: Recipe) -> dict[str, Any]:
    """Train each phase for its epochs, or until the validation generator loss stops falling; keep the best epoch.

    The job's rule says which loss that is: the one with the running statistics of batch normalisation, or the one with
    settled statistics. Networks with batch normalisation are validated with both, and the history has both.

    Writes checkpoint.safetensors, history.csv (phase, epoch, iterations, validation generator loss with running and, of
    networks with batch normalisation, with settled statistics, mean training losses) and reconstructions.npy:
    (K, H, W, 3) uint8, the first K validation images with their holes filled by the kept checkpoint.

    Args:
        job: the job.
        backbone: the loaded backbone.
        recipe: its recipe, which shares its weights.

    Returns:
        The content of result.json.
    """
    watch = Stopwatch()
    data = load_data(job.data, job.image_size, masks=True, columns=("split",))
    recipe.networks.to(job.device)
    history: list[dict[str, float]] = []
    order = torch.Generator().manual_seed(job.seed)
    for number, phase in enumerate(recipe.phases, start=1):
        recipe.begin(phase)
        best = _train_phase(job, recipe, data, order, history, number)
    checkpoints.save(job.out / CHECKPOINT, {"backbone": backbone.network.state_dict()})
    write_history(job.out / "history.csv", history)
    np.save(job.out / "reconstructions.npy", _reconstruct(job, recipe, data))
    return watch.result(
        len(history) * len(data.rows("train")),
        epoch=int(best["epoch"]),
        iterations=int(best["iterations"]),
        loss=best[_rule(best, job)],
    )


def _train_phase(
    job: InpaintJob,
    recipe: Recipe,
    data: Data,
    order: torch.Generator,
    history: list[dict[str, float]],
    number: int,
) -> dict[str, float]:
    """Train one phase, append its epochs to the history, and restore its best state.

    Returns:
        The best epoch's row of the history.
    """
    best: dict[str, float] = {}
    norms = BatchNorms(recipe.networks)
    total = job.epochs * len(recipe.phases)
    for epoch in range(1, job.epochs + 1):
        losses, steps = _train_epoch(job, recipe, data, order)
        done, before = (history[-1]["epoch"], history[-1]["iterations"]) if history else (0, 0)
        validation = _validate(job, recipe, data)
        figures = {"phase": number, "epoch": done + 1, "iterations": before + steps, "validation": validation}
        running = norms.statistics()
        if norms:
            _settle(job, recipe, data, norms)
            figures["settled"] = _validate(job, recipe, data)
        rule = _rule(figures, job)
        if not all(map(math.isfinite, figures.values())):
            raise RuntimeError(f"Training diverged: the validation generator loss of epoch {done + 1} is not finite.")
        history.append({**figures, **losses})
        report(job.epochs * (number - 1) + epoch, total, "epoch", loss=losses["generator"], validation=figures[rule])
        if rule == "validation":
            norms.restore(running)
        if not best or figures[rule] < best[rule]:
            best, best_state = history[-1], deepcopy(recipe.networks.state_dict())
        norms.restore(running)
        if history[-1]["epoch"] - best["epoch"] >= job.patience:
            break
    recipe.networks.load_state_dict(best_state)
    return best


def _rule(figures: Mapping[str, float], job: InpaintJob) -> str:
    """Column of the history whose lowest value is kept; without batch normalisation there is only one."""
    return "settled" if job.keep == "settled" and "settled" in figures else "validation"


def _batch(job: InpaintJob, data: Data, rows: Any) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - any numpy index
    assert data.masks is not None
    return to_images(data.images[rows], job.device), to_masks(data.masks[rows], job.device)


def _train_epoch(job: InpaintJob, recipe: Recipe, data: Data, order: torch.Generator) -> tuple[dict[str, float], int]:
    """Train one epoch and return the mean of each training loss, and the number of steps."""
    recipe.networks.train()
    sums: dict[str, float] = {}
    steps = 0
    for rows in shuffled_batches(data.rows("train"), job.batch_size, order):
        with computing(job):
            losses = recipe.step(*_batch(job, data, rows))
        sums = {name: sums.get(name, 0.0) + loss for name, loss in losses.items()}
        steps += 1
    return {name: loss_sum / steps for name, loss_sum in sums.items()}, steps


@torch.no_grad()
def _settle(job: InpaintJob, recipe: Recipe, data: Data, norms: BatchNorms) -> None:
    """Compute the statistics of batch normalisation anew, from training images at equal distances in their order."""
    recipe.networks.eval()
    rows = data.rows("train")
    rows = rows[np.linspace(0, len(rows) - 1, min(SETTLING, len(rows))).astype(np.int64)]
    with norms.settling():
        for batch in consecutive_batches(len(rows), job.batch_size):
            with computing(job):
                recipe.run_norms(*_batch(job, data, rows[batch]))


@torch.no_grad()
def _validate(job: InpaintJob, recipe: Recipe, data: Data) -> float:
    """Mean generator loss over the validation images."""
    recipe.networks.eval()
    rows = data.rows("val")
    total = 0.0
    for batch in consecutive_batches(len(rows), job.batch_size):
        with computing(job):
            loss = recipe.generator_loss(*_batch(job, data, rows[batch]))
        total += float(loss) * (batch.stop - batch.start)
    return total / len(rows)


@torch.no_grad()
def _reconstruct(job: InpaintJob, recipe: Recipe, data: Data) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The first validation images with their holes filled, (K, H, W, 3) uint8."""
    recipe.networks.eval()
    with computing(job):
        return to_pixels(recipe.inpaint(*_batch(job, data, data.rows("val")[:SAMPLES])))
