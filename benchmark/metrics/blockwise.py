"""Block-wise reading of memory-mapped arrays: pages that were read are released at once."""

import mmap

import numpy as np
from numpy.typing import NDArray

ROWS = 128
"""Rows read at once. The system loads more of each row than is requested, up to some MiB."""


def read_block(array: NDArray[np.floating], rows: slice, columns: slice = slice(None)) -> NDArray[np.float64]:
    """A block of an array as float64; no page of a file that the array is mapped from stays in memory.

    Args:
        array: (N, D).
        rows: of the block.
        columns: of the block.
    """
    selection = array[rows, columns]
    block = np.empty(selection.shape)
    for start in range(0, len(block), ROWS):
        block[start : start + ROWS] = selection[start : start + ROWS]
        release(array)
    return block


def release(array: NDArray[np.generic]) -> None:
    """Release the pages of a file that is mapped read-only; other arrays stay as they are.

    The system keeps them as long as memory is free. A process that reads large files block by block would then look as
    large as the files, and would be killed under a memory limit.
    """
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and not array.flags.writeable and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
