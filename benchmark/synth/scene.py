"""From poses to pixels: each fish is bent, turned, blurred and drawn over the tank, the farthest first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN
from benchmark.synth import body
from benchmark.synth.paint import Flank
from benchmark.synth.swim import Pose

Array = NDArray[np.float32]
Region = NDArray[np.uint8]

TURNING = 0.8
"""A fish whose flank is foreshortened to less than this share of its length is turning."""

OCCLUDED = 0.03
"""Two fish are occluded if they share more than this share of the smaller one's pixels."""

_FINE = 2
_THICK = 0.2
_MIDDLE = 0.55
_HAZE = (0.05, 0.24)


@dataclass(frozen=True)
class Fish:
    """One individual.

    Attributes:
        left: its left flank.
        right: its right flank.
        texels: number of texels per unit of body coordinates in the flanks.
        depth: factor of the body's height, 1 = average.
    """

    left: Flank
    right: Flank
    texels: int
    depth: float


@dataclass(frozen=True)
class FishAnnotation:
    """The annotation of one fish in one frame.

    Attributes:
        box: (left, top, right, bottom) in pixels around the whole animal within the frame, including hidden parts;
            right and bottom are one past the last pixel.
        right: whether it swims right.
        turning: whether its flank is foreshortened (see `TURNING`).
        occluded: whether it hides another fish or is hidden (see `OCCLUDED`).
    """

    box: tuple[int, int, int, int]
    right: bool
    turning: bool
    occluded: bool


@dataclass(frozen=True)
class _Layer:
    colour: Array  # (h, w, 3), multiplied by alpha
    alpha: Array  # (h, w)
    region: Region  # (h, w)
    corner: tuple[int, int]  # row, column


def compose(
    tank: Array, fish: list[Fish], poses: list[Pose], water: Array
) -> tuple[NDArray[np.uint8], list[Region], list[FishAnnotation]]:
    """One frame with its masks and annotations.

    Args:
        tank: (H, W, 3) in [0, 255], the tank without fish.
        fish: the individuals.
        poses: one pose for each fish.
        water: (3,) colour of the haze.

    Returns:
        The photo, (H, W, 3) uint8; for each fish its visible region, (H, W) uint8, values of a region mask; and the
        annotation of each fish.
    """
    photo = tank.copy()
    layers = [_layer(one, pose, water, photo.shape[:2]) for one, pose in zip(fish, poses, strict=True)]
    whole = [_placed(layer, photo.shape[:2]) for layer in layers]
    visible = [region.copy() for region in whole]
    order = sorted(range(len(fish)), key=lambda i: -poses[i].depth)
    for position, i in enumerate(order):
        _blend(photo, layers[i])
        for hidden in order[:position]:
            visible[hidden][whole[i] > 0] = BACKGROUND
    annotations = [_annotation(i, whole, poses[i]) for i in range(len(fish))]
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8), visible, annotations


def _annotation(index: int, whole: list[Region], pose: Pose) -> FishAnnotation:
    own = whole[index] > 0
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    occluded = any(
        np.count_nonzero(own & (other > 0)) > OCCLUDED * min(own.sum(), np.count_nonzero(other))
        for i, other in enumerate(whole)
        if i != index
    )
    return FishAnnotation(box, pose.facing > 0, abs(pose.facing) < TURNING, occluded)


def _layer(fish: Fish, pose: Pose, water: Array, size: tuple[int, ...]) -> _Layer:
    """One fish, drawn in a window of the frame."""
    rows, columns = _window(pose)
    along, down = body_coordinates(pose, fish.depth, rows, columns)
    flank = fish.right if pose.facing > 0 else fish.left
    at = np.stack([(down - body.TOP) * fish.texels, (along - body.LEFT) * fish.texels])
    paint = flank.cool + (flank.warm - flank.cool) * np.float32(pose.warm) + flank.gloss * np.float32(pose.gloss)
    haze = _HAZE[0] + (_HAZE[1] - _HAZE[0]) * pose.depth
    paint = (paint + (water - paint) * np.float32(haze)) * flank.alpha[..., None]
    channels = [*np.moveaxis(paint, -1, 0), flank.alpha]
    drawn = [_pooled(map_coordinates(channel, at, order=1, output=np.float32)) for channel in channels]
    blurred = _blurred(np.stack(drawn, axis=-1), pose)
    part = np.ix_((rows >= 0) & (rows < size[0]), (columns >= 0) & (columns < size[1]))
    corner = (max(0, int(rows[0])), max(0, int(columns[0])))
    return _Layer(blurred[part][..., :3], blurred[part][..., 3], _region(flank.region, at)[part], corner)


def _window(pose: Pose) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of a window around the fish and its blur; it may reach outside the frame."""
    margin = 4 * pose.blur + 4
    long, high = 0.66 * pose.length, 0.3 * pose.length
    c, s = abs(np.cos(pose.pitch)), abs(np.sin(pose.pitch))
    half_y, half_x = long * s + high * c + margin, long * c + high * s + margin
    rows = np.arange(int(np.floor(pose.y - half_y)), int(np.ceil(pose.y + half_y)))
    return rows, np.arange(int(np.floor(pose.x - half_x)), int(np.ceil(pose.x + half_x)))


def body_coordinates(
    pose: Pose, depth: float, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Body coordinates (x, y) of the subpixels of a window, each (2 rows, 2 columns) float32."""
    offsets = (np.arange(_FINE) + 0.5) / _FINE
    dy = ((rows[:, None] + offsets).ravel() - pose.y)[:, None]
    dx = ((columns[:, None] + offsets).ravel() - pose.x)[None, :]
    unit = pose.length / body.LENGTH
    side = 1.0 if pose.facing > 0 else -1.0
    c, s = np.cos(pose.pitch), np.sin(pose.pitch)
    forward, down = (side * c * dx - s * dy) / unit, (side * s * dx + c * dy) / unit
    x = _MIDDLE - forward / np.hypot(pose.facing, _THICK * (1 - abs(pose.facing)))
    middle, slope = _midline(pose, x)
    steep = 1 + slope**2
    along = x + (down - middle) * slope / steep
    across = (down - middle) / np.sqrt(steep)
    return along.astype(np.float32), _spread(along, across, pose.spread, depth)


def _midline(pose: Pose, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Height and slope of the bent midline: an arc with a small beat of the tail."""
    x = np.clip(x, -0.3, 1.5)
    behind = np.maximum(x - 0.5, 0)
    height = pose.bend * ((x - 0.5) ** 2 - 0.08) + 0.05 * behind**2 * np.sin(pose.beat)
    return height, 2 * pose.bend * (x - 0.5) + 0.1 * behind * np.sin(pose.beat)


def _spread(along: NDArray[np.float64], across: NDArray[np.float64], spread: float, depth: float) -> Array:
    """The distance across the body with the fins of back and belly folded towards it."""
    station = np.linspace(0, 1, 64, dtype=np.float32)
    back, belly = body.edges(station, depth)
    top, low = -np.interp(along, station, back), np.interp(along, station, belly)
    share = 1 + (spread - 1) * np.clip((0.97 - along) / 0.1, 0, 1)
    folded = np.where(across < top, top + (across - top) / share, across)
    return np.asarray(np.where(across > low, low + (across - low) / share, folded), dtype=np.float32)


def _pooled(fine: Array) -> Array:
    rows, columns = fine.shape[0] // _FINE, fine.shape[1] // _FINE
    return np.asarray(fine.reshape(rows, _FINE, columns, _FINE).mean(axis=(1, 3)), dtype=np.float32)


def _region(region: Region, at: Array) -> Region:
    """Region of each pixel: the one that holds at least half of its subpixels."""
    row, column = (np.clip(np.rint(a), 0, n - 1).astype(int) for a, n in zip(at, region.shape, strict=True))
    fine = region[row, column]
    animal = _pooled((fine != BACKGROUND).astype(np.float32)) >= 0.5  # noqa: PLR2004 - half
    pattern = _pooled((fine == PATTERN).astype(np.float32)) >= 0.5  # noqa: PLR2004 - half
    return np.where(animal & pattern, PATTERN, np.where(animal, BODY, BACKGROUND)).astype(np.uint8)


def _blurred(drawn: Array, pose: Pose) -> Array:
    """The drawing with defocus and motion blur."""
    soft = gaussian_filter(drawn, (pose.blur, pose.blur, 0))
    steps = 2 * int(np.ceil(np.hypot(*pose.motion))) + 1
    shifts = np.rint(np.outer(np.linspace(-0.5, 0.5, steps), pose.motion)).astype(int)
    shifted = [np.roll(soft, (dy, dx), axis=(0, 1)) for dx, dy in shifts]
    return np.asarray(np.mean(shifted, axis=0), dtype=np.float32)


def _placed(layer: _Layer, size: tuple[int, ...]) -> Region:
    whole = np.zeros(size[:2], dtype=np.uint8)
    (row, column), (height, width) = layer.corner, layer.region.shape
    whole[row : row + height, column : column + width] = layer.region
    return whole


def _blend(photo: Array, layer: _Layer) -> None:
    """Draw a fish over the photo, in place."""
    (row, column), (height, width) = layer.corner, layer.region.shape
    part = photo[row : row + height, column : column + width]
    part *= 1 - layer.alpha[..., None]
    part += layer.colour
