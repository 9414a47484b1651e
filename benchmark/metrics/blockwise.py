"""Memory-mapped arrays, read block by block without keeping what was read in memory."""

import mmap

import numpy as np
from numpy.typing import NDArray

ROWS = 128
"""Read at once. The system brings more of each row into memory than is asked for, up to some MiB."""


def read(array: NDArray[np.floating], rows: slice, columns: slice = slice(None)) -> NDArray[np.float64]:
    """A block of an array as float64; none of the file that it may be mapped from stays in memory.

    Args:
        array: (N, D).
        rows: of the block.
        columns: of the block.
    """
    chosen = array[rows, columns]
    block = np.empty(chosen.shape)
    for start in range(0, len(block), ROWS):
        block[start : start + ROWS] = chosen[start : start + ROWS]
        release(array)
    return block


def release(array: NDArray[np.generic]) -> None:
    """Give back the memory of what was read of a file mapped read-only; other arrays stay as they are.

    The system would keep it as long as there is memory to spare, so that a process that reads large files block by
    block looks as large as they are, and is ended where its memory is limited.
    """
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and not array.flags.writeable and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
