"""A picture of what an inpainting model paints into the holes of test images."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLUMNS = 6
"""Images in a strip, at most."""

BLANK = 128
"""How a hole is shown."""

MARGIN = 0.15
"""Of what is shown around a hole on each side, as a part of the hole's longer side."""


def hole_strip(truth: NDArray[np.uint8], holes: NDArray[np.uint8], filled: NDArray[np.uint8]) -> Image.Image:
    """The first images around their holes: as they are, without what is in the holes, and filled; a row each.

    Args:
        truth: (N, S, S, 3) images.
        holes: (N, S, S), 1 = hole.
        filled: (N, S, S, 3), the same with their holes filled.

    Returns:
        RGB, 3 S high, and S wide for each image.
    """
    masked = np.where(holes[..., None], np.uint8(BLANK), truth)
    windows = [_window(hole) for hole in holes[:COLUMNS]]
    side = truth.shape[1]
    picture = Image.new("RGB", (side * len(windows), side * 3))
    for row, images in enumerate((truth, masked, filled)):
        for column, (image, window) in enumerate(zip(images, windows, strict=False)):
            seen = Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST, window)
            picture.paste(seen, (side * column, side * row))
    return picture


def _window(hole: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The (left, top, right, bottom) of a square in the image that shows the hole; all of it where there is none."""
    whole = len(hole)
    if not hole.any():
        return 0, 0, whole, whole
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    side = min(whole, round(longest * (1 + 2 * MARGIN)))
    top, left = (int(np.clip((found[0] + found[-1] + 1 - side) // 2, 0, whole - side)) for found in (rows, columns))
    return left, top, left + side, top + side
