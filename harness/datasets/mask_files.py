"""Region masks as PNG files: one channel of region values, or three colours as a painting program leaves them."""

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import MaskFile, Row
from benchmark.data.crops import read_photo
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError
from benchmark.files import atomic_write

if TYPE_CHECKING:
    from PIL.Image import Image

COLOURS = ((0, 0, 0), (0, 220, 255), (255, 0, 200))
"""RGB colours of the values 0 (background), 1 (animal) and 2 (pattern) in a painting program."""

UNREADABLE = (OSError, SyntaxError, ValueError)
"""Errors of Pillow for a damaged file."""


def encode_mask(regions: NDArray[np.uint8]) -> bytes:
    """A region mask (H, W) of values 0 to 2 as a PNG of one channel, whose palette holds `COLOURS`."""
    from PIL import Image

    image = Image.fromarray(regions)
    image.putpalette([part for colour in COLOURS for part in colour])
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return stream.getvalue()


def write_mask(png: bytes, path: Path) -> None:
    """Writes an encoded mask; an interruption leaves the file as it was."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(png)


def read_mask(path: Path, row: Row) -> NDArray[np.uint8]:
    """The region mask (H, W) of values 0 to 2 in a PNG that holds these values or the three colours.

    Raises:
        InputError: the file is unreadable, has another size than the row's photo, or holds another value or colour.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
    except UNREADABLE as error:
        raise InputError(f"{path}: not a readable PNG ({error}). Export it again.") from error
    width, height = read_photo(row.path).image.size
    if image.size != (width, height):
        raise InputError(
            f"{path}: {image.width} x {image.height} pixels (width x height), but the photo {row.path} has "
            f"{width} x {height}. Give the mask in the photo's own size."
        )
    if image.mode in {"P", "RGB", "RGBA"}:
        regions = _regions_by_colour(image)
        unknown = np.argwhere(regions < 0)
        if not unknown.size:
            return regions.astype(np.uint8)
        if image.mode != "P":  # indexed values may be regions under other colours
            y, x = (int(place) for place in unknown[0])
            raise InputError(
                f"{path}: the pixel at x = {x}, y = {y} has the colour {image.getpixel((x, y))}. Allowed are "
                f"{COLOURS[0]} background, {COLOURS[1]} animal and {COLOURS[2]} pattern, or one channel with the "
                "values 0, 1, 2. Paint with a hard brush, without smoothing."
            )
    return region_mask(replace(row, segmentation=MaskFile(path), mask_frame="upright"), (height, width))


def holds(path: Path, regions: NDArray[np.uint8]) -> bool:
    """Whether a file is readable and has exactly these values in its only channel."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.array_equal(np.asarray(image), regions)
    except UNREADABLE:
        return False


def _regions_by_colour(image: "Image") -> NDArray[np.int8]:
    """(H, W) index in `COLOURS` of each pixel's colour; -1 = another colour."""
    pixels = np.asarray(image.convert("RGB"))
    regions = np.full(pixels.shape[:2], -1, np.int8)
    for value, colour in enumerate(COLOURS):
        regions[(pixels == colour).all(axis=-1)] = value
    return regions
