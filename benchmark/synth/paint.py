"""The colours of one flank of a fish, in body coordinates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from benchmark.synth import body
from benchmark.synth.body import Shape, step
from benchmark.synth.stripes import GRID

Array = NDArray[np.float32]
Colour = tuple[float, float, float]

_BACK: Colour = (108, 80, 46)
_BACK_LOW: Colour = (130, 97, 61)
_BELLY: Colour = (160, 154, 160)
_GILL: Colour = (84, 52, 66)
_FIN: Colour = (138, 126, 92)
_FIN_DARK: Colour = (62, 60, 72)
_FIN_PALE: Colour = (178, 172, 160)
_WARM: tuple[Colour, Colour] = ((88, 74, 96), (214, 156, 98))
_COOL: tuple[Colour, Colour] = ((68, 78, 96), (192, 172, 138))
"""Colours of dark and light stripes in warm and in cool light."""


@dataclass(frozen=True)
class Coat:
    """Traits of an individual's skin other than its pattern, about -1 to 1; 0 = average."""

    gold: float
    red: float


@dataclass(frozen=True)
class Flank:
    """One painted side of a fish; arrays (H, W) or (H, W, 3) float32, colours in [0, 255].

    Attributes:
        warm: colours in warm light.
        cool: colours in cool light.
        gloss: colours to add for glare.
        alpha: opacity in [0, 1].
        region: uint8, values of a region mask.
    """

    warm: Array
    cool: Array
    gloss: Array
    alpha: Array
    region: NDArray[np.uint8]


def paint(shape: Shape, stripes: Array, coat: Coat, rng: np.random.Generator) -> Flank:
    """The painted flank of one individual.

    Args:
        shape: the drawing from `body.draw`.
        stripes: the pattern from `stripes.flank`.
        coat: the individual's colours.
        rng: random generator of scales, glints and the gill's glare.
    """
    pattern = lay_stripes(shape, stripes)
    scales = _scales(shape, rng)
    warm, cool = (_over_fins(shape, _trunk(shape, pattern, scales, coat, hues)) for hues in (_WARM, _COOL))
    fins = _fin_cover(shape)
    alpha = np.maximum(shape.trunk * 0.985, fins)
    region = np.where(shape.flank > 0.5, 2, np.where(np.maximum(shape.trunk, fins * 2) > 0.3, 1, 0))  # noqa: PLR2004
    return Flank(warm, cool, _gloss(shape, pattern, rng), alpha, region.astype(np.uint8))


def lay_stripes(shape: Shape, stripes: Array) -> Array:
    """The stripes on the body, (H, W), 1 = dark."""
    along = (shape.x - body.PATTERN_X[0]) / (body.PATTERN_X[1] - body.PATTERN_X[0]) * (GRID[1] - 1)
    down = (shape.q - body.PATTERN_Q[0]) / (body.PATTERN_Q[1] - body.PATTERN_Q[0]) * (GRID[0] - 1)
    return np.asarray(map_coordinates(stripes, [down, along], order=1, mode="nearest"), dtype=np.float32)


def _mix(under: Array, over: Colour | Array, share: Array) -> Array:
    return np.asarray(under + (np.asarray(over, dtype=np.float32) - under) * share[..., None], dtype=np.float32)


def _flat(shape: Shape, colour: Colour) -> Array:
    return np.broadcast_to(np.asarray(colour, dtype=np.float32), (*shape.x.shape, 3))


def _trunk(shape: Shape, pattern: Array, scales: Array, coat: Coat, hues: tuple[Colour, Colour]) -> Array:
    """Colours of the body without fins, (H, W, 3): back, belly, stripes and head, with light from above."""
    x, q, (dark, light) = shape.x, shape.q, hues
    skin = _mix(_flat(shape, _BACK), _BACK_LOW, step(q, 0.08, 0.3))
    skin = _mix(skin, _BELLY, step(q, 0.5, 0.82) * (1 - 0.5 * step(x, 0.6, 0.9)))
    front = step(x, 0.56, 0.3) * step(q, 0.5, 0.78)
    strength = shape.flank * (1 - 0.72 * front)
    shine = np.clip(0.8 + 3.0 * scales, 0.5, 1)
    skin = _mix(skin, light, strength * (1 - pattern) * shine)
    skin = _mix(skin, dark, strength * pattern * (0.94 - 0.25 * step(q, 0.3, 0.12)))
    blush = np.exp(-(((x - 0.44) / 0.12) ** 2) - ((q - 0.62) / 0.2) ** 2) * (0.22 + 0.1 * coat.red)
    skin = _mix(skin, (176, 108, 108), np.asarray(blush, dtype=np.float32))
    skin = skin * (1 + scales[..., None] * (1 - step(x, 0.2, 0.12))[..., None])
    skin = _head(shape, skin)
    shade = 1.04 - 0.12 * step(q, 0.8, 1.02) - 0.1 * step(q, 0.05, -0.02)
    warmth = np.array([1 + 0.035 * coat.gold, 1.0, 1 - 0.05 * coat.gold], dtype=np.float32)
    return np.asarray(skin * shade[..., None] * warmth, dtype=np.float32)


def _head(shape: Shape, skin: Array) -> Array:
    """Gill cover, cheek and eye."""
    x, y, q = shape.x, shape.y, shape.q
    skin = _mix(skin, (140, 122, 118), step(x, 0.215, 0.17) * step(q, 0.4, 0.62) * 0.85)
    gill = np.exp(-((((x - 0.178) / 0.034) ** 2 + ((y - 0.02) / 0.05) ** 2) ** 1.5))
    skin = _mix(skin, _GILL, 0.85 * gill.astype(np.float32))
    throat = np.exp(-(((x - 0.235) / 0.03) ** 2) - ((y - 0.06) / 0.035) ** 2)
    skin = _mix(skin, (186, 118, 58), 0.6 * throat.astype(np.float32))
    radius = np.hypot(x - 0.083, (y - 0.002) * 1.05)
    skin = _mix(skin, (84, 66, 56), step(radius, 0.05, 0.034) * 0.7)
    skin = _mix(skin, (214, 212, 196), step(radius, 0.032, 0.0275))
    return _mix(skin, (22, 22, 30), step(radius, 0.022, 0.0175))


def _scales(shape: Shape, rng: np.random.Generator) -> Array:
    """Relative brightness of the scales, strongest on the back, and of uneven pigment, (H, W)."""
    pitch = 0.026
    lattice = np.cos(2 * np.pi * (shape.x + 0.6 * shape.y) / pitch) * np.cos(
        2 * np.pi * (shape.x - 0.9 * shape.y) / pitch
    )
    clouds = gaussian_filter(rng.standard_normal(shape.x.shape), 0.023 * shape.texels)
    return np.asarray(0.07 * lattice * step(shape.q, 0.62, 0.3) + 0.05 * clouds / clouds.std(), dtype=np.float32)


def _fin_cover(shape: Shape) -> Array:
    """Opacity of the fins, (H, W); lower on the body."""
    cover = np.zeros_like(shape.x)
    for name, strength in (("dorsal", 0.42), ("anal", 0.5), ("pelvic", 0.40), ("tail", 0.46)):
        cover = np.maximum(cover, shape.fins[name] * strength)
    return cover * (1 - shape.trunk) + 0.2 * cover * shape.trunk


def _rays(shape: Shape) -> Array:
    """Faint stripes of tail and anal fin, (H, W) in [-1, 1]; 0 elsewhere."""
    spread = 0.05 + 0.5 * np.clip(shape.x - 0.97, 0, 1)
    tail = np.sin(2 * np.pi * (2.6 * shape.y / spread + 0.15)) * shape.fins["tail"] * step(shape.x, 1.24, 1.08)
    wavy = shape.y + 0.12 * (shape.x - 0.7) + 0.003 * np.sin(shape.x * 260)
    anal = np.sin(2 * np.pi * wavy / 0.034) * shape.fins["anal"]
    return np.asarray(tail + anal * (shape.fins["tail"] == 0), dtype=np.float32)


def _over_fins(shape: Shape, skin: Array) -> Array:
    """The colours with the fins behind the body, and the pectoral fin in front of it."""
    rays = _rays(shape)
    fin = _mix(_flat(shape, _FIN), _FIN_DARK, 1.0 * np.clip(rays, 0, 1))
    fin = _mix(fin, _FIN_PALE, 0.6 * np.clip(-rays, 0, 1))
    fin = _mix(fin, (150, 122, 62), 0.5 * shape.fins["tail"] * step(np.abs(shape.y), 0.085, 0.13))
    whole = _mix(fin, skin, shape.trunk * (1 - 0.5 * step(shape.x, 0.97, 1.01)))
    return _mix(whole, (172, 140, 88), 0.35 * shape.fins["pectoral"])


def _gloss(shape: Shape, pattern: Array, rng: np.random.Generator) -> Array:
    """Colours to add for glare on the gill cover and glints on scales and light stripes, (H, W, 3)."""
    glare = np.zeros_like(shape.x)
    for _ in range(rng.integers(7, 11)):
        angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.004, 0.009)
        cx, cy = 0.172 - 0.038 * np.cos(angle), 0.022 + 0.055 * np.sin(angle)
        blob = ((shape.x - cx) / size) ** 2 + ((shape.y - cy) / (1.5 * size)) ** 2
        glare += np.exp(-blob) * rng.uniform(70, 210)
    fine = gaussian_filter(rng.standard_normal(shape.x.shape), (0.005 * shape.texels, 0.008 * shape.texels))
    fine = np.clip(fine / fine.std() - 1.1, 0, 2)
    patch = np.exp(-(((shape.x - rng.uniform(0.36, 0.5)) / 0.13) ** 2) - ((shape.q - 0.45) / 0.3) ** 2)
    glints = fine * patch * (0.35 + 0.65 * (1 - pattern)) * shape.flank
    colour = glare[..., None] * (1.0, 0.95, 0.86) + 70 * glints[..., None] * (1.0, 0.75, 0.75)
    return np.asarray(colour * shape.trunk[..., None], dtype=np.float32)
