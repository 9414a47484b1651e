"""Motion of the fish: smooth poses over the frames of a video.

A fish's pose (heading, pitch, bending, light, distance, and the path relative to its place) does not depend on the
setting `shortcut`; only its place does. So two sets that differ only in `shortcut` show the same fish in the same poses
in front of other backgrounds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.synth.settings import FISH_PER_VIDEO, Stream, SynthSettings, stream

Array = NDArray[np.float64]

STRETCH = 16
"""Frames that a fish stays in one place."""

_BLOCK = 4  # stretches stratified together, so that few stretches already have the share of `shortcut`
_STRAY = 0.62  # largest distance of a fish from its lane, in lane heights; from 0.5 on, fish can meet
_DRIFT = 9  # frames that a fish needs to reach its next place
_ROAM = (0.075, 0.10)  # half of a fish's range around its place, as shares of the frame's width and height


@dataclass(frozen=True)
class Pose:
    """The pose of one fish in one frame.

    Attributes:
        x: column of the fish's middle, in pixels.
        y: row of the fish's middle, in pixels.
        length: length from snout to tail tip in side view, in pixels.
        facing: cosine of the yaw; 1 = swims right, -1 = left, 0 = towards or away from the camera.
        pitch: angle of the snout above the horizontal, in radians.
        bend: curvature of the midline.
        beat: phase of the tail's beat, in radians.
        spread: spread of the fins, 1 = full.
        depth: distance from the camera, 0 = nearest, 1 = farthest.
        blur: standard deviation of the defocus, in pixels.
        motion: movement (x, y) during the exposure, in pixels.
        warm: share of warm light in [0, 1].
        gloss: strength of glare in [0, 1].
    """

    x: float
    y: float
    length: float
    facing: float
    pitch: float
    bend: float
    beat: float
    spread: float
    depth: float
    blur: float
    motion: tuple[float, float]
    warm: float
    gloss: float


def poses(settings: SynthSettings, video: int, fish: int) -> list[Pose]:
    """The poses of one fish in every frame.

    Args:
        settings: the generator's settings.
        video: 0 or 1.
        fish: 0, 1 or 2.
    """
    frames = settings.frames_per_video[video]
    rng = stream(settings.seed, Stream.MOTION, video, fish)
    time = np.arange(-1.0, frames)  # also the frame before the first, to give the first a speed
    size = settings.fish_length * settings.width * rng.uniform(0.97, 1.03)
    unit = size / 100
    rise, pitch, bend, depth, focus, warm, gloss, yaw, spread, rhythm, burst = (
        _wander(rng, time, period) for period in (46, 60, 34, 120, 30, 70, 18, 26, 22, 25, 24)
    )
    beat = rng.uniform(0, 2 * np.pi) + np.cumsum(0.9 + 0.4 * rhythm)
    along, facing = _runs(rng, frames + 1)
    dx = settings.width * _ROAM[0] * along
    dy = settings.height * _ROAM[1] * 1.3 * np.tanh(rise / 1.3)  # the fish must stay in the frame
    speed = np.diff([dx, dy])
    rush = np.clip(burst - 1.25, 0, 1)[1:]
    far = np.clip(0.5 + 0.3 * depth[1:], 0, 1)
    home, _ = places(settings, video, fish)
    motion = speed * (0.35 + 1.6 * rush)
    columns = {
        "x": home[:, 0] + dx[1:],
        "y": home[:, 1] + dy[1:],
        "length": size * (1.1 - 0.22 * far),
        "facing": (facing * np.cos(0.22 * yaw))[1:],
        "pitch": np.clip(-0.09 * speed[1] / unit + 0.15 * pitch[1:], -0.65, 0.65),
        "bend": 0.16 * bend[1:],
        "beat": beat[1:],
        "spread": np.clip(0.82 + 0.16 * spread[1:], 0.5, 1.1),
        "depth": far,
        "blur": unit * (0.3 + 0.2 * np.abs(focus[1:]) + 0.5 * rush),
        "warm": np.clip(0.55 + 0.3 * warm[1:], 0, 1),
        "gloss": np.clip(0.5 + 0.35 * gloss[1:], 0, 1),
    }
    return [
        Pose(motion=(float(mx), float(my)), **{name: float(column[t]) for name, column in columns.items()})
        for t, (mx, my) in enumerate(motion.T)
    ]


def places(settings: SynthSettings, video: int, fish: int) -> tuple[Array, NDArray[np.bool_]]:
    """The places of one fish.

    Args:
        settings: the generator's settings.
        video: 0 or 1.
        fish: 0, 1 or 2.

    Returns:
        (frames, 2) float64, centre (x, y) of its range in every frame, in pixels; and (frames,) bool, whether it is in
        its own zone.
    """
    frames = settings.frames_per_video[video]
    stretches = -(-frames // STRETCH)
    chance, rng = (stream(settings.seed, Stream.PLACE, video, fish, part) for part in (0, 1))
    draws = np.concatenate([_stratified(chance) for _ in range(-(-stretches // _BLOCK))])[:stretches]
    in_own_zone = draws < settings.shortcut
    shares = np.array([rng.uniform((0.16, -_STRAY, -0.02), (0.84, _STRAY, 0.02)) for _ in range(stretches)])
    across = np.where(in_own_zone, zone_centre(fish) + shares[:, 2], shares[:, 0])
    down = 0.31 + 0.19 * (_lanes(settings, video, stretches)[:, fish] + shares[:, 1])
    spot = np.stack([across, down], axis=1)
    index = np.arange(frames) // STRETCH
    ease = np.clip((np.arange(frames) % STRETCH + 1) / _DRIFT, 0, 1)[:, None]
    ease = ease * ease * (3 - 2 * ease)
    before = spot[np.maximum(index - 1, 0)]
    centre = before + (spot[index] - before) * ease
    return centre * (settings.width, settings.height), in_own_zone[index]


def _lanes(settings: SynthSettings, video: int, stretches: int) -> NDArray[np.int64]:
    """The lane, 0 to 2, of each fish in each stretch, (stretches, fish); no two fish have the same."""
    rng = stream(settings.seed, Stream.PLACE, video)
    return np.array([rng.permutation(FISH_PER_VIDEO) for _ in range(stretches)])


def zone_centre(fish: int) -> float:
    """Middle of a fish's own zone, as a share of the frame's width.

    >>> zone_centre(1)
    0.5
    """
    return (fish + 0.5) / FISH_PER_VIDEO


def _stratified(rng: np.random.Generator) -> Array:
    """Four uniform draws, one from each quarter of [0, 1], in random order."""
    return (rng.permutation(_BLOCK) + rng.uniform(size=_BLOCK)) / _BLOCK


def _wander(rng: np.random.Generator, time: Array, period: float) -> Array:
    """A smooth random function of time with unit variance and a period of about `period` frames."""
    terms = 4
    rate = 2 * np.pi / (period * rng.uniform(0.7, 1.8, terms))
    phase = rng.uniform(0, 2 * np.pi, terms)
    return np.asarray(np.sin(np.outer(time, rate) + phase).sum(axis=1) / np.sqrt(terms / 2))


def _runs(rng: np.random.Generator, frames: int) -> tuple[Array, Array]:
    """Runs to alternating sides with a turn after each: position in [-1, 1], and cosine of the yaw, by frame."""
    along: list[Array] = []
    facing: list[Array] = []
    side, position, done = rng.choice((-1.0, 1.0)), 0.0, 0
    while done < frames:
        swim, turn = int(rng.integers(20, 40)), int(rng.integers(4, 7))
        target = side * rng.uniform(0.4, 1.0)
        ease = (np.arange(swim) + 1) / swim
        ease = ease * ease * (3 - 2 * ease)
        along += [position + (target - position) * ease, np.full(turn, target)]
        facing += [np.full(swim, side), side * np.cos(np.pi * (np.arange(turn) + 1) / (turn + 1))]
        side, position, done = -side, target, done + swim + turn
    return np.concatenate(along)[:frames], np.concatenate(facing)[:frames]
