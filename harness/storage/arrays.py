"""Large arrays on disk, written block by block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from harness.disk import check_room


@contextmanager
def new_array(
    path: Path, shape: tuple[int, ...], dtype: DTypeLike = np.uint8
) -> Iterator[Callable[[NDArray[Any]], None]]:
    """Write a new .npy file of an array, whose rows the block appends in their order, one or several at once.

    The file is never mapped while it is written: the system ends a program that writes to a mapped file on a full disk.

    Args:
        path: of the file.
        shape: of the array.
        dtype: of its values.

    Raises:
        RunError: the disk has not enough room, before anything is computed.
        OSError: the disk failed.
    """
    dtype = np.dtype(dtype)
    check_room(path.parent, int(np.prod(shape)) * dtype.itemsize, "Make room and run again. Finished stages are kept.")
    with path.open("wb") as file:
        descr = np.lib.format.dtype_to_descr(dtype)
        np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})

        def append(rows: NDArray[Any]) -> None:
            file.write(np.ascontiguousarray(rows, dtype).data)

        yield append
