"""Pairs of images that re-identification compares: which gallery images a query may be matched with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import NEAR_FRAMES, dense_ranks, encounter_codes, flanks_of, frame_positions
from benchmark.data.catalogue import Row
from benchmark.vocabulary import FlankPairing


class Sightings(NamedTuple):
    """What is known of N images beside their pixels.

    Attributes:
        numbers: (N,) int64, number of each image in its data set.
        labels: (N,) class numbers.
        recordings: (N,) int64, code of the recording or encounter; None = not known.
        frames: (N,) int64, rank of the frame among the frames of its recording; None = not known.
        flanks: (N,) `left`, `right`, or empty if the flank of this image is not known; None = not known of any image.
    """

    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]
    recordings: NDArray[np.int64] | None = None
    frames: NDArray[np.int64] | None = None
    flanks: NDArray[np.str_] | None = None

    def at(self, positions: NDArray[np.integer] | NDArray[np.bool_]) -> "Sightings":
        """Those of some images."""
        return Sightings(*(None if values is None else values[positions] for values in self))  # type: ignore[arg-type]


def sightings_of(rows: Sequence[Row]) -> Sightings:
    """What is known of the rows of a data set."""
    names = {name: number for number, name in enumerate(sorted({row.identity for row in rows}))}
    labels = np.array([names[row.identity] for row in rows], dtype=np.int64)
    positions = frame_positions(rows)
    if positions is None:
        recordings, frames = encounter_codes(rows), None
    else:
        recordings, frames = positions.recordings, dense_ranks(positions.recordings, positions.frames)
    return Sightings(np.arange(len(rows)), labels, recordings, frames, flanks_of(rows))


class LeftOut(NamedTuple):
    """What the rule of adjacent frames leaves out.

    Attributes:
        pairs: number of pairs of a query and a gallery image.
        queries: number of queries that have a match, but only among these pairs.
    """

    pairs: int
    queries: int


@dataclass(frozen=True)
class Pairing:
    """Which gallery images are hidden from a query.

    Hidden is the query itself, and every image of adjacent frames: in the same recording, at most `window` frames away,
    as frames are counted in the data set (`capture.dense_ranks`). Of the query's individual that is almost the same
    picture, and finding it shows nothing about the pattern. Other individuals are hidden there too, so that the share
    of matches in the gallery, which is what a random order reaches, hardly changes.

    Attributes:
        queries: of the Q queries.
        gallery: of the G gallery images.
        window: in frames.
        flank: which flanks are compared; without known flanks all are.
        across_recordings: whether all images of the query's individual from its own recording are hidden too.
    """

    queries: Sightings
    gallery: Sightings
    window: int = NEAR_FRAMES
    flank: FlankPairing = "any"
    across_recordings: bool = False

    def hidden(self, query: int) -> NDArray[np.bool_]:
        """(G,) whether each gallery image is hidden from a query."""
        hidden = self._itself(query) | self._adjacent(query) | self._of_other_flanks(query)
        if self.across_recordings:
            hidden |= self._own(query) & self._same_recording(query)
        return hidden

    def left_out(self) -> LeftOut | None:
        """What the rule of adjacent frames leaves out among the flanks that are compared; None without frames."""
        if self.queries.frames is None:
            return None
        pairs = emptied = 0
        for query in range(len(self.queries.labels)):
            comparable = ~(self._itself(query) | self._of_other_flanks(query))
            adjacent = self._adjacent(query) & comparable
            matches = self._own(query) & comparable
            pairs += int(adjacent.sum())
            emptied += bool(matches.any() and not (matches & ~adjacent).any())
        return LeftOut(pairs, emptied)

    def _itself(self, query: int) -> NDArray[np.bool_]:
        return _equal(self.gallery.numbers, self.queries.numbers[query])

    def _own(self, query: int) -> NDArray[np.bool_]:
        return _equal(self.gallery.labels, self.queries.labels[query])

    def _same_recording(self, query: int) -> NDArray[np.bool_]:
        if self.queries.recordings is None or self.gallery.recordings is None:
            return np.zeros(len(self.gallery.labels), dtype=bool)
        return _equal(self.gallery.recordings, self.queries.recordings[query])

    def _adjacent(self, query: int) -> NDArray[np.bool_]:
        if self.queries.frames is None or self.gallery.frames is None:
            return np.zeros(len(self.gallery.labels), dtype=bool)
        is_near: NDArray[np.bool_] = np.abs(self.gallery.frames - self.queries.frames[query]) <= self.window
        return self._same_recording(query) & is_near

    def _of_other_flanks(self, query: int) -> NDArray[np.bool_]:
        """`same` hides the images of the other flank; `cross` all that are not of the other flank."""
        if self.flank == "any" or self.queries.flanks is None or self.gallery.flanks is None:
            return np.zeros(len(self.gallery.labels), dtype=bool)
        own, flanks = self.queries.flanks[query], self.gallery.flanks
        is_other: NDArray[np.bool_] = (flanks != own) & (flanks != "") & (own != "")
        return is_other if self.flank == "same" else ~is_other


def _equal(values: NDArray[np.int64], value: np.int64) -> NDArray[np.bool_]:
    return np.asarray(values == value)
