"""Large arrays on disk, written block by block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.disk import check_room


@contextmanager
def new_array(path: Path, shape: tuple[int, ...]) -> Iterator[Callable[[NDArray[np.uint8]], None]]:
    """Write a new .npy file of an array of uint8, whose rows the block appends in their order, one or several at once.

    The file is never mapped while it is written: the system ends a program that writes to a mapped file on a full disk.

    Args:
        path: of the file.
        shape: of the array.

    Raises:
        RunError: the disk has not enough room, before anything is computed.
        OSError: the disk failed.
    """
    check_room(path.parent, int(np.prod(shape)), "Make room and run again. Finished stages are kept.")
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})

        def append(rows: NDArray[np.uint8]) -> None:
            file.write(np.ascontiguousarray(rows, np.uint8).data)

        yield append
