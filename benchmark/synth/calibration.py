"""The data sets of the shortcut calibration: as much background shortcut in training as asked for, none in the test.

Each set shows the same six fish with the same patterns in the same poses at the same moments. What differs from
strength to strength is where in the tank the fish of the training and validation frames are; the test frames are drawn
without the shortcut and are the same pictures in every set.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import accumulate, chain
from math import ceil
from pathlib import Path

from benchmark.data.adapters.aau import read_aau
from benchmark.data.catalogue import Catalogue
from benchmark.data.content_digests import content_digests
from benchmark.errors import InputError
from benchmark.splitting.sampling import apportion
from benchmark.splitting.split import Split
from benchmark.splitting.zones import Zoning, refuse_absence, split_of
from benchmark.synth.dataset import LICENCE, frames, write_annotations, write_frames
from benchmark.synth.settings import SHIPPED, VERSION, SynthSettings
from benchmark.synth.swim import STRETCH
from benchmark.vocabulary import SPLIT_PARTS, SplitPart

STEP = 4
"""Of the frames every fourth is drawn: so few pictures show many stretches, each with places of its own."""

SHARES = (4, 2, 3)
"""Of a video's stretches: train, val, test."""

FEWEST = STRETCH // STEP * sum(SHARES)
"""Pictures of a video that give each part a stretch beside the one that is left out."""

SPLIT = "clean-test"


@dataclass(frozen=True)
class Calibration:
    """What the data sets of one experiment share.

    Attributes:
        frames: pictures of each of the two videos, from 36; those left out between parts counted.
        seed: of every random choice in the data, from 0.

    Raises:
        InputError: a value is out of its range.
    """

    frames: int = 144
    seed: int = 1

    def __post_init__(self) -> None:
        if self.frames < FEWEST:
            raise InputError(f"frames is {self.frames}; give {FEWEST} or more, so that each part has some.")
        self.settings(0)

    def settings(self, strength: float) -> SynthSettings:
        """Of the generator; the pictures are as large as those of the data set that comes with the project."""
        length = self.frames * STEP
        return replace(SHIPPED, frames_per_video=(length, length), seed=self.seed, shortcut=strength)

    @cached_property
    def parts(self) -> dict[int, SplitPart]:
        """The part of each frame that is drawn, by its number in its video, from 0.

        Parts follow each other in time, in whole stretches (see `swim.STRETCH`). The first stretch of val and of test
        is left out: no picture is within 16 frames of another part, and no place in the tank reaches from one to the
        next.
        """
        stretches = ceil(self.frames * STEP / STRETCH)
        ends = list(accumulate(apportion(stretches, SHARES)))
        found: dict[int, SplitPart] = {}
        for frame in range(0, self.frames * STEP, STEP):
            stretch = frame // STRETCH
            if stretch not in ends:
                found[frame] = SPLIT_PARTS[sum(stretch > end for end in ends)]
        return found


def generate(design: Calibration, strength: float, folder: Path, progress: Callable[[int, int], None]) -> None:
    """Generate the data set of one strength, in the raw layout of the AAU zebrafish set with region masks.

    Args:
        design: of the experiment.
        strength: of the shortcut in training and validation frames, in [0, 1].
        folder: an empty one.
        progress: called after each frame with (frames done, frames in all).

    Raises:
        InputError: the strength is out of its range.
    """
    learnt, clean = design.settings(strength), design.settings(0)
    tested = {frame for frame, part in design.parts.items() if part == "test"}
    total = 2 * len(design.parts)
    made = chain(frames(learnt, design.parts.keys() - tested), frames(clean, tested))
    rows = write_frames(made, folder, lambda done: progress(done, total), compression=6)
    facts = {
        "name": "zebrafish-synth",
        "generator_version": VERSION,
        "licence": LICENCE,
        "annotations": len(rows),
        "settings": asdict(learnt),
        "test": {"first_frame": min(tested) + 1, "shortcut": clean.shortcut},
    }
    (folder / "synth.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    write_annotations(rows, folder)


def open_set(design: Calibration, folder: Path, name: str) -> Catalogue:
    """The catalogue of a generated set.

    The crop side is that of the test images alone, so that these are cut the same at every strength; of a training
    image whose box is longer, a pixel or two of snout and tail are cut off.
    """
    catalogue = read_aau(folder, name)
    zones = _zones(design, catalogue)
    longest = max((max(row.box[2:]) for row in catalogue.rows if row.box and zones[row.image_id] == "test"), default=0)
    return replace(catalogue, crop_side=2 * ceil(longest / 2), licence=LICENCE)


def draw_split(design: Calibration, catalogue: Catalogue) -> Split:
    """The split of a generated set: the parts that its frames were drawn for.

    The test images, those of the inpainting set among them, are the same at every strength.

    Raises:
        InputError: a fish is turning or hidden in all frames of a part.
    """
    zones = _zones(design, catalogue)
    refuse_absence(catalogue, zones, SPLIT, "for it turns or is hidden there whenever it is looked at; add frames")
    train, val, test = SHARES
    recipe = (
        f"Clean test, seed {design.seed}: each video is {train} : {val} : {test} train, val and test in this order of "
        f"time, every {STEP}th frame, with {STRETCH} frames left out between parts; fish of the test frames swim "
        "anywhere, whatever the shortcut in the others."
    )
    return split_of(catalogue, content_digests(catalogue.rows), design.seed, Zoning(zones, recipe), SPLIT)


def _zones(design: Calibration, catalogue: Catalogue) -> dict[str, SplitPart]:
    return {row.image_id: design.parts[int(row.groups["frame"]) - 1] for row in catalogue.rows}
