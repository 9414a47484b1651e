"""Settings of the generated set, and the random streams of its seed."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from benchmark.errors import InputError

VERSION = 1
"""Version of the generator: a change of any pixel or annotation increases it."""

FISH_PER_VIDEO = 3
SMALLEST = (240, 136)


class Stream(IntEnum):
    """Purpose of a random stream; the setting `shortcut` only affects the use of PLACE."""

    FLANK = 0
    BODY = 1
    MOTION = 2
    PLACE = 3
    LIGHT = 4
    TANK = 5


@dataclass(frozen=True)
class SynthSettings:
    """All settings of the generated set.

    Attributes:
        frames_per_video: numbers of frames of `Vid1` and `Vid2`, each from 1.
        seed: seed of every random choice, from 0.
        shortcut: in [0, 1]; probability that a fish spends a stretch of frames in its own zone of the tank instead of
            anywhere. The larger it is, the more the background reveals the identity.
        width: width of a frame in pixels, from 240.
        height: height of a frame in pixels, from 136.
        fish_length: mean length of a fish from snout to tail tip, as a share of the frame's width, in [0.1, 0.4].

    Raises:
        InputError: a value is out of its range.
    """

    frames_per_video: tuple[int, int] = (540, 540)
    seed: int = 1
    shortcut: float = 0.5
    width: int = 960
    height: int = 540
    fish_length: float = 0.22

    def __post_init__(self) -> None:
        if min(self.frames_per_video) < 1:
            raise InputError(f"frames_per_video is {self.frames_per_video}; each video needs 1 frame or more.")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; give a whole number from 0.")
        if not 0 <= self.shortcut <= 1:
            raise InputError(f"shortcut is {self.shortcut}; give a number from 0 (none) to 1 (always in its own zone).")
        if self.width < SMALLEST[0] or self.height < SMALLEST[1]:
            least = "x".join(map(str, SMALLEST))
            raise InputError(f"The frame is {self.width}x{self.height} pixels; give {least} or more.")
        if not 0.1 <= self.fish_length <= 0.4:  # noqa: PLR2004 - the documented range
            raise InputError(f"fish_length is {self.fish_length}; give a share of the width from 0.1 to 0.4.")


SHIPPED = SynthSettings(frames_per_video=(92, 92), width=448, height=252)
"""Settings of the built-in data set in `benchmark/datasets/zebrafish-synth`."""


def stream(seed: int, purpose: Stream, *key: int) -> np.random.Generator:
    """An independent PCG64 stream for one purpose and key.

    Args:
        seed: seed of the data set.
        purpose: what is drawn from the stream.
        key: numbers that distinguish streams of one purpose, such as the video and the fish.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), *key)))
