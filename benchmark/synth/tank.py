"""The tanks: water, light, floor, and a zone with its own decoration for each fish of a video."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from benchmark.synth.settings import FISH_PER_VIDEO, Stream, SynthSettings, stream

Array = NDArray[np.float32]
Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
Draw = ImageDraw.ImageDraw

WATER = np.array([(113, 117, 128), (118, 122, 126)], dtype=np.float32)
"""Colour of the open water of each video."""

_FLOOR = np.array([(104, 97, 88), (92, 96, 102)], dtype=np.float32)
_FINE = 2
_MURK = 0.62  # contrast of the decoration behind the water
_LEVEL = 3  # invisible steps of grey, which halve the file size
_SPECKS = 26


def background(settings: SynthSettings, video: int) -> Array:
    """The tank of video 0 or 1 without fish, (H, W, 3) float32 in [0, 255]."""
    rng = stream(settings.seed, Stream.TANK, video)
    base = _water(settings, video, rng)
    size = (settings.width * _FINE, settings.height * _FINE)
    image = Image.fromarray(base.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image, "RGBA")
    width = size[0] / FISH_PER_VIDEO
    for zone, decorate in enumerate(_DECORATIONS[video]):
        decorate(draw, (zone * width, 0.0, (zone + 1) * width, float(size[1])), rng)
    small = np.asarray(image.resize((settings.width, settings.height), Image.Resampling.BOX), dtype=np.float32)
    soft = settings.width * 0.0042
    change = gaussian_filter(small - base.astype(np.uint8), (soft, soft, 0))
    return np.asarray(_LEVEL * np.rint((base + _MURK * change) / _LEVEL), dtype=np.float32)


def add_light(tank: Array, settings: SynthSettings, video: int, frame: int) -> Array:
    """The tank in one frame, with slightly changing light and drifting specks.

    Args:
        tank: (H, W, 3), from `background`.
        settings: the generator's settings.
        video: 0 or 1.
        frame: number of the frame, from 0.

    Returns:
        (H, W, 3) float32, a new array.
    """
    rng = stream(settings.seed, Stream.LIGHT, video)
    rate, phase = rng.uniform(0.05, 0.2, 3), rng.uniform(0, 2 * np.pi, 3)
    gain = np.rint(0.7 * np.sin(rate * frame + phase).sum())
    start, drift = rng.uniform(size=(_SPECKS, 2)), rng.normal(0, 0.0015, (_SPECKS, 2))
    bright = rng.uniform(6, 22, _SPECKS)
    out = tank + np.float32(gain)
    at = ((start + drift * frame) % 1 * (settings.height - 2, settings.width - 2)).astype(int)
    for (row, column), add in zip(at, bright, strict=True):
        out[row : row + 2, column : column + 2] += np.float32(add)
    return np.asarray(out, dtype=np.float32)


def _water(settings: SynthSettings, video: int, rng: np.random.Generator) -> Array:
    """Water with back wall, a band of reflected light, the water line and the floor, (H, W, 3)."""
    y, x = np.mgrid[0 : settings.height, 0 : settings.width].astype(np.float32)
    y, x = y / settings.height, x / settings.width
    shade = 9 * (0.5 - y) + (7 if video else -7) * (x - 0.5)
    band = 0.34 + 0.05 * video + 0.02 * (x - 0.5)
    shade += 13 * np.exp(-(((y - band) / 0.018) ** 2)) * (0.6 + 0.4 * np.cos(9 * x + video))
    shade += 26 * expit((0.055 + 0.004 * np.sin(20 * x) - y) / 0.006)
    clouds = gaussian_filter(rng.standard_normal(y.shape), settings.width / 16)
    water = WATER[video] + (shade + 1.5 * clouds / clouds.std())[..., None]
    grain = gaussian_filter(rng.standard_normal(y.shape), settings.width / 130)
    floor = _FLOOR[video] + 5 * (grain / grain.std())[..., None]
    line = 0.9 + 0.012 * np.sin(7 * x + 2 * video)
    share = expit((y - line) / 0.012)
    return np.asarray(water + (floor - water) * share[..., None], dtype=np.float32)


def _leaves(draw: Draw, box: Box, rng: np.random.Generator, colour: Colour, broad: float) -> None:
    """Plants: curved leaves that rise from the floor."""
    width, height = box[2] - box[0], box[3] - box[1]
    for _ in range(15):
        root = box[0] + width * rng.uniform(0.12, 0.88)
        tall, lean, sway = (
            rng.uniform(0.45, 0.86) * height,
            rng.normal(0, 0.16) * width,
            rng.uniform(-0.05, 0.05) * width,
        )
        s = np.linspace(0, 1, 24)
        middle = root + lean * s**1.6 + sway * np.sin(5 * s)
        half = broad * width * np.sin(np.pi * np.clip(0.12 + 0.88 * s, 0, 1)) ** 0.7
        y = box[3] * 0.95 - tall * s
        tone = int(rng.integers(-16, 17))
        points = list(zip(middle - half, y, strict=True)) + list(zip(middle + half, y, strict=True))[::-1]
        draw.polygon(points, fill=(*(c + tone for c in colour), 175))


def _green(draw: Draw, box: Box, rng: np.random.Generator) -> None:
    _leaves(draw, box, rng, (84, 108, 82), 0.018)


def _russet(draw: Draw, box: Box, rng: np.random.Generator) -> None:
    _leaves(draw, box, rng, (122, 96, 100), 0.034)


def _stones(draw: Draw, box: Box, rng: np.random.Generator) -> None:
    """A heap of stones, the broad ones below."""
    width, height = box[2] - box[0], box[3] - box[1]
    for level in range(9):
        for place in np.linspace(-0.36, 0.36, 5) * (1 - 0.1 * level):
            radius = width * (0.16 - 0.008 * level) * rng.uniform(0.8, 1.2)
            x = box[0] + width * (0.5 + place + rng.normal(0, 0.02))
            y = box[3] * 0.95 - height * 0.08 * (level + rng.uniform(-0.3, 0.3))
            tone = int(rng.integers(-14, 15))
            fill = (104 + tone, 98 + tone, 90 + tone, 205)
            draw.ellipse((x - radius, y - 0.6 * radius, x + radius, y + 0.6 * radius), fill=fill)
            top = (122 + tone, 118 + tone, 112 + tone, 120)
            draw.ellipse((x - 0.8 * radius, y - 0.55 * radius, x + 0.7 * radius, y - 0.05 * radius), fill=top)


def _heater(draw: Draw, box: Box, rng: np.random.Generator) -> None:
    """Two glass tubes on the wall with their cable, and a thermometer."""
    width, height = box[2] - box[0], box[3] - box[1]
    for share, half in ((0.3, 0.055), (0.56, 0.04)):
        x, low = box[0] + width * (share + rng.uniform(-0.03, 0.03)), 0.86 * height
        draw.rectangle((x - half * width, 0.16 * height, x + half * width, low), fill=(84, 90, 100, 190))
        draw.rectangle((x - 0.3 * half * width, 0.2 * height, x + 0.1 * half * width, low), fill=(160, 164, 168, 130))
        draw.rectangle((x - half * width, 0.12 * height, x + half * width, 0.2 * height), fill=(62, 64, 70, 220))
    x = box[0] + 0.82 * width
    draw.rectangle((x - 0.05 * width, 0.2 * height, x + 0.05 * width, 0.74 * height), fill=(150, 152, 150, 150))
    draw.rectangle((x - 0.012 * width, 0.3 * height, x + 0.012 * width, 0.7 * height), fill=(120, 92, 92, 190))


def _filter(draw: Draw, box: Box, rng: np.random.Generator) -> None:
    """A dark filter with slots, its pipe, and the bright column of bubbles beside it."""
    width, height = box[2] - box[0], box[3] - box[1]
    left, right = box[0] + 0.14 * width, box[0] + 0.62 * width
    draw.rectangle((left, 0.14 * height, right, 0.78 * height), fill=(80, 84, 92, 210))
    for slot in range(9):
        y = height * (0.2 + 0.062 * slot)
        draw.rectangle((left + 0.04 * width, y, right - 0.04 * width, y + 0.022 * height), fill=(60, 64, 72, 220))
    for _ in range(60):
        x, y = box[0] + width * rng.normal(0.8, 0.05), height * rng.uniform(0.08, 0.9)
        radius = width * rng.uniform(0.008, 0.02)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(168, 174, 180, 120))


def _wood(draw: Draw, box: Box, rng: np.random.Generator) -> None:
    """Driftwood: dark branches from one root."""
    width, height = box[2] - box[0], box[3] - box[1]
    root = (box[0] + 0.5 * width, 0.95 * height)
    for branch in range(8):
        angle = -np.pi / 2 + (branch - 3.5) * 0.2 + rng.normal(0, 0.08)
        x, y, thick = *root, 0.085 * width
        for _ in range(7):
            angle += rng.normal(0, 0.16)
            nx, ny = x + np.cos(angle) * 0.1 * height, y + np.sin(angle) * 0.115 * height
            draw.line((x, y, nx, ny), fill=(88, 78, 70, 215), width=max(1, int(thick)))
            x, y, thick = nx, ny, thick * 0.8


_DECORATIONS: tuple[tuple[Callable[[Draw, Box, np.random.Generator], None], ...], ...] = (
    (_green, _stones, _heater),
    (_wood, _filter, _russet),
)
