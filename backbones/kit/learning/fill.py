"""Holes of images, filled by the inpainting model."""

from typing import Any

import numpy as np
import torch

from backbones.kit.api import Recipe
from backbones.kit.data import consecutive_batches, load_data, order_by_content, to_images, to_masks, to_pixels
from backbones.kit.job import FillJob
from backbones.kit.progress import report
from backbones.kit.runtime import Stopwatch, computing


@torch.no_grad()
def fill(job: FillJob, recipe: Recipe) -> dict[str, Any]:
    """Write reconstructions.npy: (N, H, W, 3) uint8, every image with its holes filled, known pixels unchanged.

    Args:
        job: the job.
        recipe: the loaded backbone's recipe.

    Returns:
        The content of result.json.
    """
    watch = Stopwatch()
    data = load_data(job.data, job.image_size, masks=True)
    assert data.masks is not None
    recipe.networks.to(job.device).eval()
    filled = np.lib.format.open_memmap(
        job.out / "reconstructions.npy", mode="w+", dtype=np.uint8, shape=data.images.shape
    )
    order = order_by_content(data.images)
    for batch in consecutive_batches(len(data.images), job.batch_size):
        rows = order[batch]
        images, masks = to_images(data.images[rows], job.device), to_masks(data.masks[rows], job.device)
        with computing(job):
            filled[rows] = to_pixels(recipe.inpaint(images, masks))
        report(batch.stop, len(data.images), "image")
    filled.flush()
    return watch.result(len(data.images))
