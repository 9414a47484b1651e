"""What a job wrote is believed only after it was looked at: names, shapes, types, finite values."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from benchmark.errors import first_problem
from harness.contract import AnyJob, Encode, Inpaint, Result, TrainClassify, TrainInpaint

BLOCK = 64 * 2**20
"""Values looked at in one go."""


class BadOutputError(Exception):
    """A job ended well, but what it wrote is not what the contract asks for; the message says where."""


def check(job: AnyJob, out: Path, table: list[dict[str, str]]) -> Result:
    """Look at everything in a job's `out/`.

    Args:
        job: what was asked for.
        out: the folder.
        table: rows of the job's table.csv.

    Returns:
        The content of result.json.

    Raises:
        BadOutputError: something is missing, of another shape or type, or not finite.
    """
    links = [path.name for path in out.rglob("*") if path.is_symlink()]
    if links:
        raise BadOutputError(f"out/{links[0]} is a link; only plain files are taken")
    if isinstance(job, Encode):
        _check_encode(job, out, len(table))
    elif isinstance(job, TrainClassify):
        _check_classify(job, out, table)
    elif isinstance(job, Inpaint):
        _array(out / "reconstructions.npy", (len(table), job.image_size, job.image_size, 3), ("uint8",))
    else:
        _check_inpaint(job, out)
    return _result(out / "result.json", kept=isinstance(job, TrainInpaint))


def _check_inpaint(job: TrainInpaint, out: Path) -> None:
    _history(out / "history.csv", ("iterations", "validation"), None)
    _file(out / "checkpoint.safetensors")
    _array(out / "reconstructions.npy", (None, job.image_size, job.image_size, 3), ("uint8",))


def _check_encode(job: Encode, out: Path, count: int) -> None:
    _array(out / "embeddings.npy", (count, None), (job.dtype,))
    if job.classes is not None:
        _array(out / "logits.npy", (count, job.classes), ("float32",))
    if job.explain:
        _array(out / "cams.npy", (count, None, None), ("float32",))


def _check_classify(job: TrainClassify, out: Path, table: list[dict[str, str]]) -> None:
    validation = sum(row["split"] == "val" for row in table)
    _history(out / "history.csv", ("loss",), job.epochs)
    _file(out / "checkpoint.safetensors")
    _array(out / "validation_logits.npy", (job.epochs, validation, job.classes), ("float32",))
    if job.explain:
        probes = sum(row["probe"] == "1" for row in table)
        _array(out / "cams.npy", (job.epochs, probes, None, None), ("float32",))


def _file(path: Path) -> None:
    if not path.is_file() or path.stat().st_size == 0:
        raise BadOutputError(f"out/{path.name} is missing or empty")


def _history(path: Path, columns: tuple[str, ...], count: int | None) -> None:
    """One row an epoch (None = however many): its number, a whole one, and numbers in the columns that are read."""
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


def _array(path: Path, shape: tuple[int | None, ...], dtypes: tuple[str, ...]) -> None:
    _file(path)
    try:
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError) as error:
        raise BadOutputError(f"out/{path.name} is not a NumPy array: {error}") from error
    fits = len(array.shape) == len(shape) and all(
        expected in (None, got) for got, expected in zip(array.shape, shape, strict=True)
    )
    if not fits or array.dtype.name not in dtypes:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise BadOutputError(
            f"out/{path.name} holds {array.dtype} {array.shape}, expected {' or '.join(dtypes)} ({wanted})"
        )
    if array.size == 0:
        raise BadOutputError(f"out/{path.name} is empty: {array.shape}")
    row = first_row_not_finite(array)
    if row is not None:
        raise BadOutputError(f"out/{path.name} is not finite in row {row}")


def first_row_not_finite(array: NDArray[Any], block: int = BLOCK) -> int | None:
    """Index of the first row with a value that is not finite; None if there is none.

    Args:
        array: (N, ...), not empty; may be memory-mapped.
        block: number of values to look at in one step, at least one row of them.

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


def _result(path: Path, *, kept: bool) -> Result:
    _file(path)
    try:
        result = Result.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadOutputError(f"out/result.json: {first_problem(error)}") from error
    if kept and None in (result.epoch, result.iterations, result.loss):
        raise BadOutputError("out/result.json: needs epoch, iterations and loss of the checkpoint kept")
    return result
