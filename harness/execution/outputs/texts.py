"""Text files in out/: bounded before they are read."""

import csv
import re
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from benchmark.errors import first_problem
from benchmark.text import printable
from harness.contract import LARGEST, Result
from harness.execution.outputs.errors import BadOutputError

LARGEST_RESULT = 2**16
LARGEST_HISTORY = 2**22
MOST_ROWS = 100_000
MOST_EPOCHS = 10**9

_WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,4})?|[+-]?(nan|inf)", re.ASCII | re.IGNORECASE)


def check_file(path: Path, largest: int | None = None) -> None:
    """Refuse a file that is missing, empty or larger than some bytes."""
    if not path.is_file() or path.stat().st_size == 0:
        raise BadOutputError(f"out/{path.name} is missing or empty")
    if largest is not None and path.stat().st_size > largest:
        raise BadOutputError(f"out/{path.name} has {path.stat().st_size} bytes, at most {largest} are read")


def read_result(path: Path, *, is_inpainting: bool) -> Result:
    """The content of result.json.

    Args:
        path: of the file.
        is_inpainting: whether it is of inpainting training, which says more.

    Raises:
        BadOutputError: it breaks the contract.
    """
    check_file(path, LARGEST_RESULT)
    try:
        result = Result.model_validate_json(path.read_bytes(), strict=True)
    except ValidationError as error:
        raise BadOutputError(f"out/{path.name}: {printable(first_problem(error))[:300]}") from error
    if is_inpainting and None in (result.epoch, result.iterations, result.loss):
        raise BadOutputError(f"out/{path.name}: needs epoch, iterations and loss of the checkpoint kept")
    return result


def check_history(path: Path, columns: tuple[str, ...], count: int | None) -> None:
    """Check a history: `count` rows (None = at least one) with a whole `epoch` and finite numbers in `columns`.

    Raises:
        BadOutputError: it is no such table.
    """
    check_file(path, LARGEST_HISTORY)
    most = MOST_ROWS if count is None else count
    rows = 0
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in islice(csv.DictReader(file), most + 1):
                rows += 1
                _check_row(path, row, columns)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        needs = f"out/{path.name} needs whole numbers in the column epoch, numbers in {', '.join(columns)}"
        raise BadOutputError(f"{needs}: {printable(str(error))[:200]}") from error
    if not rows or rows != (count or min(rows, most)):
        shown = f"more than {most}" if rows > most else str(rows)
        raise BadOutputError(f"out/{path.name} has {shown} rows, expected {count or 'at least 1'}: one an epoch")


def _check_row(path: Path, row: dict[str, str], columns: tuple[str, ...]) -> None:
    if not _WHOLE.fullmatch(row["epoch"]) or int(row["epoch"]) > MOST_EPOCHS:
        raise ValueError(f"{row['epoch'][:40]!r} is no number of an epoch")
    for column in columns:
        if not _NUMBER.fullmatch(row[column]):
            raise ValueError(f"{row[column][:40]!r} is no number")
        if not abs(float(row[column])) <= LARGEST:
            raise BadOutputError(f"out/{path.name} is not finite, or beyond float32, in the column {column}")
