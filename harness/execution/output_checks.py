"""Checks of a job's outputs against the contract: files, shapes, types, finite values."""

from pathlib import Path

from harness.contract import LARGEST, AnyJob, Encode, Encoder, Inpaint, Result, TrainClassify, TrainInpaint
from harness.execution import job_files
from harness.execution.outputs.arrays import Axis, exactly, open_array, up_to
from harness.execution.outputs.errors import BadOutputError
from harness.execution.outputs.feature_range import feature_range
from harness.execution.outputs.folder import check_folder
from harness.execution.outputs.texts import check_file, check_history, read_result

__all__ = ["BadOutputError", "check"]

LARGEST_LOGIT = 1e30
"""Beyond it, differences and powers of logits are no numbers in float32."""
CAM_ROUNDING = 1e-3
EMBEDDING_FLOOR, EMBEDDING_FACTOR = 2**20, 16
"""An embedding has at most so many values, or so many times those of the image, if that is more: an encoder may enlarge
small images, as InceptionV3 does."""
RGB = 3


def check(job: AnyJob, out: Path, table: list[dict[str, str]]) -> Result:
    """Check every output of a job.

    Args:
        job: the job.
        out: its folder `out/`.
        table: rows of the job's table.csv.

    Returns:
        The content of result.json.

    Raises:
        BadOutputError: a file is missing, a link, of another shape or type, or has values that are not finite; or the
            embeddings of random weights are out of range.
    """
    check_folder(out, frozenset(path.name for path in out.glob("*.npy")))
    result = read_result(out / job_files.RESULT, is_inpainting=isinstance(job, TrainInpaint))
    if isinstance(job, Encode):
        _check_encode(job, out, len(table), result.encoder)
    elif isinstance(job, TrainClassify):
        _check_classify(job, out, table)
    elif isinstance(job, Inpaint):
        _check_images(out / job_files.RECONSTRUCTIONS, exactly(len(table)), job.image_size)
    else:
        _check_inpaint(job, out, len(table))
    return result


def _check_inpaint(job: TrainInpaint, out: Path, count: int) -> None:
    check_history(out / job_files.HISTORY, ("iterations", "validation"), None)
    check_file(out / job_files.CHECKPOINT)
    _check_images(out / job_files.RECONSTRUCTIONS, up_to(count), job.image_size)


def _check_images(path: Path, count: Axis, side: int) -> None:
    check_file(path)
    open_array(path, (count, exactly(side), exactly(side), exactly(RGB)), "uint8", 0, 255)


def _check_encode(job: Encode, out: Path, count: int, encoder: Encoder | None) -> None:
    path = out / job_files.EMBEDDINGS
    check_file(path)
    most = max(EMBEDDING_FLOOR, EMBEDDING_FACTOR * RGB * job.image_size**2)
    embeddings = open_array(path, (exactly(count), up_to(most)), job.dtype, -LARGEST, LARGEST)
    scale = feature_range(embeddings)
    if job.starts_random and scale.problem:
        raise BadOutputError(
            f"features are out of range with random weights: {scale.problem}; set the statistics of normalisation "
            f"layers on data/{job_files.CALIBRATION}, as the kit does"
        )
    if scale.overflows:
        raise BadOutputError(f"out/{path.name} has an embedding whose norm overflows float32 ({scale.norm:.0e})")
    if encoder is not None and (width := _width(job, encoder)) != embeddings.shape[1]:
        raise BadOutputError(
            f"out/{path.name} has {embeddings.shape[1]} values an image, but out/{job_files.RESULT} states a feature "
            f"map of {encoder.shape}: pooling {job.pooling!r} gives {width}"
        )
    if job.classes is not None:
        shape = (exactly(count), exactly(job.classes))
        _check_logits(out / job_files.LOGITS, shape)
    for method in job.explain:
        _check_cams(out / job_files.cams(method), (exactly(count),), job.image_size)


def _width(job: Encode, encoder: Encoder) -> int:
    """Number of values of an embedding of a feature map."""
    channels, height, width = encoder.shape
    return channels * height * width if job.pooling == "flatten" else channels


def _check_classify(job: TrainClassify, out: Path, table: list[dict[str, str]]) -> None:
    validation = sum(row["split"] == "val" for row in table)
    check_history(out / job_files.HISTORY, ("loss",), job.epochs)
    check_file(out / job_files.CHECKPOINT)
    shape = (exactly(job.epochs), exactly(validation), exactly(job.classes))
    _check_logits(out / job_files.VALIDATION_LOGITS, shape)
    probes = sum(row["probe"] == "1" for row in table)
    for method in job.explain:
        _check_cams(out / job_files.cams(method), (exactly(job.epochs), exactly(probes)), job.image_size)


def _check_logits(path: Path, shape: tuple[Axis, ...]) -> None:
    check_file(path)
    open_array(path, shape, "float32", -LARGEST_LOGIT, LARGEST_LOGIT)


def _check_cams(path: Path, images: tuple[Axis, ...], side: int) -> None:
    """Check CAMs: a grid no finer than the image, with values from 0 to 1."""
    check_file(path)
    open_array(path, (*images, up_to(side), up_to(side)), "float32", -CAM_ROUNDING, 1 + CAM_ROUNDING)
