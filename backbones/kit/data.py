"""A job's pack of images, memory-mapped, and its batches as tensors."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backbones.kit.errors import DataError


@dataclass(frozen=True)
class Data:
    """A job's images, masks and table.

    Attributes:
        images: (N, H, W, 3) uint8, memory-mapped.
        masks: (N, H, W) uint8, 1 = hole, 0 = known; None if the task needs none.
        table: N rows of table.csv, each by column.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8] | None
    table: tuple[dict[str, str], ...]

    def rows(self, split: str) -> NDArray[np.int64]:
        """Indices of the rows of one split, in the order of the table, (n,) int64.

        Raises:
            DataError: the split has no row.
        """
        rows = np.flatnonzero([row["split"] == split for row in self.table])
        if not len(rows):
            raise DataError(f"table.csv has no row of the split {split!r}.")
        return rows

    def labels(self, classes: int) -> Tensor:
        """Labels of all rows, (N,) int64, 0 to `classes` - 1.

        Raises:
            DataError: a label has another value.
        """
        label_of = {str(label): label for label in range(classes)}
        unknown = next((row["label"] for row in self.table if row["label"] not in label_of), None)
        if unknown is not None:
            raise DataError(f"table.csv: the label {unknown!r} is none of 0 to {classes - 1}.")
        return torch.tensor([label_of[row["label"]] for row in self.table])


def load_data(folder: Path, image_size: int, *, masks: bool = False, columns: tuple[str, ...] = ()) -> Data:
    """Open the pack of a job.

    Args:
        folder: contains images.npy, table.csv and, if `masks`, masks.npy.
        image_size: the job's side of the images in pixels.
        masks: whether the task needs masks.
        columns: columns that table.csv must have besides `id`.

    Raises:
        DataError: a file is missing, empty, or of another type or shape; the numbers of rows differ; or a mask holds
            another value than 0 and 1.
    """
    images = _array(folder / "images.npy", (image_size, image_size, 3))
    mask_array = _array(folder / "masks.npy", (image_size, image_size)) if masks else None
    table = _table(folder / "table.csv", ("id", *columns))
    for name, count in (
        ("table.csv", len(table)),
        ("masks.npy", len(mask_array) if mask_array is not None else len(images)),
    ):
        if count != len(images):
            raise DataError(f"{folder}: {name} has {count} rows, images.npy {len(images)}.")
    if not table:
        raise DataError(f"{folder}: there are no images.")
    if mask_array is not None and (largest := int(mask_array.max())) > 1:
        raise DataError(f"{folder}: masks.npy holds {largest}; it should hold 1 in holes and 0 elsewhere.")
    return Data(images, mask_array, table)


def load_calibration(folder: Path, image_size: int) -> NDArray[np.uint8]:
    """Open the calibration images of a job, (K, H, W, 3) uint8, memory-mapped.

    Args:
        folder: contains calibration.npy.
        image_size: the job's side of the images in pixels.

    Raises:
        DataError: the file is missing, empty, or of another type or shape.
    """
    path = folder / "calibration.npy"
    images = _array(path, (image_size, image_size, 3))
    if not len(images):
        raise DataError(f"{path}: there are no images.")
    return images


def read_rows(images: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Rows of a memory-mapped array, read into memory of their own.

    Rows that are read through the mapping stay in the memory of the process as long as the array does: it would grow
    with every row.

    Args:
        images: (N, ...).
        rows: (n,) indices.
    """
    assert isinstance(images, np.memmap)
    assert images.filename is not None
    values = np.empty((len(rows), *images.shape[1:]), np.uint8)
    with Path(images.filename).open("rb") as file:
        for value, row in zip(values, rows.tolist(), strict=True):
            file.seek(images.offset + row * value.nbytes)
            file.readinto(value.data)
    return values


def order_by_content(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Row numbers in an order that the images alone decide, (N,).

    An image's output differs by rounding with its place in a batch. Batches in this order are the same however the
    rows are ordered, and so are the outputs.

    Args:
        images: (N, H, W, 3), memory-mapped.
    """
    digests = [hashlib.sha256(read_rows(images, np.array([row])).data).digest() for row in range(len(images))]
    return np.array(sorted(range(len(images)), key=digests.__getitem__), np.int64)


def shuffled_batches(rows: NDArray[np.int64], size: int, generator: torch.Generator) -> Iterator[NDArray[np.int64]]:
    """The rows in random order, in batches of `size`.

    A last batch of one image is left out if the others are larger: batch norm cannot train on one image.

    Args:
        rows: (n,) indices.
        size: images per batch, at least 1.
        generator: source of the order.
    """
    order = rows[torch.randperm(len(rows), generator=generator).numpy()]
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        if len(batch) >= min(2, size, len(order)):
            yield batch


def consecutive_batches(count: int, size: int) -> Iterator[slice]:
    """Consecutive slices of `size` that cover 0 to `count`.

    Examples:
        >>> list(consecutive_batches(5, 2))
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def to_images(pixels: NDArray[np.uint8], device: str) -> Tensor:
    """Pixels (B, H, W, 3) uint8 -> images (B, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2).float().div_(255)


def to_masks(masks: NDArray[np.uint8], device: str) -> Tensor:
    """Masks (B, H, W) uint8 -> (B, 1, H, W) float32, 1 = hole."""
    return torch.from_numpy(np.array(masks)).to(device).unsqueeze(1).float()


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """Images (B, 3, H, W) in [0, 1] -> pixels (B, H, W, 3) uint8, rounded."""
    pixels: NDArray[np.uint8] = (images.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def _array(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        array: NDArray[np.uint8] = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if array.dtype != np.uint8 or array.shape[1:] != shape:
        raise DataError(f"{path}: holds {array.dtype} {array.shape}, expected uint8 (N, {', '.join(map(str, shape))}).")
    return array


def _table(path: Path, columns: tuple[str, ...]) -> tuple[dict[str, str], ...]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or ())
            rows = tuple(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(f"{path}: the column {missing[0]!r} is missing; it has {header}.")
    uneven = next((number for number, row in enumerate(rows) if None in row or None in row.values()), None)
    if uneven is not None:
        raise DataError(f"{path}: row {uneven} has another number of fields than the header.")
    return rows
