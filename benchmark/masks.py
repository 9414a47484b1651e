"""Region masks: from an outline, a run-length code or a mask file to one value a pixel."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.catalogue import ANIMAL, BACKGROUND, PATTERN, MaskFile, Polygons, Rle, Row
from benchmark.errors import InputError

Regions = NDArray[np.uint8]

_CODE = 10
"""A frame mask holds 10 * object_id + region."""


def region_mask(row: Row, size: tuple[int, int]) -> Regions:
    """The region of every pixel of a row's photo.

    An outline or run-length code knows only the animal: its pixels are 1, never 2.

    Args:
        row: with a segmentation.
        size: (height, width) of the photo.

    Returns:
        (height, width) uint8: 0 background and other animals, 1 animal, 2 pattern.

    Raises:
        InputError: the row has no segmentation, or its mask has another size than the photo, holds a value
            that is none of a region mask, or cannot be read.
    """
    match row.segmentation:
        case MaskFile(path, object_id):
            return _decoded(path, _read(path, row, size), object_id)
        case Polygons(rings):
            return _from_coco([list(ring) for ring in rings], row, size)
        case Rle(coded_size, counts):
            _check_size(row, "run-length code", coded_size, size)
            return _from_coco(_coco_rle(coded_size, counts), row, size)
        case None:
            raise InputError(
                f"{row.path}: nothing says where the animal is (image_id {row.image_id!r}). "
                "Give the row a mask or a segmentation."
            )


def _read(path: Path, row: Row, size: tuple[int, int]) -> NDArray[np.int32]:
    """The values of a mask file, (height, width)."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: not a readable mask ({error}). Write it again as a PNG.") from error
    if image.mode not in {"1", "L", "P", "I", "I;16"}:
        raise InputError(
            f"{path}: a mask must have one channel, this one has the mode {image.mode}. Write the region "
            "values 0 (background), 1 (animal), 2 (pattern) as a greyscale PNG."
        )
    _check_size(row, f"mask {path}", (image.height, image.width), size)
    return np.asarray(image, dtype=np.int32)


def _decoded(path: Path, values: NDArray[np.int32], object_id: int | None) -> Regions:
    """One animal's regions out of a mask's values."""
    regions = values if object_id is None else values % _CODE
    wrong = values[(regions < BACKGROUND) | (regions > PATTERN)]
    if wrong.size:
        allowed = "0, 1, 2" if object_id is None else "10 * object_id + 0, 1 or 2"
        raise InputError(
            f"{path}: the mask holds the value {wrong[0]}; allowed are {allowed} "
            "(background, animal, pattern). Write the mask with these values."
        )
    if object_id is None:
        return regions.astype(np.uint8)
    return np.where(values // _CODE == object_id, regions, BACKGROUND).astype(np.uint8)


def _check_size(row: Row, what: str, found: tuple[int, int], size: tuple[int, int]) -> None:
    if tuple(found) != tuple(size):
        raise InputError(
            f"{row.path}: the photo is {size[1]} x {size[0]} pixels (width x height), but its {what} is "
            f"{found[1]} x {found[0]}. Give the mask in the photo's own size."
        )


def _coco_rle(size: tuple[int, int], counts: str | tuple[int, ...]) -> dict[str, Any]:
    return {"size": list(size), "counts": counts.encode("ascii") if isinstance(counts, str) else list(counts)}


def _from_coco(coded: list[list[float]] | dict[str, Any], row: Row, size: tuple[int, int]) -> Regions:
    """Decode polygons or a run-length code with COCO's own library."""
    from pycocotools import mask as coco

    plain = not isinstance(coded, dict) or isinstance(coded["counts"], list)
    if isinstance(coded, dict) and plain and sum(coded["counts"]) != size[0] * size[1]:
        raise InputError(
            f"{row.path}: the run lengths of image_id {row.image_id!r} add up to {sum(coded['counts'])}, not "
            f"to the photo's {size[0] * size[1]} pixels. Export the run-length code again."
        )
    runs = coco.frPyObjects(coded, *size) if plain else coded
    mask: Regions = coco.decode(coco.merge(runs) if isinstance(runs, list) else runs)
    return mask * np.uint8(ANIMAL)
