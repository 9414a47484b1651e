"""Holes to inpaint: which crops have one, where it is, and the test photos whose holes are filled."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import PATTERN
from benchmark.data.irregular_holes import irregular_mask
from benchmark.vocabulary import HoleKind, SplitPart
from harness.execution.crops import CropSet

LEARNT_PARTS: tuple[SplitPart, ...] = ("train", "val")
"""Parts of the inpainting set that a training learns from or chooses its checkpoint by."""

FLIPS: tuple[tuple[int, ...], ...] = ((), (2,), (1,), (1, 2))
"""The paper's four pairs of an original: as it is, flipped left-right, upside down, and both; axes of (N, H, W)."""


class HoleTest(NamedTuple):
    """Test photos whose holes are filled, P of them; the first P of the N images are the photos as they are.

    Attributes:
        truth: (N, H, W, 3) uint8, the photos once or in four flips.
        holes: (N, H, W) uint8, 1 = hole.
        positions: (P,) index of each photo in the crops.
    """

    truth: NDArray[np.uint8]
    holes: NDArray[np.uint8]
    positions: NDArray[np.int64]

    @property
    def photos(self) -> NDArray[np.int64]:
        """(N,) number of the photo that each image shows."""
        return np.resize(np.arange(len(self.positions)), len(self.truth))


def can_inpaint(crops: CropSet, kind: HoleKind) -> bool:
    """Whether the inpainting set has images with a hole to train and to validate on."""
    if kind == "irregular":
        return True
    return crops.catalogue.has_regions and all(
        with_hole(crops, crops.ids("inpaint", part), kind) for part in LEARNT_PARTS
    )


def can_test(crops: CropSet, kind: HoleKind, photos: int | None) -> bool:
    """Whether any test photo has a hole; arguments as `hole_test`."""
    return bool(with_hole(crops, photo_ids(crops, kind, photos), kind))


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


def photo_ids(crops: CropSet, kind: HoleKind, photos: int | None) -> list[str]:
    """Ids of the test photos, in the order of the jobs; arguments as `hole_test`."""
    if photos is None:
        return crops.ids("inpaint", "test")
    chosen = with_hole(crops, crops.unseen_ids, kind)[:photos]
    return sorted(chosen, key=crops.opaque_id)


def hole_test(crops: CropSet, kind: HoleKind, photos: int | None) -> HoleTest:
    """The test photos with their holes, in the order of the jobs.

    Args:
        crops: of the data set.
        kind: of the holes.
        photos: largest number of photos, as they are, of all images of the split that the inpainting training has not
            seen (see `benchmark.splitting.unseen`); None = the inpainting set's test images, in four flips.
    """
    positions = crops.positions(photo_ids(crops, kind, photos))
    truth, holes = crops.images[positions], holes_of(crops, positions, kind)
    if photos is None:
        truth, holes = flipped(truth), flipped(holes)
    return HoleTest(truth, holes, positions)


def flipped(arrays: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """All flips of some images one after the other: (N, H, W, ...) -> (4 N, H, W, ...).

    >>> flipped(np.array([[[1, 2]]], np.uint8)).tolist()
    [[[1, 2]], [[2, 1]], [[1, 2]], [[2, 1]]]
    """
    return np.concatenate([np.flip(arrays, axes) for axes in FLIPS])
