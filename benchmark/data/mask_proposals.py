"""Proposed region masks: the animal by GrabCut, its pattern area as its body without the rim.

Both are approximate, for a person to correct. The whole inner body is taken for the pattern, whatever is drawn on it.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import ANIMAL, PATTERN
from benchmark.errors import InputError

Box = tuple[float, float, float, float]
Inside = NDArray[np.bool_]

RIM = 0.35
"""Depth of the rim that is no pattern area, as a part of the depth of the body's innermost pixel."""

_SIDE = 192
"""Longest side in pixels that GrabCut works at; its time grows faster than the number of pixels."""

_MARGIN = 0.15
"""How far around the box the background is learnt, as a part of its longest side; farther off, other animals are."""

_EDGE = 0.015
"""What lies so near to the photo's edge, as a part of the box's side, is background: one colour of it is needed."""

_CORE = 0.1
"""Of the ellipse in the box, so much around its centre (by radius) is animal; without it, the two may be swapped."""

_ITERATIONS = 1
"""More fit the colours ever closer to the body's, and lose the fins."""

_HALF = 0.5
_NO_RECTANGLE = (0, 0, 0, 0)
_SEED = 0


def propose(photo: NDArray[np.uint8], box: Box | None = None, outline: Inside | None = None) -> NDArray[np.uint8]:
    """Propose the regions of one animal.

    Args:
        photo: (H, W, 3) uint8 RGB.
        box: (x, y, width, height) around the animal in pixels; None = the photo is a crop of it.
        outline: (H, W), where the animal is; None = not known, `find_animal` looks for it.

    Returns:
        (H, W) uint8, the values of a region mask, the same each time. Where the outline has no pixel, all are 0.

    Raises:
        InputError: the box has no pixel in the photo.
    """
    animal = find_animal(photo, box) if outline is None else outline
    regions: NDArray[np.uint8] = np.where(inner_body(animal), PATTERN, animal * ANIMAL).astype(np.uint8)
    return regions


def find_animal(photo: NDArray[np.uint8], box: Box | None = None) -> Inside:
    """The animal in its box by GrabCut (Rother et al., SIGGRAPH 2004, doi 10.1145/1015706.1015720).

    What is outside the box is background, and so is the edge of the photo, where the box reaches it. Of what is found,
    the largest connected part is kept and its holes are filled.

    Args:
        photo: (H, W, 3) uint8 RGB.
        box: (x, y, width, height) in pixels; None = the whole photo.

    Returns:
        (H, W); never empty.

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
    found = _largest_part(_grab_cut(window, across, down)).astype(np.float32)
    animal = np.zeros((height, width), np.bool_)
    whole = cv2.resize(found, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    animal[top:bottom, left:right] = whole >= _HALF
    return animal


def inner_body(animal: Inside) -> Inside:
    """The animal without its rim, which is `RIM` of the innermost pixel's depth deep, so that fins and tail are off.

    There is no rim where the edge of the photo cuts the animal off.

    Args:
        animal: (H, W).

    Returns:
        (H, W); empty only where `animal` is.
    """
    import cv2

    depth = cv2.distanceTransform(animal.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inner: Inside = depth > RIM * depth.max()
    return inner


def _window(start: float, length: float, margin: float, size: int) -> tuple[int, int]:
    """First pixel of a box with its margin, and one past its last, along one side of the photo."""
    return max(0, int(np.floor(start - margin))), min(size, int(np.ceil(start + length + margin)))


def _axis(
    window: tuple[int, int], pixels: int, box: tuple[float, float], size: int
) -> tuple[Inside, NDArray[np.float64]]:
    """What GrabCut is told along one side of the scaled window.

    Args:
        window: its first pixel in the photo, and one past its last.
        pixels: N, its length when scaled.
        box: start and length in the photo.
        size: of the photo.

    Returns:
        (N,) which pixels lie in the box and off the photo's edge; (N,) distance from the box's centre, 1 = its side.
    """
    step = (window[1] - window[0]) / pixels
    centres = window[0] + step * (np.arange(pixels) + 0.5)
    edge = max(_EDGE * box[1], step)
    inside = (centres > max(box[0], edge)) & (centres < min(box[0] + box[1], size - edge))
    return inside, np.abs(centres - box[0] - box[1] / 2) / (box[1] / 2)


def _grab_cut(
    window: NDArray[np.uint8],
    across: tuple[Inside, NDArray[np.float64]],
    down: tuple[Inside, NDArray[np.float64]],
) -> Inside:
    """What GrabCut takes for the animal, (h, w); all of a window that is too small to show any background."""
    import cv2

    radius = np.hypot(down[1][:, np.newaxis], across[1])
    labels = np.where(down[0][:, np.newaxis] & across[0], cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    labels[radius <= max(_CORE, radius.min())] = cv2.GC_FGD
    if (labels == cv2.GC_BGD).any():
        cv2.setRNGSeed(_SEED)
        learnt = np.zeros((1, 65)), np.zeros((1, 65))  # the colours of both
        cv2.grabCut(window, labels, _NO_RECTANGLE, learnt[0], learnt[1], _ITERATIONS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))


def _largest_part(found: Inside) -> Inside:
    """The largest connected part, without holes."""
    from scipy.ndimage import binary_fill_holes, label

    parts, _ = label(found)
    largest = np.bincount(parts.ravel())[1:].argmax() + 1
    filled: Inside = binary_fill_holes(parts == largest)
    return filled
