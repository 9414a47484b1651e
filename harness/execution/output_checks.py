"""Checks of a job's outputs against the contract: files, shapes, types, finite values."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from benchmark.errors import first_problem
from harness.contract import AnyJob, Encode, Inpaint, Result, TrainClassify, TrainInpaint
from harness.execution import job_files
from harness.execution.feature_range import feature_range

BLOCK = 64 * 2**20
"""Number of values to check in one step."""


class BadOutputError(Exception):
    """The outputs of a job that ended well break the contract. The message names the file and the fault."""


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
    links = [path.name for path in out.rglob("*") if path.is_symlink()]
    if links:
        raise BadOutputError(f"out/{links[0]} is a link; only plain files are taken")
    if isinstance(job, Encode):
        _check_encode(job, out, len(table))
    elif isinstance(job, TrainClassify):
        _check_classify(job, out, table)
    elif isinstance(job, Inpaint):
        _array(out / job_files.RECONSTRUCTIONS, (len(table), job.image_size, job.image_size, 3), ("uint8",))
    else:
        _check_inpaint(job, out)
    return _result(out / job_files.RESULT, is_inpainting=isinstance(job, TrainInpaint))


def _check_inpaint(job: TrainInpaint, out: Path) -> None:
    _history(out / job_files.HISTORY, ("iterations", "validation"), None)
    _file(out / job_files.CHECKPOINT)
    _array(out / job_files.RECONSTRUCTIONS, (None, job.image_size, job.image_size, 3), ("uint8",))


def _check_encode(job: Encode, out: Path, count: int) -> None:
    embeddings = _array(out / job_files.EMBEDDINGS, (count, None), (job.dtype,))
    if job.starts_random and (problem := feature_range(embeddings).problem):
        raise BadOutputError(
            f"features are out of range with random weights: {problem}; set the statistics of normalisation layers on "
            f"data/{job_files.CALIBRATION}, as the kit does"
        )
    if job.classes is not None:
        _array(out / job_files.LOGITS, (count, job.classes), ("float32",))
    for method in job.explain:
        _array(out / job_files.cams(method), (count, None, None), ("float32",))


def _check_classify(job: TrainClassify, out: Path, table: list[dict[str, str]]) -> None:
    validation = sum(row["split"] == "val" for row in table)
    _history(out / job_files.HISTORY, ("loss",), job.epochs)
    _file(out / job_files.CHECKPOINT)
    _array(out / job_files.VALIDATION_LOGITS, (job.epochs, validation, job.classes), ("float32",))
    probes = sum(row["probe"] == "1" for row in table)
    for method in job.explain:
        _array(out / job_files.cams(method), (job.epochs, probes, None, None), ("float32",))


def _file(path: Path) -> None:
    if not path.is_file() or path.stat().st_size == 0:
        raise BadOutputError(f"out/{path.name} is missing or empty")


def _history(path: Path, columns: tuple[str, ...], count: int | None) -> None:
    """Check a history: `count` rows (None = at least one) with an integer `epoch` and finite numbers in `columns`."""
    _file(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [
                [float(int(row["epoch"])), *(float(row[column]) for column in columns)] for row in csv.DictReader(file)
            ]
    except (KeyError, TypeError, ValueError, OverflowError, csv.Error) as error:
        needs = f"out/{path.name} needs whole numbers in the column epoch, numbers in {', '.join(columns)}"
        raise BadOutputError(f"{needs}: {error}") from error
    if not np.isfinite(rows).all():
        raise BadOutputError(f"out/{path.name} is not finite")
    if not rows or len(rows) != (count or len(rows)):
        raise BadOutputError(f"out/{path.name} has {len(rows)} rows, expected {count or 'at least 1'}: one an epoch")


def _array(path: Path, shape: tuple[int | None, ...], dtypes: tuple[str, ...]) -> NDArray[Any]:
    _file(path)
    try:
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError) as error:
        raise BadOutputError(f"out/{path.name} is not a NumPy array: {error}") from error
    fits = len(array.shape) == len(shape) and all(
        expected in (None, size) for size, expected in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.name not in dtypes:
        expected_shape = ", ".join("any" if size is None else str(size) for size in shape)
        raise BadOutputError(
            f"out/{path.name} holds {array.dtype} {array.shape}, expected {' or '.join(dtypes)} ({expected_shape})"
        )
    if array.size == 0:
        raise BadOutputError(f"out/{path.name} is empty: {array.shape}")
    row = first_row_not_finite(array)
    if row is not None:
        raise BadOutputError(f"out/{path.name} is not finite in row {row}")
    return array


def first_row_not_finite(array: NDArray[Any], block: int = BLOCK) -> int | None:
    """Index of the first row with a value that is not finite; None if there is none.

    Args:
        array: (N, ...), not empty; may be memory-mapped.
        block: number of values to check in one step, at least one row of them.

    >>> first_row_not_finite(np.array([[0.0, 1.0], [2.0, np.inf]]))
    1
    """
    step = max(1, block // int(np.prod(array.shape[1:])))
    for start in range(0, len(array), step):
        rows = array[start : start + step]
        finite = np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
        if not finite.all():
            return start + int(np.argmin(finite))
    return None


def _result(path: Path, *, is_inpainting: bool) -> Result:
    _file(path)
    try:
        result = Result.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadOutputError(f"out/result.json: {first_problem(error)}") from error
    if is_inpainting and None in (result.epoch, result.iterations, result.loss):
        raise BadOutputError("out/result.json: needs epoch, iterations and loss of the checkpoint kept")
    return result
