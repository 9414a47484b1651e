"""Proposed region masks: the animal by GrabCut, and its pattern area as the animal without its rim.

Both are approximate, for a person to correct. The pattern area is a depth, not a detected pattern: it covers the whole
inner part of the animal.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BODY, PATTERN
from benchmark.errors import InputError

Box = tuple[float, float, float, float]
BinaryMask = NDArray[np.bool_]

RIM = 0.35
"""Depth of the rim outside the pattern area, as a share of the innermost pixel's distance to the outline."""

_SIDE = 192
"""Longest side in pixels of the image that GrabCut works on; its time grows faster than the number of pixels."""

_MARGIN = 0.15
"""Width of the margin around the box from which the background is learnt, as a share of the box's longest side.

A wider margin takes in other animals.
"""

_EDGE = 0.015
"""Width of the strip at the photo's edge that counts as background, as a share of the box's side.

GrabCut needs some background also if the box covers the whole photo.
"""

_CORE = 0.1
"""Radius of the certain animal around the box's centre, as a share of the box's half side.

Without it, GrabCut may swap animal and background.
"""

_ITERATIONS = 1
"""More iterations fit the colours closer to the trunk's and lose the fins."""

_HALF = 0.5
_NO_RECTANGLE = (0, 0, 0, 0)
_SEED = 0


def propose_regions(
    photo: NDArray[np.uint8], box: Box | None = None, outline: BinaryMask | None = None
) -> NDArray[np.uint8]:
    """The proposed regions of one animal; the same input always gives the same result.

    Args:
        photo: (H, W, 3) uint8 RGB.
        box: (x, y, width, height) around the animal in pixels; None = the whole photo.
        outline: (H, W) bool, the animal's pixels; None = not known, and `segment_animal` finds them.

    Returns:
        (H, W) uint8, values of a region mask; all 0 if the outline is empty.

    Raises:
        InputError: the box has no pixel in the photo.
    """
    animal = segment_animal(photo, box) if outline is None else outline
    regions: NDArray[np.uint8] = np.where(inner_body(animal), PATTERN, animal * BODY).astype(np.uint8)
    return regions


def segment_animal(photo: NDArray[np.uint8], box: Box | None = None) -> BinaryMask:
    """The animal's pixels in its box by GrabCut (Rother et al., SIGGRAPH 2004, doi 10.1145/1015706.1015720).

    Pixels outside the box or at the edge of the photo are background. The result is the largest connected part of the
    foreground, with its holes filled.

    Args:
        photo: (H, W, 3) uint8 RGB.
        box: (x, y, width, height) in pixels; None = the whole photo.

    Returns:
        (H, W) bool; never empty.

    Raises:
        InputError: the box has no pixel in the photo.
    """
    import cv2

    height, width = photo.shape[:2]
    x, y, box_width, box_height = box or (0.0, 0.0, float(width), float(height))
    if x >= width or y >= height or x + box_width <= 0 or y + box_height <= 0:
        raise InputError(
            f"The box {box} has no pixel in the photo of {width} x {height} pixels. Give it as "
            "[x, y, width, height] in pixels of this photo."
        )
    margin = _MARGIN * max(box_width, box_height)
    left, right = _window(x, box_width, margin, width)
    top, bottom = _window(y, box_height, margin, height)
    scale = min(1, _SIDE / max(right - left, bottom - top))
    columns, rows = (max(1, round(scale * side)) for side in (right - left, bottom - top))
    window = np.asarray(
        cv2.resize(photo[top:bottom, left:right], (columns, rows), interpolation=cv2.INTER_AREA), np.uint8
    )
    across = _axis((left, right), columns, (x, box_width), width)
    down = _axis((top, bottom), rows, (y, box_height), height)
    foreground = _largest_part(_grab_cut(window, across, down)).astype(np.float32)
    animal = np.zeros((height, width), np.bool_)
    whole = cv2.resize(foreground, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    animal[top:bottom, left:right] = whole >= _HALF
    return animal


def inner_body(animal: BinaryMask) -> BinaryMask:
    """The animal without its rim, and so without its fins and tail.

    The rim is as deep as `RIM` of the innermost pixel's distance to the outline. Where the edge of the photo cuts the
    animal, there is no rim.

    Args:
        animal: (H, W) bool.

    Returns:
        (H, W) bool; empty only if `animal` is empty.
    """
    import cv2

    depth = cv2.distanceTransform(animal.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inner: BinaryMask = depth > RIM * depth.max()
    return inner


def _window(start: float, length: float, margin: float, size: int) -> tuple[int, int]:
    """First pixel of a box with its margin, and one past its last pixel, along one axis of the photo."""
    return max(0, int(np.floor(start - margin))), min(size, int(np.ceil(start + length + margin)))


def _axis(
    window: tuple[int, int], pixels: int, box: tuple[float, float], size: int
) -> tuple[BinaryMask, NDArray[np.float64]]:
    """GrabCut's input along one axis of the scaled window.

    Args:
        window: its first pixel in the photo, and one past its last pixel.
        pixels: length N of the scaled window.
        box: start and length of the box in the photo.
        size: length of the photo.

    Returns:
        (N,) bool, the pixels in the box and off the photo's edge; (N,) distance from the box's centre, 1 = its side.
    """
    step = (window[1] - window[0]) / pixels
    centres = window[0] + step * (np.arange(pixels) + 0.5)
    edge = max(_EDGE * box[1], step)
    inside = (centres > max(box[0], edge)) & (centres < min(box[0] + box[1], size - edge))
    return inside, np.abs(centres - box[0] - box[1] / 2) / (box[1] / 2)


def _grab_cut(
    window: NDArray[np.uint8],
    across: tuple[BinaryMask, NDArray[np.float64]],
    down: tuple[BinaryMask, NDArray[np.float64]],
) -> BinaryMask:
    """GrabCut's foreground, (h, w) bool; the whole window if it is too small to show any background."""
    import cv2

    radius = np.hypot(down[1][:, np.newaxis], across[1])
    labels = np.where(down[0][:, np.newaxis] & across[0], cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    labels[radius <= max(_CORE, radius.min())] = cv2.GC_FGD
    if (labels == cv2.GC_BGD).any():
        cv2.setRNGSeed(_SEED)
        colours = np.zeros((1, 65)), np.zeros((1, 65))  # of background and animal
        cv2.grabCut(window, labels, _NO_RECTANGLE, colours[0], colours[1], _ITERATIONS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))


def _largest_part(foreground: BinaryMask) -> BinaryMask:
    """The largest connected part, without holes."""
    from scipy.ndimage import binary_fill_holes, label

    parts, _ = label(foreground)
    largest = np.bincount(parts.ravel())[1:].argmax() + 1
    filled: BinaryMask = binary_fill_holes(parts == largest)
    return filled
