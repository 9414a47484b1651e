"""Irregular holes: random strokes, close to LaMa's, for data without pattern regions."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

STROKES = (1, 6)
SEGMENTS = (1, 5)
LENGTH = (10 / 256, 210 / 256)
WIDTH = (5 / 256, 105 / 256)
"""Strokes of a mask, segments of a stroke, and their lengths and widths as shares of the side: LaMa's at 256 pixels."""


def irregular_mask(size: int, name: str) -> NDArray[np.uint8]:
    """Random strokes over a square, the same for the same name on every machine.

    Numbers of strokes and segments, lengths and widths are those of LaMa's training (Suvorov et al., WACV 2022,
    supplementary), scaled to the size. The differences are:

    - the angle of a segment is uniform in [0, 2 pi); LaMa's are 0.01, 1.01, 2.01 or 3.01 radians, mirrored on every
      other stroke;
    - lengths and widths are real numbers, widths then rounded; LaMa draws whole numbers below the upper end;
    - there are only strokes; half of LaMa's masks have one to four boxes instead;
    - strokes have straight ends; OpenCV rounds them;
    - an empty or a full mask is drawn again.

    >>> irregular_mask(64, "a").shape, bool((irregular_mask(64, "a") == irregular_mask(64, "a")).all())
    ((64, 64), True)

    Args:
        size: side in pixels.
        name: seed of the strokes.

    Returns:
        (size, size) uint8, 1 = hole, 0 = known; it has both values.
    """
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))
    while True:
        mask = _strokes(size, rng)
        if 0 < mask.mean() < 1:
            return mask


def _strokes(size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    canvas = Image.new("L", (size, size))
    pen = ImageDraw.Draw(canvas)
    for _ in range(rng.integers(*STROKES, endpoint=True)):
        width = max(1, round(size * rng.uniform(*WIDTH)))
        points = [rng.uniform(0, size, 2)]
        for _ in range(rng.integers(*SEGMENTS, endpoint=True)):
            angle, length = rng.uniform(0, 2 * np.pi), size * rng.uniform(*LENGTH)
            step = length * np.array([np.cos(angle), np.sin(angle)])
            points.append(np.clip(points[-1] + step, 0, size - 1))
        pen.line([tuple(map(float, point)) for point in points], fill=1, width=width, joint="curve")
    return np.asarray(canvas, dtype=np.uint8)
