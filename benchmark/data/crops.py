"""Crops: the square around each animal as a fixed-size image, with its regions."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Row
from benchmark.data.faults import Fault, FaultsError
from benchmark.data.image_files import MOST_PIXELS, TooManyPixelsError, open_image
from benchmark.data.segmentation import region_mask

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

HEIC_SUFFIXES = frozenset({".heic", ".heif"})
HEIC_FIX = "Install it: pip install 'patternbench[heic]'; or export the photo as JPEG."

SMALLEST_SIDE = 3
"""Pixels; a narrower box or photo shows nothing."""

ROWS = 256
"""Rows of pixels that are converted at a time."""

Progress = Callable[[int, int], None]
"""Called with (done, total)."""

MAX_WAITING = 2048
"""Crops kept in memory until their turn; at 256 pixels they take 0.5 GiB."""


class Crop(NamedTuple):
    """The crop of one row.

    Attributes:
        image: (S, S, 3) uint8 RGB.
        regions: (S, S) uint8, values of a region mask; all 0 if the row has no segmentation.
    """

    image: NDArray[np.uint8]
    regions: NDArray[np.uint8]


def crops(
    rows: Sequence[Row],
    size: int,
    side: int | None = None,
    progress: Progress | None = None,
    *,
    max_waiting: int = MAX_WAITING,
) -> Iterator[Crop]:
    """The crops of rows, in their order: the square of each row, cut out of its photo and scaled.

    The square is centred on the box and zero outside the photo. For a row without a box it is centred on the whole
    photo. The image is scaled by bicubic interpolation with antialiasing, the regions by nearest neighbour.

    Each photo is decoded once for all of its rows. Crops of a decoded photo that come later in the order wait in
    memory, at most `max_waiting` of them. The photo of any others is decoded again.

    Args:
        rows: the annotated animals.
        size: side S of the crops in pixels.
        side: side of the squares in the photos, in pixels; None = the longest side of each box.
        progress: called after each crop with (done, total).
        max_waiting: most crops kept until their turn.

    Raises:
        FaultsError: after every row was read: each photo, mask and box that cannot be used.
    """
    positions: defaultdict[Path, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        positions[row.path].append(position)
    waiting: dict[int, Crop | None] = {}
    faults: dict[Fault, None] = {}
    for position, row in enumerate(rows):
        if position not in waiting:
            later = [other for other in positions[row.path] if other > position]
            now = [position, *later[: max_waiting - len(waiting)]]
            crops_of_photo, faults_of_photo = _cut_all([rows[other] for other in now], size, side)
            waiting |= dict(zip(now, crops_of_photo, strict=True))
            faults |= dict.fromkeys(faults_of_photo)
        crop = waiting.pop(position)
        if crop is not None and not faults:
            yield crop
        if progress is not None:
            progress(position + 1, len(rows))
    if faults:
        raise FaultsError(faults)


def _cut_all(rows: Sequence[Row], size: int, side: int | None) -> tuple[list[Crop | None], list[Fault]]:
    """The crops of rows of one photo, None for a row that cannot be used, and the faults."""
    try:
        photo = read_photo(rows[0].path)
    except FaultsError as error:
        return [None] * len(rows), [fault for row in rows for fault in _of_row(row, error)]
    crops_: list[Crop | None] = []
    faults: list[Fault] = []
    for row in rows:
        try:
            crops_.append(_cut(row, photo, size, side))
        except FaultsError as error:
            crops_.append(None)
            faults += _of_row(row, error)
    return crops_, faults


def check_row(row: Row, photo: "Photo") -> list[Fault]:
    """Why a row cannot be cut out of its photo: its box or its mask does not fit. Empty if it can."""
    try:
        window(row, photo.image.size, None)
        if row.segmentation is not None:
            region_mask(row, (photo.image.height, photo.image.width), photo.orientation)
    except FaultsError as error:
        return _of_row(row, error)
    return []


def _of_row(row: Row, error: FaultsError) -> list[Fault]:
    return [replace(fault, image_id=row.image_id) for fault in error.faults]


class Photo(NamedTuple):
    """A photo.

    Attributes:
        image: 8-bit RGB, upright.
        orientation: EXIF orientation of the stored pixels, 1 to 8; 1 = they are upright.
        taken: EXIF date and time of the exposure as ISO 8601; empty if it is not known.
    """

    image: "Image"
    orientation: int = 1
    taken: str = ""


def read_photo(path: Path) -> Photo:
    """Read a photo as 8-bit RGB, turned upright by its EXIF orientation.

    Of a file with several frames or pages the first is read. Greyscale and palette images become RGB, 16-bit values are
    scaled to 8 bits, transparent pixels become black.

    Raises:
        FaultsError: the file is not an image, is truncated, or holds values without a known range.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if path.suffix.lower() in HEIC_SUFFIXES and not heic_is_readable():
        raise FaultsError([Fault(path, "HEIC photos need a library that is not installed", HEIC_FIX)])
    try:
        with open_image(path) as image:
            image.load()
            exif = image.getexif()
            upright = ImageOps.exif_transpose(image)
    except UnidentifiedImageError as error:
        what = "the file is empty" if not path.stat().st_size else "the photo cannot be read: it is of no known format"
        fix = "Copy it again, or export it as JPEG."
        raise FaultsError([Fault(path, what, fix)]) from error
    except PermissionError as error:
        raise FaultsError([Fault(path, "the file may not be read", "Change its permissions: chmod u+r.")]) from error
    except (TooManyPixelsError, Image.DecompressionBombError) as error:
        reason = f"the photo has more than {MOST_PIXELS // 10**6} million pixels"
        raise FaultsError([Fault(path, reason, "Save it smaller.")]) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        fix = "Download it again, or remove its rows from the table."
        raise FaultsError([Fault(path, f"the photo cannot be read ({error})", fix)]) from error
    return Photo(_rgb(path, upright), _orientation(exif), _taken(exif))


def upright_size(path: Path) -> tuple[int, int] | None:
    """(width, height) of a photo as it is shown, from its header alone; None if it cannot be read."""
    from PIL import Image

    try:
        with open_image(path) as image:
            sideways = _orientation(image.getexif()) >= 5  # noqa: PLR2004 - width and height change places
            return (image.height, image.width) if sideways else image.size
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return None


def taken(path: Path) -> str:
    """EXIF date and time of a photo as ISO 8601, from its header alone; empty if it is not known."""
    from PIL import Image

    try:
        with open_image(path) as image:
            return _taken(image.getexif())
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return ""


def _orientation(exif: "Exif") -> int:
    orientation = exif.get(0x0112, 1)
    return orientation if orientation in range(1, 9) else 1


def _taken(exif: "Exif") -> str:
    """DateTimeOriginal, else DateTime, as ISO 8601."""
    text = exif.get_ifd(0x8769).get(0x9003) or exif.get(0x0132) or ""
    try:
        return datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S").isoformat()  # noqa: DTZ007 - has no zone
    except ValueError:
        return ""


def heic_is_readable() -> bool:
    """Whether the optional library for HEIC photos is installed; it is registered by the call."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


def _rgb(path: Path, image: "Image") -> "Image":
    from PIL import Image

    if image.mode == "F":
        raise FaultsError([Fault(path, "floating-point pixels have no known range", "Save it as 8-bit or 16-bit.")])
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, image)
    return image.convert("RGB")


def _eight_bits(image: "Image") -> "Image":
    """An image of integers, clipped to 16 bits and scaled to 8, some rows at a time."""
    from PIL import Image

    values = np.asarray(image)
    scaled = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), ROWS):
        rows = np.clip(values[start : start + ROWS].astype(np.int64), 0, 65535)
        scaled[start : start + ROWS] = np.round(rows / 257)
    return Image.fromarray(scaled)


def _cut(row: Row, photo: Photo, size: int, side: int | None) -> Crop:
    from PIL import Image

    square = window(row, photo.image.size, side)
    image = photo.image.crop(square).resize((size, size), Image.Resampling.BICUBIC)
    if row.segmentation is None:
        regions = np.zeros((size, size), np.uint8)
    else:
        mask = Image.fromarray(region_mask(row, (photo.image.height, photo.image.width), photo.orientation))
        regions = np.array(mask.crop(square).resize((size, size), Image.Resampling.NEAREST))
    return Crop(np.array(image), regions)


def window(row: Row, photo: tuple[int, int], side: int | None) -> tuple[int, int, int, int]:
    """The square's (left, top, right, bottom) in the photo; half pixels are rounded up.

    Args:
        row: the annotated animal.
        photo: (width, height) of the photo.
        side: of the square; None = the longest side of the box.

    Raises:
        FaultsError: the box does not fit the photo.
    """
    width, height = photo
    if row.box is None:
        if min(photo) < SMALLEST_SIDE:
            reason = f"the photo has {width} x {height} pixels, which show nothing"
            raise FaultsError([Fault(row.path, reason, "Copy the original photo, or remove it.")])
        x, y, box_width, box_height = 0.0, 0.0, float(width), float(height)
        side = None
    else:
        x, y, box_width, box_height = row.box
    outside = x >= width or y >= height or x + box_width <= 0 or y + box_height <= 0
    if outside or max(box_width, box_height) > 2 * max(photo):
        reason = f"the box {row.box} of image_id {row.image_id!r} does not fit the photo of {width} x {height} pixels"
        fix = "A box is [x, y, width, height] in pixels of this photo as it is shown, upright."
        raise FaultsError([Fault(row.path, reason, fix)])
    if side is not None and side > 2 * max(photo):
        reason = f"the boxes of its data set are up to {side} pixels wide, and the photo {width} x {height}"
        raise FaultsError([Fault(row.path, reason, "Correct the largest box.")])
    length = side or int(np.ceil(max(box_width, box_height)))
    left = int(np.floor(x + (box_width - length) / 2 + 0.5))
    top = int(np.floor(y + (box_height - length) / 2 + 0.5))
    return left, top, left + length, top + length
