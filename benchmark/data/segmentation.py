"""Region masks: one region value for each pixel, from an outline, a run-length code or a mask file."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN, MaskFile, Polygons, Rle, Row
from benchmark.errors import InputError

Regions = NDArray[np.uint8]

_CODE = 10
"""A frame mask holds 10 * object_id + region."""

_PLAIN_RUNS = 3
"""The first run lengths of a COCO string are plain numbers; the others are differences."""


def region_mask(row: Row, size: tuple[int, int]) -> Regions:
    """The region of every pixel of a row's photo.

    An outline or run-length code covers the whole animal without its pattern: its pixels are 1, never 2.

    Args:
        row: a row with a segmentation.
        size: (height, width) of the photo.

    Returns:
        (height, width) uint8: 0 background and other animals, 1 body, 2 pattern.

    Raises:
        InputError: the row has no segmentation; or its mask cannot be read, has another size than the photo, or holds
            a value that is not one of a region mask.
    """
    match row.segmentation:
        case MaskFile(path, object_id):
            return _decoded(path, _read(path, row, size), object_id)
        case Polygons() as polygons:
            return _from_polygons(polygons, row, size)
        case Rle() as rle:
            _check_size(row, "run-length code", rle.size, size)
            return _from_rle(rle, row)
        case None:
            raise InputError(
                f"{row.path}: image_id {row.image_id!r} has no segmentation, so its regions are not known. "
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
            "values 0 (background), 1 (body), 2 (pattern) as a greyscale PNG."
        )
    _check_size(row, f"mask {path}", (image.height, image.width), size)
    return np.asarray(image, dtype=np.int32)


def _decoded(path: Path, values: NDArray[np.int32], object_id: int | None) -> Regions:
    """The regions of one animal from the values of a mask."""
    regions = values if object_id is None else values % _CODE
    wrong = values[(regions < BACKGROUND) | (regions > PATTERN)]
    if wrong.size:
        allowed = "0, 1, 2" if object_id is None else "10 * object_id + 0, 1 or 2"
        raise InputError(
            f"{path}: the mask holds the value {wrong[0]}; allowed are {allowed} "
            "(background, body, pattern). Write the mask with these values."
        )
    if object_id is None:
        return regions.astype(np.uint8)
    return np.where(values // _CODE == object_id, regions, BACKGROUND).astype(np.uint8)


def _check_size(row: Row, what: str, actual: tuple[int, int], size: tuple[int, int]) -> None:
    if tuple(actual) != tuple(size):
        raise InputError(
            f"{row.path}: the photo is {size[1]} x {size[0]} pixels (width x height), but its {what} is "
            f"{actual[1]} x {actual[0]}. Give the mask in the photo's own size."
        )


def _from_polygons(polygons: Polygons, row: Row, size: tuple[int, int]) -> Regions:
    """The filled outlines, by COCO's library. It crashes on points far outside the photo, so these are refused."""
    from pycocotools import mask as coco

    farthest = max(abs(number) for ring in polygons.rings for number in ring)
    if farthest > 2 * max(size):
        raise InputError(
            f"{row.path}: the outline of image_id {row.image_id!r} reaches to {farthest:g}, far outside the photo of "
            f"{size[1]} x {size[0]} pixels. Give it in pixels of this photo."
        )
    coded = coco.merge(coco.frPyObjects([list(ring) for ring in polygons.rings], *size))
    with warnings.catch_warnings():
        # pycocotools lacks a parameter of `__array__` that NumPy 2 added
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        mask: Regions = coco.decode(coded)
    return mask * np.uint8(BODY)


def _from_rle(rle: Rle, row: Row) -> Regions:
    """The decoded run lengths, which alternate between background and animal, column by column.

    COCO's own decoder is not used: it returns uninitialised memory for a code that is too short.
    """
    runs = _run_lengths(rle.counts) if isinstance(rle.counts, str) else list(rle.counts)
    height, width = rle.size
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise InputError(
            f"{row.path}: the run lengths of image_id {row.image_id!r} add up to {sum(runs)}, not to the "
            f"photo's {height * width} pixels. Export the run-length code again."
        )
    values = np.arange(len(runs)) % 2 * BODY
    return np.repeat(values, runs).astype(np.uint8).reshape(width, height).T


def _run_lengths(counts: str) -> list[int]:
    """The run lengths of COCO's compressed string.

    Each character holds five bits of a number, the lowest first, and a flag for "more follows". From the fourth run on,
    the number is the difference to the run two before it.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:  # more follows
            continue
        if bits & 0x10:  # negative
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) >= _PLAIN_RUNS else value)
        value = shift = 0
    return runs
