"""Leaks: what some images have in common with others, by content, look, photo, recording and frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmark.audit.near_duplicates import Centred, centre, near, similar
from benchmark.data.capture import FAR, codes, footage, nearest
from benchmark.data.catalogue import Row
from benchmark.splitting.sequence import SEQUENCES

DISTANCES = (1, 2, 5, 10)
"""Frames within which neighbours are counted."""

NEAR_BITS = 4
"""Hashes that differ in at most so many of 64 bits are of near duplicates."""

SIMILAR = 0.99
"""Cosine similarity above which embeddings are counted as the same."""


class Leak(BaseModel, frozen=True, extra="forbid"):
    """How much some images (the asked) have in common with others (the pool).

    Attributes:
        images: how many are asked; where there are none, every share is 0.
        exact: share whose content digest is in the pool: same photo, box and mask.
        near: share with an image of the pool whose perceptual hash differs in at most 4 bits; None = not looked at.
        similar: share with an image of the pool whose embedding is almost the same; None = not looked at. A good
            encoder makes images of one animal similar: this is a hint, no proof.
        same_frame: share cut from a photo, or taken at a moment of a recording, that another image of the pool is
            from, whatever the animal: light and background are known.
        same_group: by column, share with an image of the same animal and the same value in the pool.
        within: by number of frames, share with an image of the same animal in the same recording that is
            so near; empty where frames are not known.
        nearest: the least such distance; None where there is none.
    """

    images: int
    exact: float
    near: float | None
    similar: float | None
    same_frame: float
    same_group: dict[str, float]
    within: dict[int, float]
    nearest: int | None


@dataclass(frozen=True)
class Evidence:
    """What is known of N rows, mostly as numbers that are equal where rows have something in common.

    Attributes:
        contents: (N,) by content digest.
        photos: (N,) by photo.
        moments: (N,) by recording and frame; None where these are not known.
        tracks: (N,) by individual and recording; None as above.
        frames: (N,) frame numbers; None as above.
        groups: (N,) by individual and value of a column, for each column; -1 = no value.
        hashes: (N,) perceptual hashes; None = not looked at.
        centred: embeddings; None = not looked at.
    """

    contents: NDArray[np.int64]
    photos: NDArray[np.int64]
    moments: NDArray[np.int64] | None
    tracks: NDArray[np.int64] | None
    frames: NDArray[np.int64] | None
    groups: dict[str, NDArray[np.int64]]
    hashes: NDArray[np.uint64] | None
    centred: Centred | None

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        contents: Sequence[str],
        hashes: NDArray[np.uint64] | None,
        embeddings: NDArray[np.floating] | None,
    ) -> "Evidence":
        """Take it from rows and what else is known of each: content digest, hash, embedding.

        Raises:
            InputError: a frame is not a number, or an embedding is not finite; names the image.
        """
        taken = footage(rows)
        moments = tracks = frames = None
        if taken is not None:
            recordings, frames = taken.recordings.tolist(), taken.frames
            moments = codes(list(zip(recordings, frames.tolist(), strict=True)))
            tracks = codes([(row.identity, recording) for row, recording in zip(rows, recordings, strict=True)])
        return cls(
            contents=codes(contents),
            photos=codes([row.path for row in rows]),
            moments=moments,
            tracks=tracks,
            frames=frames,
            groups=_groups(rows),
            hashes=hashes,
            centred=None if embeddings is None else centre(embeddings, [row.image_id for row in rows]),
        )

    def leak(self, asked: NDArray[np.bool_], pool: NDArray[np.bool_]) -> Leak:
        """What the asked images have in common with those of the pool; both (N,), without an image in common."""
        same_frame = _shared(self.photos, asked, pool)
        if self.moments is not None:
            same_frame |= _shared(self.moments, asked, pool)
        distances = None
        if self.tracks is not None and self.frames is not None:
            distances = nearest(self.tracks, self.frames, asked, pool)
        looks = None if self.hashes is None else near(self.hashes[asked], self.hashes[pool], NEAR_BITS)
        alike = None if self.centred is None else similar(self.centred, asked, pool, SIMILAR)
        return Leak(
            images=int(asked.sum()),
            exact=_mean(_shared(self.contents, asked, pool)),
            near=None if looks is None else _mean(looks),
            similar=None if alike is None else _mean(alike),
            same_frame=_mean(same_frame),
            same_group={column: _mean(_shared(values, asked, pool)) for column, values in self.groups.items()},
            within={} if distances is None else {frames: _mean(distances <= frames) for frames in DISTANCES},
            nearest=None if distances is None else _least(distances),
        )


def _groups(rows: Sequence[Row]) -> dict[str, NDArray[np.int64]]:
    """The columns that say which images were taken together, where any row has a value."""
    found = {}
    for column in (*SEQUENCES, "date"):
        values = [row.groups.get(column, "") for row in rows]
        if any(values):
            shared = codes([(row.identity, value) for row, value in zip(rows, values, strict=True)])
            found[column] = np.where([bool(value) for value in values], shared, -1)
    return found


def _shared(values: NDArray[np.int64], asked: NDArray[np.bool_], pool: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each asked value is in the pool; negative ones are in none."""
    return np.isin(values[asked], values[pool & (values >= 0)])


def _mean(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else 0.0


def _least(distances: NDArray[np.int64]) -> int | None:
    least = int(distances.min(initial=FAR))
    return None if least == FAR else least
