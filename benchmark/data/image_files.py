"""Files of images: which formats are opened."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF", "HEIF")
"""Formats that are read, by Pillow's names."""


def open_image(path: Path) -> "PillowImage":
    """Open an image of a format of photos and masks, whatever its name says; its pixels are read later.

    Others are never decoded: PostScript, for example, is a program.

    Raises:
        OSError: the file is of no such format, or cannot be read.
    """
    from PIL import Image

    Image.init()
    return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
