"""Scores of inpainting: the training, the filled holes, and the size of the encoder; and a picture of the holes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.reconstruction import difference, fill_mean_colour, fill_telea, hole_errors, summarise
from benchmark.protocol import ResolvedProtocol
from benchmark.records.inpainting import Encoder, Inpainting
from benchmark.vocabulary import Filling
from harness.execution import job_files
from harness.execution.holes import HoleTest
from harness.execution.results import StageResult
from harness.scoring.classification import history


def score(
    training: StageResult,
    filled: StageResult,
    test: HoleTest,
    protocol: ResolvedProtocol,
    lpips_file: Path | None,
) -> Inpainting:
    """Validation losses of the inpainting training, and the errors of the filled holes of the test images.

    Args:
        training: the inpainting training.
        filled: the test images with their holes filled.
        test: the test images and their holes.
        protocol: of the run.
        lpips_file: weights of the perceptual distance; None = it is not measured.
    """
    result = training.result
    assert result.loss is not None
    assert result.epoch is not None
    assert result.iterations is not None
    truth, holes = test
    fillings: dict[Filling, NDArray[np.uint8]] = {
        "model": np.load(filled.file(job_files.RECONSTRUCTIONS)),
        "mean_colour": fill_mean_colour(truth, holes),
        "telea": fill_telea(truth, holes),
    }
    errors = {name: hole_errors(images, truth, holes, test.photos) for name, images in fillings.items()}
    distances = _lpips(fillings, truth, holes, lpips_file) if lpips_file else {}
    return Inpainting(
        loss=result.loss,
        epoch=result.epoch,
        iterations=result.iterations,
        batch_size=protocol.inpaint.batch_size,
        validation=tuple(float(row["validation"]) for row in history(training)),
        reconstruction={name: summarise(errors[name], distances.get(name)) for name in fillings},
        differences={
            name: difference(errors["model"], errors[name], protocol.seed) for name in fillings if name != "model"
        },
    )


def encoder_size(embedding: StageResult, image_size: int) -> Encoder | None:
    """Parameters and feature map of the encoder; None if the backbone does not report them."""
    size = embedding.result.encoder
    if size is None:
        return None
    return Encoder(parameters=size.parameters, shape=size.shape, image_size=image_size)


def _lpips(
    fillings: Mapping[Filling, NDArray[np.uint8]], truth: NDArray[np.uint8], holes: NDArray[np.uint8], weights: Path
) -> dict[Filling, float]:
    from benchmark.metrics.perceptual import hole_lpips, load

    network = load(weights)
    return {name: hole_lpips(network, images, truth, holes) for name, images in fillings.items()}
