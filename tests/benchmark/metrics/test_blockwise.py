from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics.blockwise import read_block, release


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_block_of_a_file_is_the_block_of_the_array(tmp_path: Path, dtype: type) -> None:
    array = np.random.default_rng(0).normal(size=(300, 40)).astype(dtype)
    np.save(tmp_path / "array.npy", array)
    for source in (array, np.load(tmp_path / "array.npy", mmap_mode="r")):
        for rows, columns in ((slice(None), slice(5, 9)), (slice(250, 400), slice(None)), (slice(7, 7), slice(1))):
            block = read_block(source, rows, columns)
            assert block.dtype == np.float64
            assert np.array_equal(block, array[rows, columns].astype(np.float64))


@pytest.mark.parametrize("mode", ["c", "r+"])
def test_changes_of_a_writable_mapped_array_are_not_released(tmp_path: Path, mode: str) -> None:
    np.save(tmp_path / "array.npy", np.zeros(5000))
    array = np.load(tmp_path / "array.npy", mmap_mode=mode)
    array[:] = 7
    release(array)
    assert (array == 7).all()
