"""The block split: stretches of a recording kept whole, with a gap where two parts meet."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import Footage, footage, nearest, ranks
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.group_assignment import assign
from benchmark.splitting.sampling import apportion, by_identity
from benchmark.splitting.split import Split
from benchmark.splitting.zones import DROPPED, Zoning, named, refuse_absence, split_of

_LONGEST_BLOCK = 40
_LONGEST_GAP = 10
_BLOCK_OF = 6
_GAP_OF = 8

FEWEST_FRAMES = 24
"""An individual must be seen in so many frames: then a block has four, and a gap three."""


class Stretch(NamedTuple):
    """Lengths in frames that the data set has: of a block, and of the gap between two parts."""

    block: int
    gap: int


def stretch_of(frames: int) -> Stretch:
    """Block and gap for individuals that are seen in so many frames: a sixth and an eighth, at most 40 and 10."""
    return Stretch(min(_LONGEST_BLOCK, frames // _BLOCK_OF), min(_LONGEST_GAP, frames // _GAP_OF))


def block_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """Contiguous frames of a recording stay together, and frames are dropped where train, val and test meet.

    Every recording (see `moments.footage`) is cut into blocks of about 40 frames, or of a sixth of the frames of the
    individual that is seen in the fewest, where that is less. Blocks go whole, with every animal in them, to train,
    val or test (`groups.assign`). Where two parts meet, a gap is dropped: images of train within 10 frames of val or
    test, and of val within 10 frames of test, or within an eighth of that individual's frames. Frames are
    counted as the data set has them, so that the gap holds whatever the unit of the frame number.

    All animals of a frame are in one part. Light, water and the place in the tank stay those of one
    recording: the split asks for the pattern in another pose, not in another place.

    Raises:
        InputError: there is no column of frames within recordings, an individual is seen in under 24 frames, or
            in too few blocks; or has fewer than five images.
    """
    return split_of(catalogue, digests, seed, by_block(catalogue, seed), name or f"block-{seed}")


def by_block(catalogue: Catalogue, seed: int) -> Zoning:
    """The zones of the block split."""
    by_identity(catalogue)
    taken = footage(catalogue.rows)
    if taken is None:
        raise InputError(
            f"{catalogue.name} cannot carry the split 'block': not every image has a frame number and a recording that "
            "it counts in. Add the columns `frame` and `video` (or `sequence`)."
        )
    positions = ranks(taken.recordings, taken.frames)
    stretch = stretch_of(_fewest_frames(catalogue, taken))
    blocks = _blocks(taken.recordings, positions, stretch.block)

    def settle(zones: NDArray[np.int8]) -> NDArray[np.int8]:
        return _without_gap(taken.recordings, positions, zones, stretch.gap)

    numbers = assign([row.identity for row in catalogue.rows], blocks, seed, settle)
    zones = named(catalogue, numbers)
    refuse_absence(
        catalogue, zones, "block", f"for it is seen in too few blocks of {stretch.block} frames of its {taken.column}"
    )
    recipe = (
        f"Blocks, seed {seed}: each {taken.column} is cut into blocks of about {stretch.block} frames, which go whole "
        f"to train, val or test, near 80 : 11.2 : 8.8 for each individual; where parts meet, {stretch.gap} frames are "
        f"left out ({int((numbers == DROPPED).sum())} images)."
    )
    return Zoning(zones, recipe)


def _fewest_frames(catalogue: Catalogue, taken: Footage) -> int:
    """Distinct frames of the individual that is seen in the fewest."""
    seen: dict[str, set[tuple[int, int]]] = {}
    for row, recording, frame in zip(catalogue.rows, taken.recordings.tolist(), taken.frames.tolist(), strict=True):
        seen.setdefault(row.identity, set()).add((recording, frame))
    rarest = min(sorted(seen), key=lambda identity: len(seen[identity]))
    if len(seen[rarest]) < FEWEST_FRAMES:
        raise InputError(
            f"{catalogue.name} cannot carry the split 'block': the individual {rarest!r} is seen in "
            f"{len(seen[rarest])} frames; blocks with a gap need {FEWEST_FRAMES}."
        )
    return len(seen[rarest])


def _blocks(recordings: NDArray[np.int64], positions: NDArray[np.int64], length: int) -> list[str]:
    """(N,) the block of each image, `<recording>:<number>`; a recording's blocks differ by one frame at most."""
    lengths = np.zeros(recordings.max() + 1, dtype=np.int64)
    np.maximum.at(lengths, recordings, positions + 1)
    ends = []
    for frames in lengths.tolist():
        count = max(1, (2 * frames + length) // (2 * length))
        ends.append(np.cumsum(apportion(frames, [1] * count)))
    return [
        f"{recording}:{np.searchsorted(ends[recording], position, side='right')}"
        for recording, position in zip(recordings.tolist(), positions.tolist(), strict=True)
    ]


def _without_gap(
    recordings: NDArray[np.int64], positions: NDArray[np.int64], zones: NDArray[np.int8], gap: int
) -> NDArray[np.int8]:
    """Drop the images of each part that stand within `gap` frames of a later part (train, val, test)."""
    left = zones.copy()
    for part in (0, 1):
        asked = zones == part
        distances = nearest(recordings, positions, asked, zones > part)
        left[np.flatnonzero(asked)[distances <= gap]] = DROPPED
    return left
