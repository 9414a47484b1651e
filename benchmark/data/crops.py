"""Crops: the square around each animal as a fixed-size image, with its regions."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Row
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

Progress = Callable[[int, int], None]
"""Called with (done, total)."""

_MAX_WAITING = 2048
"""Crops kept in memory until their turn; at 256 pixels they take 0.5 GiB."""


class Crop(NamedTuple):
    """The crop of one row.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        regions: (S, S) uint8, values of a region mask; all 0 if the row has no segmentation.
    """

    image: NDArray[np.uint8]
    regions: NDArray[np.uint8]


def crops(rows: Sequence[Row], size: int, side: int | None = None, progress: Progress | None = None) -> Iterator[Crop]:
    """The crops of rows, in their order: the square of each row, cut out of its photo and scaled.

    The square is centred on the box and zero outside the photo. For a row without a box it is centred on the whole
    photo. The image is scaled by bicubic interpolation with antialiasing, the regions by nearest neighbour.

    Each photo is decoded once for all of its rows. Crops of a decoded photo that come later in the order wait in
    memory, at most 2048 of them. The photo of any others is decoded again.

    Args:
        rows: the annotated animals.
        size: side S of the crops in pixels.
        side: side of the squares in the photos, in pixels; None = the longest side of each box.
        progress: called after each crop with (done, total).

    Raises:
        InputError: a photo or its mask cannot be read or used, or a box lies outside its photo.
    """
    positions: defaultdict[Path, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        positions[row.path].append(position)
    waiting: dict[int, Crop] = {}
    for position, row in enumerate(rows):
        if position not in waiting:
            photo = read_photo(row.path)
            later = [other for other in positions[row.path] if other > position]
            for other in [position, *later[: _MAX_WAITING - len(waiting)]]:
                waiting[other] = _cut(rows[other], photo, size, side)
        yield waiting.pop(position)
        if progress is not None:
            progress(position + 1, len(rows))


def read_photo(path: Path) -> "Image":
    """A photo as 8-bit RGB, turned upright by its EXIF orientation.

    Greyscale and palette images become RGB, 16-bit values are scaled to 8 bits, transparent pixels become black.

    Raises:
        InputError: the file is not an image, is truncated, or holds values without a known range.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(
            f"{path}: the photo cannot be read ({error}). Download it again, or remove its rows from the table."
        ) from error
    return _rgb(path, upright)


def _rgb(path: Path, image: "Image") -> "Image":
    from PIL import Image

    if image.mode == "F":
        raise InputError(f"{path}: floating-point pixels have no known range. Save it as 8-bit or 16-bit.")
    if image.mode.startswith("I"):
        values = np.clip(np.asarray(image, dtype=np.int64), 0, 65535)
        image = Image.fromarray(np.round(values / 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, image)
    return image.convert("RGB")


def _cut(row: Row, photo: "Image", size: int, side: int | None) -> Crop:
    from PIL import Image

    window = _window(row, photo.size, side)
    image = photo.crop(window).resize((size, size), Image.Resampling.BICUBIC)
    if row.segmentation is None:
        regions = np.zeros((size, size), np.uint8)
    else:
        mask = Image.fromarray(region_mask(row, (photo.height, photo.width)))
        regions = np.array(mask.crop(window).resize((size, size), Image.Resampling.NEAREST))
    return Crop(np.array(image), regions)


def _window(row: Row, photo: tuple[int, int], side: int | None) -> tuple[int, int, int, int]:
    """The square's (left, top, right, bottom) in the photo; half pixels are rounded up."""
    width, height = photo
    if row.box is None:
        x, y, box_width, box_height = 0.0, 0.0, float(width), float(height)
        side = None
    else:
        x, y, box_width, box_height = row.box
    outside = x >= width or y >= height or x + box_width <= 0 or y + box_height <= 0
    if outside or max(box_width, box_height) > 2 * max(photo):
        raise InputError(
            f"{row.path}: the box {row.box} of image_id {row.image_id!r} does not fit the photo of "
            f"{width} x {height} pixels. A box is [x, y, width, height] in pixels of this photo."
        )
    length = side or int(np.ceil(max(box_width, box_height)))
    left = int(np.floor(x + (box_width - length) / 2 + 0.5))
    top = int(np.floor(y + (box_height - length) / 2 + 0.5))
    return left, top, left + length, top + length
