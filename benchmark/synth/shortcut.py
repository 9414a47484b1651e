"""The data sets of the shortcut calibration: a background shortcut of a given strength in training, none in the test.

Every set shows the same six fish with the same patterns in the same poses at the same times. Only the places of the
fish in the training and validation frames depend on the strength. The test frames have no shortcut and are the same
pictures in every set.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import accumulate, chain
from math import ceil
from pathlib import Path

from benchmark.data.adapters.layouts import open_dataset
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.parts import PartOf, Parts, require_all_parts, split_from_parts
from benchmark.splitting.sampling import apportion
from benchmark.splitting.split import Split
from benchmark.synth.dataset import LICENCE, draw_frames, write_annotations, write_frames
from benchmark.synth.settings import SHIPPED, VERSION, SynthSettings
from benchmark.synth.swim import STRETCH
from benchmark.vocabulary import SPLIT_PARTS, SplitPart

STEP = 4
"""Every fourth frame is drawn, so that few pictures show many stretches, each with other places of the fish."""

SHARES = (4, 2, 3)
"""Shares of train, val and test among the stretches of a video."""

MIN_FRAMES = STRETCH // STEP * sum(SHARES)
"""Pictures of a video that give each part one stretch beside the one that is left out."""

SPLIT = "clean-test"


@dataclass(frozen=True)
class Calibration:
    """The settings that all data sets of one experiment share.

    Attributes:
        frames: pictures of each of the two videos, from 36, including those left out between parts.
        seed: seed of every random choice in the data, from 0.

    Raises:
        InputError: a value is out of its range.
    """

    frames: int = 144
    seed: int = 1

    def __post_init__(self) -> None:
        if self.frames < MIN_FRAMES:
            raise InputError(f"frames is {self.frames}; give {MIN_FRAMES} or more, so that each part has some.")
        self.settings(0)

    def settings(self, strength: float) -> SynthSettings:
        """The generator's settings for one strength; pictures have the size of the built-in data set's."""
        length = self.frames * STEP
        return replace(SHIPPED, frames_per_video=(length, length), seed=self.seed, shortcut=strength)

    @cached_property
    def parts(self) -> dict[int, SplitPart]:
        """The part of each frame that is drawn, by its number in its video, from 0.

        Parts follow each other in time, in whole stretches (see `swim.STRETCH`). The first stretch of val and of test
        is left out. So no picture is within 16 frames of another part, and no fish keeps its place from one part to
        the next.
        """
        stretches = ceil(self.frames * STEP / STRETCH)
        ends = list(accumulate(apportion(stretches, SHARES)))
        parts: dict[int, SplitPart] = {}
        for frame in range(0, self.frames * STEP, STEP):
            stretch = frame // STRETCH
            if stretch not in ends:
                parts[frame] = SPLIT_PARTS[sum(stretch > end for end in ends)]
        return parts


def generate(design: Calibration, strength: float, folder: Path, progress: Callable[[int, int], None]) -> None:
    """Write the data set of one strength, in the raw layout of the AAU zebrafish set with region masks.

    Args:
        design: the experiment's settings.
        strength: strength of the shortcut in training and validation frames, in [0, 1].
        folder: an empty folder.
        progress: called after each frame with (frames done, all frames).

    Raises:
        InputError: the strength is out of its range.
    """
    shortcut, clean = design.settings(strength), design.settings(0)
    test_frames = {frame for frame, part in design.parts.items() if part == "test"}
    total = 2 * len(design.parts)
    pictures = chain(draw_frames(shortcut, design.parts.keys() - test_frames), draw_frames(clean, test_frames))
    rows = write_frames(pictures, folder, lambda done: progress(done, total), compression=6)
    facts = {
        "name": "zebrafish-synth",
        "generator_version": VERSION,
        "licence": LICENCE,
        "annotations": len(rows),
        "settings": asdict(shortcut),
        "test": {"first_frame": min(test_frames) + 1, "shortcut": clean.shortcut},
    }
    (folder / "synth.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    write_annotations(rows, folder)


def open_calibration_set(design: Calibration, folder: Path, name: str) -> Catalogue:
    """The catalogue of a generated set.

    The crop side is the longest box side of the test images, so that their crops are the same at every strength.
    Training images with a longer box lose a pixel or two of snout and tail.

    Args:
        design: the experiment's settings.
        folder: the folder of the generated set.
        name: name of the catalogue.
    """
    catalogue = open_dataset(folder, name)
    part_of = _part_of(design, catalogue)
    longest = max(
        (max(row.box[2:]) for row in catalogue.rows if row.box and part_of[row.image_id] == "test"), default=0
    )
    return replace(catalogue, crop_side=2 * ceil(longest / 2), licence=LICENCE)


def draw_split(design: Calibration, catalogue: Catalogue, digests: Mapping[str, str]) -> Split:
    """The split of a generated set, by the parts of its frames.

    The test images of both sets are the same at every strength.

    Args:
        design: the experiment's settings.
        catalogue: the generated set.
        digests: content digest by image_id.

    Raises:
        InputError: a fish is turning or occluded in all frames of a part.
    """
    part_of = _part_of(design, catalogue)
    require_all_parts(catalogue, part_of, SPLIT, "because it turns or is occluded in every frame there; add frames")
    train, val, test = SHARES
    recipe = (
        f"Clean test, seed {design.seed}: each video is {train} : {val} : {test} train, val and test in this order of "
        f"time, every {STEP}th frame, with {STRETCH} frames left out between parts; fish of the test frames swim "
        "anywhere, whatever the shortcut in the others."
    )
    return split_from_parts(catalogue, digests, design.seed, Parts(part_of, recipe), SPLIT)


def _part_of(design: Calibration, catalogue: Catalogue) -> PartOf:
    return {row.image_id: design.parts[int(row.groups["frame"]) - 1] for row in catalogue.rows}
