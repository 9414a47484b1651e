"""Arrays in out/: size and header first, then the values in blocks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.execution.outputs.errors import BadOutputError

BLOCK = 16 * 2**20
"""Number of values to check in one step."""
TYPES = ("float16", "float32", "uint8")
LARGEST_HEADER = 4096
"""Bytes; headers of these arrays have fewer than 200."""


class Axis(NamedTuple):
    """The sizes that an axis may have."""

    least: int
    most: int

    def __str__(self) -> str:
        return str(self.most) if self.least == self.most else f"{self.least} to {self.most}"


def exactly(size: int) -> Axis:
    """An axis of one size."""
    return Axis(size, size)


def up_to(size: int) -> Axis:
    """An axis of any size from 1."""
    return Axis(1, size)


def open_array(path: Path, shape: Sequence[Axis], dtype: str, low: float, high: float) -> NDArray[Any]:
    """Map an array of the documented shape and type, after checking all of its values.

    Args:
        path: a .npy file of version 1, little-endian, in C order.
        shape: the sizes that each axis may have.
        dtype: one of `TYPES`.
        low: the least value that is allowed.
        high: the largest value that is allowed.

    Raises:
        BadOutputError: it is no such array, or has a value that is not finite or not within the bounds.
    """
    name = f"out/{path.name}"
    actual, stored, offset = _header(path)
    expected = np.dtype(dtype).newbyteorder("<")
    fits = len(actual) == len(shape) and all(
        axis.least <= size <= axis.most for size, axis in zip(actual, shape, strict=True)
    )
    if not fits or stored != expected:
        shown = _shown(actual)
        sizes = ", ".join(map(str, shape))
        raise BadOutputError(f"{name} holds {stored} {shown}, expected {dtype} ({sizes})")
    if 0 in actual:
        raise BadOutputError(f"{name} is empty: {actual}")
    needed, size = offset + int(np.prod(actual, dtype=object)) * expected.itemsize, path.stat().st_size
    if size != needed:
        raise BadOutputError(f"{name} is not a NumPy array of {_shown(actual)}: it has {size} bytes, not {needed}")
    array: NDArray[Any] = np.memmap(path, expected, "r", offset, actual)
    row = first_bad_row(array, low, high)
    if row is not None:
        rest = array[row][~np.isfinite(array[row])]
        if rest.size:
            raise BadOutputError(f"{name} is not finite in row {row}")
        raise BadOutputError(f"{name} has values outside {low:g} to {high:g} in row {row}")
    return array


def _header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Shape, type and first byte of the values, from the beginning of a file alone."""
    name = f"out/{path.name}"
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            if version != (1, 0):
                raise BadOutputError(f"{name} is not a NumPy array of version 1.0, but of {version[0]}.{version[1]}")
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=LARGEST_HEADER)
            offset = file.tell()
    except (ValueError, OSError, TypeError, RecursionError, MemoryError, OverflowError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise BadOutputError(f"{name} is not a NumPy array: {reason}") from error
    if dtype.hasobject:
        raise BadOutputError(f"{name} is not a NumPy array of numbers")
    if any(size < 0 or type(size) is not int for size in shape):
        raise BadOutputError(f"{name} is not a NumPy array: its shape is {_shown(shape)}")
    if fortran and sum(size > 1 for size in shape) > 1:
        raise BadOutputError(f"{name} is in Fortran order; write np.ascontiguousarray(array)")
    return shape, dtype, offset


def _shown(shape: Sequence[int]) -> str:
    return str(tuple(shape))[:100]


def first_bad_row(array: NDArray[Any], low: float, high: float, block: int = BLOCK) -> int | None:
    """Index of the first row with a value that is not within bounds, or is no number; None if there is none.

    Args:
        array: (N, ...), not empty; may be memory-mapped.
        low: the least value that is allowed.
        high: the largest value that is allowed.
        block: number of values to check in one step, at least one row of them.

    >>> first_bad_row(np.array([[0.0, 1.0], [2.0, np.nan]]), 0, 5)
    1
    >>> first_bad_row(np.array([[1.0], [np.inf]], np.float16), -1e38, 1e38)
    1
    """
    step = max(1, block // int(np.prod(array.shape[1:])))
    for start in range(0, len(array), step):
        rows = array[start : start + step].reshape(len(array[start : start + step]), -1)
        # in float64: a bound of another type would be rounded to the array's, in float16 to infinity
        least, most = (values.astype(np.float64) for values in (rows.min(axis=1), rows.max(axis=1)))
        good = (least >= low) & (most <= high)  # false of NaN
        if not good.all():
            return start + int(np.argmin(good))
    return None
