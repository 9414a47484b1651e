"""The block split: blocks of consecutive frames kept whole, with a gap between different parts."""

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import NEAR_FRAMES, FramePositions, dense_ranks, frame_positions, nearest_distances
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.group_assignment import assign_groups
from benchmark.splitting.parts import DROPPED, Parts, parts_by_id, require_all_parts, split_from_parts
from benchmark.splitting.sampling import apportion, by_identity
from benchmark.splitting.split import Split

_MAX_BLOCK = 40
_BLOCKS_PER_INDIVIDUAL = 6
_GAPS_PER_INDIVIDUAL = 8

MIN_FRAMES = 24
"""Frames that every individual needs: a block then has four frames and a gap three."""


class BlockLengths(NamedTuple):
    """Lengths in frames of the data set: of a block, and of the gap between two parts."""

    block: int
    gap: int


def block_lengths(frames: int) -> BlockLengths:
    """Block and gap for individuals with this many frames: a sixth and an eighth, at most 40 and 10.

    >>> block_lengths(60)
    BlockLengths(block=10, gap=7)
    """
    return BlockLengths(
        min(_MAX_BLOCK, frames // _BLOCKS_PER_INDIVIDUAL), min(NEAR_FRAMES, frames // _GAPS_PER_INDIVIDUAL)
    )


def block_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """Consecutive frames of a recording stay together, and frames are dropped between train, val and test.

    Every recording (see `capture.frame_positions`) is cut into blocks of about 40 frames. If the individual with the
    fewest frames has less than 240, blocks are a sixth of its frames. A block goes whole, with every animal in it, to
    train, val or test (see `group_assignment.assign_groups`). Between parts a gap is dropped: train images within 10
    frames of val or test, and val images within 10 frames of test; the gap is at most an eighth of that individual's
    frames. Frames are counted by rank, so the unit of the frame number does not matter.

    All animals of a frame are in one part. Light, water and background are those of the same recording: the split tests
    the pattern in another pose, not in another place.

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.
        name: name of the split; None = `block-<seed>`.

    Raises:
        InputError: there is no column of frames within recordings; or an individual has fewer than 24 frames, too few
            blocks, or fewer than five images.
    """
    return split_from_parts(catalogue, digests, seed, block_parts(catalogue, seed), name or f"block-{seed}")


def block_parts(catalogue: Catalogue, seed: int) -> Parts:
    """The parts of the block split; raises `InputError` as `block_split`."""
    by_identity(catalogue)
    catalogue = replace(catalogue, rows=tuple(sorted(catalogue.rows, key=attrgetter("image_id"))))
    positions = frame_positions(catalogue.rows)
    if positions is None:
        raise InputError(
            f"{catalogue.name} does not support the split 'block': not every image has a frame number and a recording. "
            "Add the columns `frame` and `video` (or `sequence`)."
        )
    ranks = dense_ranks(positions.recordings, positions.frames)
    lengths = block_lengths(_min_frames(catalogue, positions))
    blocks = _blocks(positions.recordings, ranks, lengths.block)

    def drop_gaps(parts: NDArray[np.int8]) -> NDArray[np.int8]:
        return _without_gaps(positions.recordings, ranks, parts, lengths.gap)

    parts = assign_groups([row.identity for row in catalogue.rows], blocks, seed, drop_gaps)
    part_of = parts_by_id(catalogue, parts)
    reason = f"because it occurs in too few blocks of {lengths.block} frames of its {positions.column}"
    require_all_parts(catalogue, part_of, "block", reason)
    recipe = (
        f"Blocks, seed {seed}: each {positions.column} is cut into blocks of about {lengths.block} frames, which go "
        f"whole to train, val or test, near 80 : 11.2 : 8.8 for each individual; where parts meet, {lengths.gap} "
        f"frames are left out ({int((parts == DROPPED).sum())} images)."
    )
    return Parts(part_of, recipe)


def _min_frames(catalogue: Catalogue, positions: FramePositions) -> int:
    """Distinct frames of the individual with the fewest."""
    frames_of: dict[str, set[tuple[int, int]]] = {}
    for row, recording, frame in zip(
        catalogue.rows, positions.recordings.tolist(), positions.frames.tolist(), strict=True
    ):
        frames_of.setdefault(row.identity, set()).add((recording, frame))
    rarest = min(sorted(frames_of), key=lambda identity: len(frames_of[identity]))
    if len(frames_of[rarest]) < MIN_FRAMES:
        raise InputError(
            f"{catalogue.name} does not support the split 'block': the individual {rarest!r} has "
            f"{len(frames_of[rarest])} frames; blocks with a gap need {MIN_FRAMES}."
        )
    return len(frames_of[rarest])


def _blocks(recordings: NDArray[np.int64], ranks: NDArray[np.int64], length: int) -> list[str]:
    """The block of each image, `<recording>:<number>`; blocks of a recording differ by at most one frame in length."""
    lengths = np.zeros(recordings.max() + 1, dtype=np.int64)
    np.maximum.at(lengths, recordings, ranks + 1)
    ends = []
    for frames in lengths.tolist():
        count = max(1, (2 * frames + length) // (2 * length))
        ends.append(np.cumsum(apportion(frames, [1] * count)))
    return [
        f"{recording}:{np.searchsorted(ends[recording], rank, side='right')}"
        for recording, rank in zip(recordings.tolist(), ranks.tolist(), strict=True)
    ]


def _without_gaps(
    recordings: NDArray[np.int64], ranks: NDArray[np.int64], parts: NDArray[np.int8], gap: int
) -> NDArray[np.int8]:
    """The parts without the images that are within `gap` frames of a later part (train, val, test)."""
    remaining = parts.copy()
    for part in (0, 1):
        images = parts == part
        distances = nearest_distances(recordings, ranks, images, parts > part)
        remaining[np.flatnonzero(images)[distances <= gap]] = DROPPED
    return remaining
