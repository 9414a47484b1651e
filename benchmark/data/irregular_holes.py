"""Irregular holes: random strokes, for data without pattern regions and for training, much as LaMa's authors drew."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

STROKES = (1, 6)
SEGMENTS = (1, 5)
LENGTH = (10 / 256, 210 / 256)
WIDTH = (5 / 256, 105 / 256)
"""Numbers of strokes and of segments each, lengths and widths as parts of the side: LaMa's, of images of 256 pixels."""


def irregular_mask(size: int, name: str) -> NDArray[np.uint8]:
    """Random strokes over a square, the same for the same name on every machine.

    Their numbers, segments, lengths and widths are those of LaMa's training (Suvorov et al., WACV 2022, supplementary),
    scaled to the size. Other than there,

    - a segment turns anywhere, uniformly in [0, 2 pi); LaMa's angles are 0.01, 1.01, 2.01 or 3.01 radians, mirrored on
      every other stroke;
    - lengths and widths are real numbers, widths then rounded, where LaMa draws whole ones without the upper end;
    - there are strokes alone: half of LaMa's masks are of one to four boxes instead;
    - strokes end straight, where OpenCV rounds them; and an empty or a full mask is drawn again.

    Args:
        size: side in pixels.
        name: seeds the strokes.

    Returns:
        (size, size), 1 = hole; neither empty nor full.
    """
    draws = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
    while True:
        mask = _strokes(size, draws)
        if 0 < mask.mean() < 1:
            return mask


def _strokes(size: int, draws: np.random.Generator) -> NDArray[np.uint8]:
    canvas = Image.new("L", (size, size))
    pen = ImageDraw.Draw(canvas)
    for _ in range(draws.integers(*STROKES, endpoint=True)):
        width = max(1, round(size * draws.uniform(*WIDTH)))
        points = [draws.uniform(0, size, 2)]
        for _ in range(draws.integers(*SEGMENTS, endpoint=True)):
            angle, length = draws.uniform(0, 2 * np.pi), size * draws.uniform(*LENGTH)
            step = length * np.array([np.cos(angle), np.sin(angle)])
            points.append(np.clip(points[-1] + step, 0, size - 1))
        pen.line([tuple(map(float, point)) for point in points], fill=1, width=width, joint="curve")
    return np.asarray(canvas, dtype=np.uint8)
