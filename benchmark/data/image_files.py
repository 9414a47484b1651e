"""Files of images: which formats are opened."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

MOST_PIXELS = 178 * 10**6
"""Pixels of a photo or mask, which take about 1 GB while they are decoded."""

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF", "HEIF")
"""Formats that are read, by Pillow's names."""


class TooManyPixelsError(OSError):
    """An image has more pixels than are decoded."""

    def __init__(self, path: Path) -> None:
        """Args: the file."""
        super().__init__(f"it has more than {MOST_PIXELS // 10**6} million pixels")
        self.path = path


def open_image(path: Path) -> "PillowImage":
    """Open an image of a format of photos and masks, whatever its name says; its pixels are read later.

    Others are never decoded: PostScript, for example, is a program. The size is read from the header: an image of too
    many pixels is never decoded either, however small its file is.

    Raises:
        OSError: the file is of no such format, cannot be read, or has more than `MOST_PIXELS` pixels.
    """
    from PIL import Image

    Image.init()
    try:
        image = Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise TooManyPixelsError(path) from error
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise TooManyPixelsError(path)
    return image
