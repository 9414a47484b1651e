"""Calibration: the statistics of batch normalisation in an encoder with random weights, measured on training images.

Batch normalisation in evaluation mode divides by running statistics, which a new network sets to 0 and 1. Until they
are those of its activations it normalises nothing: the features of a deep network with random weights then vanish or
explode.
"""

from math import ceil

import numpy as np
import torch
from torch import nn

from backbones.kit.data import load_calibration, to_images
from backbones.kit.job import Job
from backbones.kit.learning.batch_norms import BatchNorms
from backbones.kit.runtime import computing

BATCH = 32
"""Largest number of images whose activations are measured at once. The job's batch size does not count: the statistics
must be the same in every job of a run."""


def calibrate(job: Job, encoder: nn.Module) -> None:
    """Settle an encoder's running statistics on the calibration images, if the job starts from random weights.

    Published weights and checkpoints keep theirs, and an encoder without such layers is not run. Nothing random is
    drawn.

    Args:
        job: the job.
        encoder: its encoder; moved to the job's device and set to evaluation mode.

    Raises:
        DataError: the encoder has such layers, but calibration.npy is missing or of another size.
        JobError: the encoder does not take images of this size.
    """
    norms = BatchNorms(encoder)
    if not job.starts_random or not norms:
        return
    images = load_calibration(job.data, job.image_size)
    encoder.to(job.device).eval()
    with torch.no_grad(), norms.settling(), computing(job):
        for batch in np.array_split(images, ceil(len(images) / BATCH)):
            encoder(to_images(batch, job.device))
