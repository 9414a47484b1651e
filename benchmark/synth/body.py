"""The shape of a zebrafish in body coordinates: outline, fins, and the area of its pattern.

Body coordinates: x from 0 (snout) to 1 (root of the tail fin, the standard length), y from the midline,
positive towards the belly, in the same unit. The tail fin ends at 1.24.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.interpolate import PchipInterpolator

Array = NDArray[np.float32]

LENGTH = 1.24
"""From snout to tail tip, in body coordinates."""

LEFT, RIGHT, TOP, BOTTOM = -0.05, 1.30, -0.31, 0.31
"""The part of the body coordinates that is drawn."""

_STATION = (-0.01, 0.0, 0.03, 0.08, 0.15, 0.25, 0.38, 0.50, 0.62, 0.75, 0.87, 0.95, 1.01)
_BACK = (0.0, 0.008, 0.034, 0.059, 0.083, 0.108, 0.129, 0.131, 0.114, 0.083, 0.058, 0.051, 0.056)
_BELLY = (0.0, 0.010, 0.030, 0.052, 0.080, 0.113, 0.138, 0.136, 0.104, 0.066, 0.048, 0.046, 0.054)

PATTERN_X = (0.21, 1.0)
PATTERN_Q = (0.2, 0.88)
"""The striped area: along the body, and as a share of the body's height from back to belly."""

_FINS: dict[str, tuple[tuple[float, float], ...]] = {
    "dorsal": (
        (0.56, -0.11), (0.62, -0.175), (0.67, -0.215), (0.73, -0.222),
        (0.785, -0.19), (0.79, -0.13), (0.74, -0.06),
    ),
    "anal": (
        (0.61, 0.09), (0.63, 0.15), (0.67, 0.185), (0.73, 0.182), (0.79, 0.155), (0.825, 0.11), (0.80, 0.04),
    ),
    "pelvic": ((0.44, 0.125), (0.455, 0.165), (0.49, 0.195), (0.535, 0.19), (0.55, 0.165), (0.53, 0.12)),
    "pectoral": ((0.235, 0.055), (0.30, 0.062), (0.365, 0.09), (0.38, 0.115), (0.34, 0.125), (0.28, 0.105)),
    "tail": (
        (0.97, -0.05), (1.06, -0.095), (1.15, -0.135), (1.23, -0.15), (1.24, -0.125), (1.20, -0.05),
        (1.185, 0.0), (1.20, 0.06), (1.24, 0.14), (1.225, 0.165), (1.15, 0.145), (1.06, 0.10), (0.97, 0.05),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A flat drawing of a fish; every array is (H, W) float32, in [0, 1] except for x, y and q.

    Attributes:
        x: body coordinate of each texel.
        y: body coordinate of each texel.
        q: height on the body, 0 = back, 1 = belly; other values are outside the body.
        trunk: coverage by the body without fins.
        fins: coverage by each fin.
        flank: coverage by the striped part of the body.
        texels: number of texels per unit of body coordinates.
    """

    x: Array
    y: Array
    q: Array
    trunk: Array
    fins: dict[str, Array]
    flank: Array
    texels: int


def edges(x: Array, depth: float = 1.0) -> tuple[Array, Array]:
    """Distances of the back and of the belly from the midline at x, both positive, in body coordinates."""
    inside = np.clip(x, _STATION[0], _STATION[-1])
    back = PchipInterpolator(_STATION, _BACK)(inside) * depth
    belly = PchipInterpolator(_STATION, _BELLY)(inside) * depth
    return back.astype(np.float32), belly.astype(np.float32)


def draw(texels: int, depth: float = 1.0, belly: float = 1.0) -> Shape:
    """The shape of a fish, drawn on the grid of body coordinates.

    Args:
        texels: texels per unit of body coordinates.
        depth: factor of the body's height, 1 = average.
        belly: factor of the belly's roundness, 1 = average.
    """
    y, x = np.mgrid[TOP : BOTTOM : 1 / texels, LEFT : RIGHT : 1 / texels].astype(np.float32)
    back, low = edges(x[0], depth)
    low = low * (1 + (belly - 1) * np.exp(-(((x[0] - 0.42) / 0.17) ** 2)))
    q = (y + back) / np.maximum(back + low, 1e-3)
    rim = np.minimum(y + back, low - y) * texels
    inside = (x > _STATION[0]) & (x < _STATION[-1])
    trunk = np.clip(rim + 0.5, 0, 1) * inside
    fins = {name: _fin(points, x.shape, texels) for name, points in _FINS.items()}
    return Shape(x, y, q, trunk.astype(np.float32), fins, _flank(x, q) * trunk, texels)


def step(value: Array, low: float, high: float) -> Array:
    """Smooth step from 0 at `low` to 1 at `high` (`high` may be the smaller)."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)


def _flank(x: Array, q: Array) -> Array:
    """Coverage by the striped area: round behind the gill, and narrower at the belly as far as the anus."""
    gill = PATTERN_X[0] + 0.5 * (q - 0.42) ** 2
    low = PATTERN_Q[1] - 0.1 * step(x, 0.52, 0.30)
    along = step(x - gill, -0.03, 0.03) * step(x, PATTERN_X[1] + 0.01, PATTERN_X[1] - 0.005)
    return along * step(q, PATTERN_Q[0] - 0.03, PATTERN_Q[0] + 0.03) * step(q - low, 0.03, -0.03)


def _fin(points: tuple[tuple[float, float], ...], shape: tuple[int, ...], texels: int) -> Array:
    """Antialiased coverage by a polygon with rounded corners, (H, W)."""
    fine = 3
    closed = np.array([*points, points[0]])
    pieces = [(a * (1 - s) + b * s) for a, b in pairwise(closed) for s in (0.25, 0.75)]
    corners = [((px - LEFT) * texels * fine, (py - TOP) * texels * fine) for px, py in pieces]
    image = Image.new("L", (shape[1] * fine, shape[0] * fine))
    ImageDraw.Draw(image).polygon(corners, fill=255)
    small = image.resize((shape[1], shape[0]), Image.Resampling.BOX)
    return np.asarray(np.asarray(small) / 255, dtype=np.float32)
