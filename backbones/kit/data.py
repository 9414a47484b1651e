"""The packed data of a job, memory-mapped, and batches of it as tensors."""

import csv
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
    """A job's images and what is known of each.

    Attributes:
        images: (N, H, W, 3) uint8, memory-mapped.
        masks: (N, H, W) uint8, 1 = hole; None where the task has none.
        table: N rows, each a mapping of the columns of table.csv.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.uint8] | None
    table: tuple[dict[str, str], ...]

    def rows(self, split: str) -> NDArray[np.int64]:
        """Indices of the rows of one split, in the order given.

        Raises:
            DataError: there are none.
        """
        rows = np.flatnonzero([row["split"] == split for row in self.table])
        if not len(rows):
            raise DataError(f"table.csv has no row of the split {split!r}.")
        return rows

    def labels(self, classes: int) -> Tensor:
        """(N,) int64, 0 to `classes` - 1.

        Raises:
            DataError: one is something else.
        """
        known = {str(label): label for label in range(classes)}
        strange = next((row["label"] for row in self.table if row["label"] not in known), None)
        if strange is not None:
            raise DataError(f"table.csv: the label {strange!r} is none of 0 to {classes - 1}.")
        return torch.tensor([known[row["label"]] for row in self.table])


def load(folder: Path, image_size: int, *, masks: bool = False, columns: tuple[str, ...] = ()) -> Data:
    """Open the packed data of a job.

    Args:
        folder: with images.npy, table.csv and, where `masks`, masks.npy.
        image_size: that the job names.
        masks: whether the task needs them.
        columns: that table.csv must have beside `id`.

    Raises:
        DataError: a file is missing, of another type or shape, or empty, the numbers of rows differ, or a mask holds
            anything but 0 and 1.
    """
    images = _array(folder / "images.npy", (image_size, image_size, 3))
    holes = _array(folder / "masks.npy", (image_size, image_size)) if masks else None
    table = _table(folder / "table.csv", ("id", *columns))
    for name, count in (("table.csv", len(table)), ("masks.npy", len(holes) if holes is not None else len(images))):
        if count != len(images):
            raise DataError(f"{folder}: {name} has {count} rows, images.npy {len(images)}.")
    if not table:
        raise DataError(f"{folder}: there are no images.")
    if holes is not None and (most := int(holes.max())) > 1:
        raise DataError(f"{folder}: masks.npy holds {most}; it should hold 1 in holes and 0 elsewhere, nothing else.")
    return Data(images, holes, table)


def shuffled(rows: NDArray[np.int64], size: int, generator: torch.Generator) -> Iterator[NDArray[np.int64]]:
    """The rows in random order, in batches of `size` (at least 1).

    A last batch of one is left out where the others are larger: batch norm cannot learn from it.
    """
    order = rows[torch.randperm(len(rows), generator=generator).numpy()]
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        if len(batch) >= min(2, size, len(order)):
            yield batch


def in_order(count: int, size: int) -> Iterator[slice]:
    """0..count in consecutive slices."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def to_images(pixels: NDArray[np.uint8], device: str) -> Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2).float().div_(255)


def to_masks(holes: NDArray[np.uint8], device: str) -> Tensor:
    """(B, H, W) uint8 -> (B, 1, H, W) float32, 1 = hole."""
    return torch.from_numpy(np.array(holes)).to(device).unsqueeze(1).float()


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """(B, 3, H, W) in [0, 1], rounded -> (B, H, W, 3) uint8."""
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
        raise DataError(f"{path}: lacks the column {missing[0]!r}; it has {header}.")
    uneven = next((number for number, row in enumerate(rows) if None in row or None in row.values()), None)
    if uneven is not None:
        raise DataError(f"{path}: row {uneven} has not as many fields as the header.")
    return rows
