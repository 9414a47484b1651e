"""Scores of inpainting: the training, the filled holes, and the size of the encoder; and a picture of the holes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.reconstruction import difference, fill_mean_colour, fill_telea, hole_errors, summarise
from benchmark.protocol import ResolvedProtocol
from benchmark.records.inpainting import Encoder, Inpainting, Reconstruction, ReconstructionDifference
from benchmark.vocabulary import CheckpointRule, Filling, UnitKind
from harness.execution import job_files
from harness.execution.crops import CropSet
from harness.execution.holes import hole_test
from harness.execution.results import StageResult
from harness.scoring.classification import history
from harness.scoring.test_set import units_in

RULES: dict[CheckpointRule, str] = {"lowest": "validation", "settled": "settled"}
"""The column of the history whose lowest value each rule keeps."""


def score(
    training: StageResult,
    filled: StageResult | None,
    crops: CropSet,
    protocol: ResolvedProtocol,
    lpips_file: Path | None,
) -> Inpainting:
    """Validation losses of the inpainting training, and the errors of the filled holes of the test photos.

    Args:
        training: the inpainting training.
        filled: the test photos with their holes filled; None if there are none.
        crops: of the data set.
        protocol: of the run.
        lpips_file: weights of the perceptual distance; None = it is not measured.
    """
    filled_holes = _Filled() if filled is None else _filled(filled, crops, protocol, lpips_file)
    result, rows = training.result, history(training)
    assert result.loss is not None
    assert result.epoch is not None
    assert result.iterations is not None
    has_settled = all("settled" in row for row in rows)
    return Inpainting(
        loss=result.loss,
        epoch=result.epoch,
        iterations=result.iterations,
        batch_size=protocol.inpaint.batch_size,
        validation=tuple(float(row["validation"]) for row in rows),
        settled=tuple(float(row["settled"]) for row in rows) if has_settled else (),
        rule=protocol.inpaint.keep if has_settled else "lowest",
        last_phase=int(_last_phase(rows)[0]["epoch"]),
        kept=kept_epochs(rows) if has_settled else dict.fromkeys(RULES, result.epoch),
        units=filled_holes.units,
        unit_kind=filled_holes.unit_kind,
        reconstruction=filled_holes.reconstruction,
        differences=filled_holes.differences,
    )


def _last_phase(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The epochs of the last phase, or all if the history has no phases."""
    return [row for row in rows if row.get("phase") == rows[-1].get("phase")]


def kept_epochs(rows: list[dict[str, str]]) -> dict[CheckpointRule, int]:
    """The epoch that each rule keeps: the first of the lowest loss, in the last phase if the history has phases.

    Args:
        rows: of a history.csv with the columns `epoch`, `validation` and `settled`.
    """
    return {
        rule: int(min(_last_phase(rows), key=lambda row, column=column: float(row[column]))["epoch"])  # type: ignore[misc]
        for rule, column in RULES.items()
    }


@dataclass(frozen=True, kw_only=True)
class _Filled:
    """The fields of the record part that the filled holes give; the defaults are those without test photos."""

    units: tuple[int, ...] = ()
    unit_kind: UnitKind | None = None
    reconstruction: dict[Filling, Reconstruction] = field(default_factory=dict)
    differences: dict[Filling, ReconstructionDifference] = field(default_factory=dict)


def _filled(filled: StageResult, crops: CropSet, protocol: ResolvedProtocol, lpips_file: Path | None) -> _Filled:
    test = hole_test(crops, protocol.inpaint.masks, protocol.inpaint.test_photos)
    truth, holes = test.truth, test.holes
    fillings: dict[Filling, NDArray[np.uint8]] = {
        "model": np.load(filled.file(job_files.RECONSTRUCTIONS)),
        "mean_colour": fill_mean_colour(truth, holes),
        "telea": fill_telea(truth, holes),
    }
    distances = perceptual_distances(fillings, truth, holes, lpips_file) if lpips_file else {}
    errors = {
        name: hole_errors(images, truth, holes, test.photos, distances.get(name)) for name, images in fillings.items()
    }
    positions = test.positions[errors["model"].photos]
    units = units_in(crops, crops.labels(positions), positions)
    return _Filled(
        units=tuple(units.numbers.tolist()),
        unit_kind=units.kind,
        reconstruction={name: summarise(errors[name], units.numbers) for name in fillings},
        differences={
            name: difference(errors["model"], errors[name], units.numbers) for name in fillings if name != "model"
        },
    )


def encoder_size(embedding: StageResult, image_size: int) -> Encoder | None:
    """Parameters and feature map of the encoder; None if the backbone does not report them."""
    size = embedding.result.encoder
    if size is None:
        return None
    return Encoder(parameters=size.parameters, shape=size.shape, image_size=image_size)


def perceptual_distances(
    fillings: Mapping[Filling, NDArray[np.uint8]], truth: NDArray[np.uint8], holes: NDArray[np.uint8], weights: Path
) -> dict[Filling, NDArray[np.float64]]:
    """LPIPS of each filling, (N,): see `benchmark.metrics.perceptual.hole_lpips`.

    Args:
        fillings: (N, H, W, 3) images whose holes are filled.
        truth: (N, H, W, 3) the images as they are.
        holes: (N, H, W), 1 = hole.
        weights: of the metric's network.
    """
    from benchmark.metrics.perceptual import hole_lpips, load

    network = load(weights)
    return {name: hole_lpips(network, images, truth, holes) for name, images in fillings.items()}
