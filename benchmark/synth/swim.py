"""How the fish swim: smooth poses over the frames of a video.

A fish's pose (heading, pitch, bending, light, distance, the path relative to where it stays) never depends on
the knob `shortcut`; only the place where it stays does. So two sets that differ in the knob alone show the
same fish in the same pose in front of other backgrounds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.synth.settings import FISH_PER_VIDEO, Stream, SynthSettings, stream

Array = NDArray[np.float64]

STRETCH = 16
"""Frames that a fish stays in one place, with or without its own zone."""

_BLOCK = 4  # stretches stratified together, so that few stretches already hold the asked-for share at home
_STRAY = 0.45  # how far from its height a fish may stay, in heights; they overlap from 0.5
_DRIFT = 9  # frames that it takes to swim to the next place
_ROAM = (0.075, 0.10)  # half of a fish's range around its place, as shares of the frame


@dataclass(frozen=True)
class Pose:
    """One fish in one frame.

    Attributes:
        x: of the middle of the fish, pixels.
        y: of the middle of the fish, pixels.
        length: from snout to tail tip when seen from the side, pixels.
        facing: cosine of the yaw; 1 = swims right, -1 = left, 0 = towards or away from the camera.
        pitch: nose up, radians.
        bend: curvature of the midline.
        beat: phase of the tail's beat, radians.
        spread: of the fins, 1 = full.
        depth: 0 = nearest, 1 = farthest.
        blur: defocus, standard deviation in pixels.
        motion: movement during the exposure (x, y), pixels.
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
    """All poses of fish 0, 1 or 2 of video 0 or 1."""
    frames = settings.frames_per_video[video]
    rng = stream(settings.seed, Stream.MOTION, video, fish)
    time = np.arange(frames, dtype=np.float64)
    size = settings.fish_length * settings.width * rng.uniform(0.97, 1.03)
    along, facing = _runs(rng, frames)
    rise, pitch_extra, bend, depth = (_wander(rng, time, period) for period in (46, 60, 34, 120))
    focus, warm, gloss, yaw, spread = (_wander(rng, time, period) for period in (30, 70, 18, 26, 22))
    beat = rng.uniform(0, 2 * np.pi) + np.cumsum(0.9 + 0.4 * _wander(rng, time, 25))
    burst = np.clip(_wander(rng, time, 24) - 1.25, 0, 1)

    rise = 1.3 * np.tanh(rise / 1.3)  # the fish must stay in the frame
    dx, dy = settings.width * _ROAM[0] * along, settings.height * _ROAM[1] * rise
    home, _ = places(settings, video, fish)
    speed_x, speed_y = np.gradient(np.pad(dx, 1, "edge"))[1:-1], np.gradient(np.pad(dy, 1, "edge"))[1:-1]
    unit = size / 100
    pitch = np.clip(-0.11 * speed_y / unit + 0.15 * pitch_extra, -0.65, 0.65)
    far = np.clip(0.5 + 0.3 * depth, 0, 1)
    return [
        Pose(
            x=float(home[t, 0] + dx[t]),
            y=float(home[t, 1] + dy[t]),
            length=float(size * (1.1 - 0.22 * far[t])),
            facing=float(facing[t] * np.cos(0.22 * yaw[t])),
            pitch=float(pitch[t]),
            bend=float(0.16 * bend[t]),
            beat=float(beat[t]),
            spread=float(np.clip(0.82 + 0.16 * spread[t], 0.5, 1.1)),
            depth=float(far[t]),
            blur=float(unit * (0.3 + 0.2 * abs(focus[t]) + 0.7 * burst[t])),
            motion=(
                float(speed_x[t] * (0.35 + 2.5 * burst[t])),
                float(speed_y[t] * (0.35 + 2.5 * burst[t])),
            ),
            warm=float(np.clip(0.55 + 0.3 * warm[t], 0, 1)),
            gloss=float(np.clip(0.5 + 0.35 * gloss[t], 0, 1)),
        )
        for t in range(frames)
    ]


def places(settings: SynthSettings, video: int, fish: int) -> tuple[Array, NDArray[np.bool_]]:
    """Where a fish stays.

    Returns:
        Centre of its range in every frame, (frames, 2) in pixels, and whether the frame's stretch is spent at
        home.
    """
    frames = settings.frames_per_video[video]
    rng = stream(settings.seed, Stream.PLACE, video, fish)
    stretches = -(-frames // STRETCH)
    draws = np.concatenate([_stratified(rng) for _ in range(-(-stretches // _BLOCK))])[:stretches]
    at_home = draws < settings.shortcut
    shares = np.array([rng.uniform((0.16, -_STRAY, -0.02), (0.84, _STRAY, 0.02)) for _ in range(stretches)])
    across = np.where(at_home, zone_centre(fish) + shares[:, 2], shares[:, 0])
    down = 0.31 + 0.19 * (_lanes(settings, video, stretches)[:, fish] + shares[:, 1])
    spot = np.stack([across, down], axis=1)
    index = np.arange(frames) // STRETCH
    ease = np.clip((np.arange(frames) % STRETCH + 1) / _DRIFT, 0, 1)[:, None]
    ease = ease * ease * (3 - 2 * ease)
    before = spot[np.maximum(index - 1, 0)]
    centre = before + (spot[index] - before) * ease
    return centre * (settings.width, settings.height), at_home[index]


def _lanes(settings: SynthSettings, video: int, stretches: int) -> NDArray[np.int64]:
    """Which height, 0 to 2, each fish prefers in each stretch: (stretches, fish); no two prefer the same."""
    rng = stream(settings.seed, Stream.PLACE, video)
    return np.array([rng.permutation(FISH_PER_VIDEO) for _ in range(stretches)])


def zone_centre(fish: int) -> float:
    """Middle of a fish's own zone, as a share of the frame's width."""
    return (fish + 0.5) / FISH_PER_VIDEO


def _stratified(rng: np.random.Generator) -> Array:
    """One block of uniform draws, one from each quarter of [0, 1], in random order."""
    return (rng.permutation(_BLOCK) + rng.uniform(size=_BLOCK)) / _BLOCK


def _wander(rng: np.random.Generator, time: Array, period: float) -> Array:
    """A smooth random function with unit variance over time, about `period` frames a swing."""
    terms = 4
    rate = 2 * np.pi / (period * rng.uniform(0.7, 1.8, terms))
    phase = rng.uniform(0, 2 * np.pi, terms)
    return np.asarray(np.sin(np.outer(time, rate) + phase).sum(axis=1) / np.sqrt(terms / 2))


def _runs(rng: np.random.Generator, frames: int) -> tuple[Array, Array]:
    """Swims to alternating sides with a turn after each: position in [-1, 1], and cosine of the yaw."""
    along: list[Array] = []
    facing: list[Array] = []
    side, here, done = rng.choice((-1.0, 1.0)), 0.0, 0
    while done < frames:
        swim, turn = int(rng.integers(20, 40)), int(rng.integers(4, 7))
        there = side * rng.uniform(0.4, 1.0)
        ease = (np.arange(swim) + 1) / swim
        ease = ease * ease * (3 - 2 * ease)
        along += [here + (there - here) * ease, np.full(turn, there)]
        facing += [np.full(swim, side), side * np.cos(np.pi * (np.arange(turn) + 1) / (turn + 1))]
        side, here, done = -side, there, done + swim + turn
    return np.concatenate(along)[:frames], np.concatenate(facing)[:frames]
