"""Record parts of inpainting: the training, the filled holes, and the size of the encoder."""

from typing import Annotated

from pydantic import Field

from benchmark.records.base import MOST, NOT_NEGATIVE, Code, Count, Interval, Metric, RecordPart
from benchmark.vocabulary import CheckpointRule, Filling, UnitKind


class Reconstruction(RecordPart):
    """Errors of filled holes over the pixels of the hole alone; means over the test photos that have a hole.

    Attributes:
        l1: mean absolute difference, of a range of 1.
        psnr: 10 log10(1 / mean squared difference), in dB; None if an image was filled exactly.
        ssim: structural similarity (Wang et al. 2004) whose windows are limited to the hole, at most 1.
        images: number of images that have a hole: each photo in its flips.
        lpips: perceptual distance (Zhang et al. 2018), from 0; None if the weights of its network were not available.
        photos: number of photos that have a hole.
        by_photo: by the name of a field above its value for each photo, rounded to six decimals; means are of these.
        intervals: of the means, by the name of the field, over units; empty with fewer than six units.
    """

    l1: Annotated[
        float, NOT_NEGATIVE, Metric("Hole L1", "mean absolute difference in the hole, of a range of 1", False)
    ]
    psnr: Annotated[float | None, Metric("Hole PSNR", "peak signal-to-noise ratio in the hole", True, "dB")]
    ssim: Annotated[float, Metric("Hole SSIM", "structural similarity in the hole", True, reference="Wang et al. 2004")]
    images: Count
    lpips: Annotated[
        float | None,
        NOT_NEGATIVE,
        Metric("Hole LPIPS", "perceptual distance in the hole", False, reference="Zhang et al. 2018"),
    ]
    photos: Count
    by_photo: dict[str, tuple[float, ...]]
    intervals: dict[str, Interval]


class ReconstructionDifference(RecordPart):
    """Errors of the model minus those of a filling that learns nothing, paired by photo.

    Attributes:
        l1: mean difference of `Reconstruction.l1`.
        psnr: mean difference of `Reconstruction.psnr`; None if an image was filled exactly.
        ssim: mean difference of `Reconstruction.ssim`.
        lpips: mean difference of `Reconstruction.lpips`; None if it was not measured.
        intervals: of the four, over units; empty with fewer than six units.
        photos: number of photos that have a hole.
        units: number of units that these photos come from.
        detectable: smallest difference of PSNR that these photos can tell; None with fewer than six units.
    """

    l1: Annotated[float, Metric("L1 difference", "Hole L1 of the model minus that of the filling", False)]
    psnr: Annotated[
        float | None, Metric("PSNR difference", "Hole PSNR of the model minus that of the filling", True, "dB")
    ]
    ssim: Annotated[float, Metric("SSIM difference", "Hole SSIM of the model minus that of the filling", True)]
    lpips: Annotated[
        float | None, Metric("LPIPS difference", "Hole LPIPS of the model minus that of the filling", False)
    ]
    intervals: dict[str, Interval]
    photos: Count
    units: Count
    detectable: Annotated[
        float | None,
        NOT_NEGATIVE,
        Metric("Detectable", "smallest PSNR difference that is found with 80 % power at 5 %", None, "dB"),
    ]


class Encoder(RecordPart):
    """Number of parameters of the encoder, and the shape (C, H, W) of its feature map at one image size in pixels.

    A parameter counts if the feature map depends on it: a head that is never run does not.
    """

    parameters: Annotated[
        Count, Metric("Parameters", "number of parameters of the encoder, without layers behind the feature map", None)
    ]
    shape: tuple[Count, Count, Count]
    image_size: Annotated[int, Field(ge=1, le=2**16)]


class Inpainting(RecordPart):
    """The inpainting training: its lowest validation generator loss, and when that was reached (the paper's Table 3).

    Attributes:
        loss: of the state kept, by its rule; in the backbone's own units, not comparable between backbones.
        epoch: of the state kept, counted from 1 over all phases.
        iterations: steps up to that epoch.
        batch_size: images a step.
        validation: loss after every epoch, with the running statistics of batch normalisation.
        settled: the same with settled statistics; empty if the network has no batch normalisation.
        rule: by which the state was kept. Without batch normalisation both rules keep the same state; `lowest` then.
        last_phase: first epoch of the last phase of the training, in which the kept epoch lies.
        kept: the epoch that each rule keeps: the first of the lowest loss in the last phase.
        units: unit of each test photo that has a hole; empty if there is none.
        unit_kind: what a unit is; None without such photos.
        reconstruction: of the test photos' holes, by the model and by two fillings that learn nothing; empty
            without such photos.
        differences: of the model from each filling that learns nothing.
    """

    loss: Annotated[
        float, Metric("Lowest loss", "generator loss on the validation images, in the backbone's own units", False)
    ]
    epoch: Annotated[Count, Metric("Epoch", "epoch of the lowest loss, counted from 1 over all phases", None)]
    iterations: Annotated[Count, Metric("Iterations", "training steps up to that epoch", None)]
    batch_size: Annotated[Count, Metric("Batch", "images a step", None)]
    validation: tuple[float, ...]
    settled: tuple[float, ...]
    rule: CheckpointRule
    last_phase: Annotated[int, Field(ge=1, le=MOST)]
    kept: dict[CheckpointRule, Annotated[int, Field(ge=1, le=MOST)]]
    units: tuple[Code, ...] = ()
    unit_kind: UnitKind | None = None
    reconstruction: dict[Filling, Reconstruction] = {}
    differences: dict[Filling, ReconstructionDifference] = {}
