"""Region masks: one region value for each pixel, from an outline, a run-length code or a mask file."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN, MaskFile, MaskFrame, Polygons, ProposedMask, Rle, Row
from benchmark.data.faults import Fault, FaultsError
from benchmark.data.image_files import open_image

Regions = NDArray[np.uint8]

_CODE = 10
"""A frame mask holds 10 * object_id + region."""

_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    1: lambda values: values,
    2: np.fliplr,
    3: lambda values: np.rot90(values, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda values: np.rot90(values, -1),
    7: lambda values: np.rot90(values, 2).T,
    8: np.rot90,
}
"""From stored to upright pixels, by EXIF orientation (Exif 2.32, tag 0x0112)."""

_SIDEWAYS = range(5, 9)
"""Orientations whose width and height change places."""

_MOST_SHIFT = 35
"""Bits of a run length before its last five: no photo has 2^40 pixels."""

_PLAIN_RUNS = 3
"""The first run lengths of a COCO string are plain numbers; the others are differences."""


def region_mask(row: Row, size: tuple[int, int], orientation: int = 1) -> Regions:
    """The region of every pixel of a row's upright photo.

    An outline or run-length code covers the whole animal without its pattern: its pixels are 1, never 2.

    Args:
        row: a row with a segmentation.
        size: (height, width) of the upright photo.
        orientation: EXIF orientation of the photo's stored pixels. A mask or run-length code of the stored pixels is
            turned as the photo is.

    Returns:
        (height, width) uint8: 0 background and other animals, 1 body, 2 pattern.

    Raises:
        FaultsError: the row has no segmentation; or its mask cannot be read, has another size than the photo, may be of
            the upright or of the stored pixels, or holds a value that is not one of a region mask.
    """
    match row.segmentation:
        case MaskFile(path, object_id) as mask:
            frame = "upright" if isinstance(mask, ProposedMask) else row.mask_frame
            values = _turned(_read(path, row, size), row, f"mask {path}", size, orientation, frame)
            return _decoded(path, values, object_id)
        case Polygons() as polygons:
            return _from_polygons(polygons, row, size)
        case Rle() as rle:
            what = "run-length code"
            if tuple(rle.size) not in {tuple(size), _stored(size, orientation)}:
                raise _wrong_size(row, what, rle.size, size)
            return _turned(_from_rle(rle, row), row, what, size, orientation, row.mask_frame)
        case None:
            raise _fault(
                row.path,
                f"image_id {row.image_id!r} has no segmentation, so its regions are not known",
                "Give the row a mask or a segmentation.",
            )


def _fault(path: Path, reason: str, fix: str) -> FaultsError:
    return FaultsError([Fault(path, reason, fix)])


def _read(path: Path, row: Row, size: tuple[int, int]) -> NDArray[np.int32]:
    """The values of a mask file, (height, width); one of another size than the photo is not decoded."""
    from PIL import Image

    try:
        with open_image(path) as image:
            if sorted(image.size) != sorted(size):
                raise _wrong_size(row, f"mask {path}", (image.height, image.width), size)
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _fault(path, f"not a readable mask ({error})", "Write it again as a PNG.") from error
    if image.mode not in {"1", "L", "P", "I", "I;16"}:
        raise _fault(
            path,
            f"a mask must have one channel, this one has the mode {image.mode}",
            "Write the region values 0 (background), 1 (body), 2 (pattern) as a greyscale PNG.",
        )
    return np.asarray(image, dtype=np.int32)


def _turned(
    values: NDArray[Any], row: Row, what: str, size: tuple[int, int], orientation: int, frame: MaskFrame | None
) -> NDArray[Any]:
    """A mask as the photo is shown.

    Args:
        values: (height, width) of either frame.
        row: whose mask it is.
        what: it is, for messages.
        size: (height, width) of the upright photo.
        orientation: EXIF orientation of the photo.
        frame: which way up the mask is; None = its size tells.
    """
    upright, stored = values.shape == tuple(size), values.shape == _stored(size, orientation)
    if not (upright or stored):
        raise _wrong_size(row, what, values.shape, size)
    if orientation != 1 and upright and stored and frame is None:
        raise _fault(
            row.path,
            f"the photo's EXIF data turn it (orientation {orientation}), and the size of its {what} does not tell "
            "whether the mask is turned too",
            "Write `upright` (as the photo is shown) or `stored` (as its pixels are in the file) in the column "
            "mask_frame, or save the photo without EXIF orientation.",
        )
    turn = (frame == "stored" or not upright) if orientation != 1 else False
    return np.ascontiguousarray(_TURNS[orientation](values)) if turn else values


def _stored(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(height, width) of the stored pixels of a photo whose upright size is given."""
    return (size[1], size[0]) if orientation in _SIDEWAYS else (size[0], size[1])


def _decoded(path: Path, values: NDArray[np.int32], object_id: int | None) -> Regions:
    """The regions of one animal from the values of a mask."""
    regions = values if object_id is None else values % _CODE
    wrong = values[(regions < BACKGROUND) | (regions > PATTERN)]
    if wrong.size:
        allowed = "0, 1, 2" if object_id is None else "10 * object_id + 0, 1 or 2"
        raise _fault(
            path,
            f"the mask holds the value {wrong[0]}; allowed are {allowed} (background, body, pattern)",
            "Write the mask with these values.",
        )
    if object_id is None:
        return regions.astype(np.uint8)
    return np.where(values // _CODE == object_id, regions, BACKGROUND).astype(np.uint8)


def _wrong_size(row: Row, what: str, actual: tuple[int, ...], size: tuple[int, int]) -> FaultsError:
    return _fault(
        row.path,
        f"the photo is {size[1]} x {size[0]} pixels (width x height), but its {what} is {actual[1]} x {actual[0]}",
        "Give the mask in the photo's own size.",
    )


def _from_polygons(polygons: Polygons, row: Row, size: tuple[int, int]) -> Regions:
    """The filled outlines, by COCO's library. It crashes on points far outside the photo, so these are refused."""
    from pycocotools import mask as coco

    farthest = max(abs(number) for ring in polygons.rings for number in ring)
    if farthest > 2 * max(size):
        raise _fault(
            row.path,
            f"the outline of image_id {row.image_id!r} reaches to {farthest:g}, far outside the photo of "
            f"{size[1]} x {size[0]} pixels",
            "Give it in pixels of this photo.",
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
    height, width = rle.size
    try:
        runs = _run_lengths(rle.counts) if isinstance(rle.counts, str) else list(rle.counts)
    except ValueError as error:
        raise _fault(
            row.path, f"the run-length code of image_id {row.image_id!r} {error}", "Export the run-length code again."
        ) from error
    # more runs than pixels would take memory before their sum is known
    if len(runs) > height * width + 1 or min(runs, default=0) < 0 or sum(runs) != height * width:
        raise _fault(
            row.path,
            f"the run lengths of image_id {row.image_id!r} add up to {_short(sum(runs))}, not to the photo's "
            f"{height * width} pixels",
            "Export the run-length code again.",
        )
    values = np.arange(len(runs)) % 2 * BODY
    return np.repeat(values, runs).astype(np.uint8).reshape(width, height).T


def _short(number: int) -> str:
    """A number, in words if nobody would read its figures."""
    return str(number) if abs(number) < 10**18 else "more than 10^18"


def _run_lengths(counts: str) -> list[int]:
    """The run lengths of COCO's compressed string.

    Each character holds five bits of a number, the lowest first, and a flag for "more follows". From the fourth run on,
    the number is the difference to the run two before it.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        bits = ord(character) - 48
        if shift > _MOST_SHIFT:
            raise ValueError("holds a number without end")
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:  # more follows
            continue
        if bits & 0x10:  # negative
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) >= _PLAIN_RUNS else value)
        value = shift = 0
    return runs
