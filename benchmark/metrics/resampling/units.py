"""Units of analysis: images that are near-copies of each other count as one piece of evidence."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import NEAR_FRAMES
from benchmark.vocabulary import UnitKind


@dataclass(frozen=True)
class Units:
    """The unit of each image.

    Attributes:
        numbers: (N,) int64, the unit of each image, from 0.
        kind: what a unit is.
    """

    numbers: NDArray[np.int64]
    kind: UnitKind

    @property
    def count(self) -> int:
        """Number of units."""
        return len(np.unique(self.numbers))

    @property
    def known(self) -> bool:
        """Whether it is known which images belong together; otherwise each image is its own unit."""
        return self.kind != "images"


def units_of(
    labels: NDArray[np.integer], recordings: NDArray[np.integer] | None, frames: NDArray[np.integer] | None
) -> Units:
    """The unit of each image of one set, such as the test images.

    With frames, a unit is a stretch: images of one individual in one recording, in which no image is more than
    `NEAR_FRAMES` frames after the one before it. With recordings alone, a unit is an encounter: all images of one
    individual in one recording. With neither, each image is its own unit.

    A stretch ends where the set has no image of the individual for longer than the block split leaves out between two
    parts. So images of a stretch may miss a few frames, in which the animal was hidden or turned, and two test blocks
    are two stretches.

    Args:
        labels: (N,) class number of each image.
        recordings: (N,) recording of each image; None = not known.
        frames: (N,) rank of each image's frame among the frames of its recording (`capture.dense_ranks`); None = not
            known.

    Example:
        >>> units_of(np.array([0, 1, 0, 0]), np.zeros(4, int), np.array([5, 5, 12, 23])).numbers
        array([0, 2, 0, 1])
    """
    if recordings is None:
        return Units(np.arange(len(labels)), "images")
    steps = np.zeros(len(labels), np.int64) if frames is None else frames
    order = np.lexsort((steps, recordings, labels))
    begins = (
        (np.diff(labels[order], prepend=-1) != 0)
        | (np.diff(recordings[order], prepend=-1) != 0)
        | (np.diff(steps[order], prepend=0) > NEAR_FRAMES)
    )
    numbers = np.empty(len(labels), np.int64)
    numbers[order] = np.cumsum(begins) - 1
    return Units(numbers, "encounters" if frames is None else "stretches")
