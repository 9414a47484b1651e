"""A pack is read unchanged, and its errors are named."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from backbones.kit.data import consecutive_batches, load_data, shuffled_batches, to_images, to_masks, to_pixels
from backbones.kit.errors import DataError

SIZE = 8
HEADER = "id,split,label,probe"
ROWS = ("a,train,0,0", "b,val,2,1", "c,train,1,0", "d,val,0,0", "e,train,2,0")


def table(folder: Path, *rows: str, header: str = HEADER) -> None:
    (folder / "table.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    values = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", values.integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8))
    np.save(tmp_path / "masks.npy", values.integers(0, 2, (5, SIZE, SIZE), dtype=np.uint8))
    table(tmp_path, *ROWS)
    return tmp_path


def test_images_and_masks_stay_on_disk_and_cannot_be_written_to(packed: Path) -> None:
    data = load_data(packed, SIZE, masks=True)
    for name, array in (("images.npy", data.images), ("masks.npy", data.masks)):
        assert isinstance(array, np.memmap)
        assert not array.flags.writeable
        assert array is not None
        assert np.array_equal(array, np.load(packed / name))


def test_masks_are_opened_only_if_the_task_has_them(packed: Path) -> None:
    (packed / "masks.npy").unlink()
    assert load_data(packed, SIZE).masks is None


def test_the_table_has_split_and_label_of_each_row(packed: Path) -> None:
    data = load_data(packed, SIZE, columns=("split", "label"))
    assert (data.rows("train").tolist(), data.rows("val").tolist()) == ([0, 2, 4], [1, 3])
    labels = data.labels(3)
    assert (labels.tolist(), labels.dtype) == ([0, 2, 1, 0, 2], torch.int64)


def test_a_split_without_rows_is_refused(packed: Path) -> None:
    table(packed, *(row.replace("val", "train") for row in ROWS))
    with pytest.raises(DataError, match=r"table\.csv has no row of the split 'val'"):
        load_data(packed, SIZE).rows("val")


@pytest.mark.parametrize("label", ["3", "-1", "1.0", "Anna", ""])
def test_a_label_that_is_no_class_is_refused(packed: Path, label: str) -> None:
    table(packed, *ROWS[:4], f"e,train,{label},0")
    with pytest.raises(DataError, match=f"the label '{label}' is none of 0 to 2"):
        load_data(packed, SIZE).labels(3)


def save(name: str, shape: tuple[int, ...], dtype: str = "uint8") -> Callable[[Path], None]:
    return lambda folder: np.save(folder / name, np.zeros(shape, dtype))


def write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def cut(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-1])


def pickled(folder: Path) -> None:
    np.save(folder / "images.npy", np.array([{"not": "pixels"}], dtype=object), allow_pickle=True)


def zipped(folder: Path) -> None:
    np.savez(folder / "images.npz", np.zeros(3))
    (folder / "images.npz").rename(folder / "images.npy")


def masked(highest: int) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        masks = np.load(folder / "masks.npy")
        masks[-1, -1, -1] = highest
        np.save(folder / "masks.npy", masks)

    return spoil


def emptied(folder: Path) -> None:
    save("images.npy", (0, SIZE, SIZE, 3))(folder)
    save("masks.npy", (0, SIZE, SIZE))(folder)
    table(folder)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda folder: (folder / "images.npy").unlink(), "images.npy: cannot be read: .*No such file"),
        (lambda folder: (folder / "masks.npy").unlink(), "masks.npy: cannot be read"),
        (lambda folder: (folder / "table.csv").unlink(), "table.csv: cannot be read"),
        (save("images.npy", (5, SIZE, SIZE, 3), "float32"), r"holds float32 .*, expected uint8 \(N, 8, 8, 3\)"),
        (save("images.npy", (5, SIZE, SIZE, 4)), r"images.npy: holds uint8 \(5, 8, 8, 4\)"),
        (save("images.npy", (5, 3, SIZE, SIZE)), r"images.npy: holds uint8 \(5, 3, 8, 8\)"),
        (save("images.npy", (5, SIZE, 16, 3)), r"images.npy: holds uint8 \(5, 8, 16, 3\)"),
        (save("images.npy", ()), r"images.npy: holds uint8 \(\)"),
        (save("masks.npy", (5, SIZE, SIZE), "bool"), r"masks.npy: holds bool .*, expected uint8 \(N, 8, 8\)"),
        (save("masks.npy", (5, SIZE, SIZE, 1)), r"masks.npy: holds uint8 \(5, 8, 8, 1\)"),
        (masked(2), "masks.npy holds 2; it should hold 1 in holes and 0 elsewhere"),
        (masked(255), "masks.npy holds 255"),
        (save("images.npy", (4, SIZE, SIZE, 3)), "table.csv has 5 rows, images.npy 4"),
        (save("masks.npy", (6, SIZE, SIZE)), "masks.npy has 6 rows, images.npy 5"),
        (lambda folder: table(folder, *ROWS[:4]), "table.csv has 4 rows, images.npy 5"),
        (lambda folder: table(folder, *ROWS, header="id,fold,label,probe"), "the column 'split' is missing; .*fold"),
        (lambda folder: table(folder, *ROWS, header="name,split,label,probe"), "the column 'id' is missing"),
        (write("table.csv", b""), r"the column 'id' is missing; it has \[\]"),
        (lambda folder: table(folder, *ROWS[:4], "e,train,1"), "table.csv: row 4 has another number of fields"),
        (lambda folder: table(folder, "a,train,0,0,0", *ROWS[1:]), "table.csv: row 0 has another number of fields"),
        (write("table.csv", HEADER.encode() + b"\n\xff\xfe,train,0,0\n"), "table.csv: cannot be read: 'utf-8' codec"),
        (write("images.npy", b""), "images.npy: cannot be read"),
        (write("images.npy", b"a picture, surely"), "images.npy: cannot be read: .*magic string"),
        (cut("images.npy"), "images.npy: cannot be read"),
        (pickled, "images.npy: cannot be read"),
        (zipped, "images.npy: cannot be read"),
        (emptied, "there are no images"),
    ],
)  # fmt: skip
def test_wrong_data_are_refused_by_name(packed: Path, spoil: Callable[[Path], object], problem: str) -> None:
    spoil(packed)
    with pytest.raises(DataError, match=problem):
        load_data(packed, SIZE, masks=True, columns=("split", "label", "probe"))


def test_every_pixel_value_survives_the_round_trip() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    pixels = np.stack((values, values[:, ::-1], values.transpose(0, 2, 1)), axis=-1)
    assert np.array_equal(to_pixels(to_images(pixels, "cpu")), pixels)


def test_images_are_channels_first_and_divided_by_255(packed: Path) -> None:
    data = load_data(packed, SIZE)
    images = to_images(data.images[1:4], "cpu")
    expected = np.moveaxis(np.load(packed / "images.npy")[1:4].astype(np.float32) / np.float32(255), -1, 1)
    assert images.dtype == torch.float32
    assert np.array_equal(images.numpy(), expected)


def test_holes_are_one_channel_of_zeros_and_ones(packed: Path) -> None:
    data = load_data(packed, SIZE, masks=True)
    assert data.masks is not None
    masks = to_masks(data.masks[[3, 0]], "cpu")
    assert (tuple(masks.shape), masks.dtype) == ((2, 1, SIZE, SIZE), torch.float32)
    assert np.array_equal(masks[:, 0].numpy(), np.load(packed / "masks.npy")[[3, 0]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pixels_are_clamped_and_rounded(dtype: torch.dtype) -> None:
    values = torch.tensor([-1.0, 0.49 / 255, 0.51 / 255, 1.0, 2.0], dtype=dtype)
    assert to_pixels(values.expand(1, 3, 1, 5))[0, 0].tolist() == [[value] * 3 for value in (0, 0, 1, 255, 255)]


@pytest.mark.parametrize(
    ("count", "size", "sizes"),
    [
        (10, 4, [4, 4, 2]),
        (9, 4, [4, 4]),
        (8, 4, [4, 4]),
        (3, 4, [3]),
        (3, 2, [2]),
        (1, 4, [1]),
        (3, 1, [1, 1, 1]),
    ],
)
def test_shuffled_batches_contain_each_row_once_except_a_single_last_one(
    count: int, size: int, sizes: list[int]
) -> None:
    rows = np.arange(count) * 3 + 1
    batches = list(shuffled_batches(rows, size, torch.Generator().manual_seed(5)))
    assert [len(batch) for batch in batches] == sizes
    drawn = np.concatenate(batches)
    assert len(set(drawn)) == len(drawn) == sum(sizes)
    assert set(drawn) <= set(rows)


def test_the_order_follows_the_generator_and_changes_from_epoch_to_epoch() -> None:
    rows = np.arange(100, 140)

    def order(generator: torch.Generator) -> list[int]:
        return [int(row) for batch in shuffled_batches(rows, 8, generator) for row in batch]

    one, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    first, second = order(one), order(one)
    assert [order(other), order(other)] == [first, second]
    assert len({tuple(order) for order in (first, second, rows.tolist())}) == 3


@pytest.mark.parametrize(("count", "size"), [(10, 4), (8, 4), (3, 4), (1, 1), (0, 4)])
def test_consecutive_batches_cover_every_row_once(count: int, size: int) -> None:
    covered = [list(range(count))[batch] for batch in consecutive_batches(count, size)]
    assert list(chain(*covered)) == list(range(count))
    assert all(0 < len(batch) <= size for batch in covered)
