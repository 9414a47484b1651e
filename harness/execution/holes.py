"""Holes to inpaint: which crops have one, where it is, and the test images whose holes are filled."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import PATTERN
from benchmark.data.irregular_holes import irregular_mask
from benchmark.vocabulary import SPLIT_PARTS, HoleKind
from harness.execution.crops import CropSet

FLIPS: tuple[tuple[int, ...], ...] = ((), (2,), (1,), (1, 2))
"""The paper's four pairs of an original: as it is, flipped left-right, upside down, and both; axes of (N, H, W)."""


class HoleTest(NamedTuple):
    """Test images of the inpainting set in four flips; the first quarter of N are the images as they are.

    Attributes:
        truth: (N, H, W, 3) uint8, the images.
        holes: (N, H, W) uint8, 1 = hole.
    """

    truth: NDArray[np.uint8]
    holes: NDArray[np.uint8]

    @property
    def photos(self) -> NDArray[np.int64]:
        """(N,) number of the photo that each image is a flip of."""
        return np.tile(np.arange(len(self.truth) // len(FLIPS)), len(FLIPS))


def can_inpaint(crops: CropSet, kind: HoleKind) -> bool:
    """Whether every part of the inpainting set has an image with a hole."""
    if kind == "irregular":
        return True
    return crops.catalogue.has_regions and all(
        with_hole(crops, crops.ids("inpaint", part), kind) for part in SPLIT_PARTS
    )


def with_hole(crops: CropSet, ids: list[str], kind: HoleKind) -> list[str]:
    """The images that have a hole.

    Args:
        crops: of the data set.
        ids: image ids.
        kind: of the holes.
    """
    if kind == "irregular" or not ids:
        return ids
    has_hole = (crops.regions[crops.positions(ids)] == PATTERN).any(axis=(1, 2))
    return [image_id for image_id, has in zip(ids, has_hole, strict=True) if has]


def holes_of(crops: CropSet, positions: NDArray[np.int64], kind: HoleKind) -> NDArray[np.uint8]:
    """(N, H, W) uint8 holes of the given crops, 1 = hole: their pattern, or strokes fixed for each image.

    Args:
        crops: of the data set.
        positions: (N,) indices of the crops.
        kind: of the holes.
    """
    if kind == "pattern":
        return np.asarray(crops.regions[positions] == PATTERN, dtype=np.uint8)
    size, rows = crops.images.shape[1], crops.catalogue.rows
    return np.stack([irregular_mask(size, f"{crops.content}:{rows[at].image_id}") for at in positions])


def hole_test(crops: CropSet, kind: HoleKind) -> HoleTest:
    """The inpainting set's test images with their holes, in the order of the jobs."""
    positions = crops.positions(crops.ids("inpaint", "test"))
    return HoleTest(flipped(crops.images[positions]), flipped(holes_of(crops, positions, kind)))


def flipped(arrays: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All flips of some images one after the other: (N, H, W, ...) -> (4 N, H, W, ...).

    >>> flipped(np.array([[[1, 2]]], np.uint8)).tolist()
    [[[1, 2]], [[2, 1]], [[1, 2]], [[2, 1]]]
    """
    return np.concatenate([np.flip(arrays, axes) for axes in FLIPS])
