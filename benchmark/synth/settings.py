"""What can be chosen about the generated set, and the random streams that follow from its seed."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from benchmark.errors import InputError

VERSION = 1
"""Of the generator: a change that alters a pixel or an annotation raises it."""

FISH_PER_VIDEO = 3
SMALLEST = (240, 136)


class Stream(IntEnum):
    """What a random stream is for; only what PLACE draws is read through the knob `shortcut`."""

    FLANK = 0
    BODY = 1
    MOTION = 2
    PLACE = 3
    LIGHT = 4
    TANK = 5


@dataclass(frozen=True)
class SynthSettings:
    """Everything that the generated set depends on.

    Attributes:
        frames_per_video: how many frames `Vid1` and `Vid2` have, each from 1.
        seed: of every random choice, from 0.
        shortcut: in [0, 1]; probability that a fish spends a stretch of frames in its own zone of the tank
            instead of anywhere, that is how much the background gives the identity away.
        width: of a frame in pixels, from 240.
        height: of a frame in pixels, from 136.
        fish_length: mean length of a fish from snout to tail tip, as a share of the frame's width, in
            [0.1, 0.4].

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
            raise InputError(f"shortcut is {self.shortcut}; give a number from 0 (none) to 1 (always at home).")
        if self.width < SMALLEST[0] or self.height < SMALLEST[1]:
            least = "x".join(map(str, SMALLEST))
            raise InputError(f"The frame is {self.width}x{self.height} pixels; give {least} or more.")
        if not 0.1 <= self.fish_length <= 0.4:  # noqa: PLR2004 - the documented range
            raise InputError(f"fish_length is {self.fish_length}; give a share of the width from 0.1 to 0.4.")


SHIPPED = SynthSettings(frames_per_video=(92, 92), width=448, height=252)
"""The small version in `benchmark/datasets/zebrafish-synth`."""


def stream(seed: int, purpose: Stream, *key: int) -> np.random.Generator:
    """A PCG64 stream of its own for one purpose and key, whatever else is drawn elsewhere."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), *key)))
