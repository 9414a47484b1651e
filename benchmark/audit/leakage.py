"""Leakage: what query images share with a pool of other images, by content, look, photo, recording and frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmark.audit.look_alikes import Hide, LookAlikes, look_alikes
from benchmark.audit.near_duplicates import Centred, centre, similar
from benchmark.data.capture import NO_NEIGHBOUR, codes, frame_positions, nearest_distances
from benchmark.data.catalogue import Row
from benchmark.data.pairing import Sightings, sightings_of
from benchmark.splitting.sequence import SEQUENCE_COLUMNS

DISTANCES = (1, 2, 5, 10)
"""Distances in frames within which neighbours are counted."""

NEAR_BITS = 4
"""Images look alike if hashes of two of their views differ in at most this number of 64 bits."""

SIMILAR = 0.99
"""Cosine similarity above which embeddings count as equal."""


class Leak(BaseModel, frozen=True, extra="forbid"):
    """What query images share with a pool of other images.

    Attributes:
        images: number of queries; without any, every share is 0.
        exact: share whose content digest is in the pool: same photo, box and mask.
        near: look-alikes: images with a view whose perceptual hash differs in at most 4 bits; None = not measured.
        similar: share with a pool image whose embedding is almost equal; None = not measured. A good encoder makes
            images of one animal similar: this is a hint, no proof.
        same_frame: share cut from a photo, or taken in a frame of a recording, that a pool image is from too, whatever
            the animal: light and background are then known.
        same_group: by column, share with a pool image of the same animal and the same value.
        within: by number of frames, share with a pool image of the same animal in the same recording at most this
            far away; empty if frames are not known.
        nearest: the least such distance; None if there is none.
    """

    images: int
    exact: float
    near: LookAlikes | None
    similar: float | None
    same_frame: float
    same_group: dict[str, float]
    within: dict[int, float]
    nearest: int | None


@dataclass(frozen=True)
class LeakIndex:
    """What is compared of N rows, mostly as keys: integers that are equal if rows share something.

    Attributes:
        content_keys: (N,) equal for equal content digests.
        photo_keys: (N,) equal for the same photo.
        frame_keys: (N,) equal for the same recording and frame; None if these are not known.
        track_keys: (N,) equal for the same individual and recording; None as for `frame_keys`.
        frames: (N,) frame numbers; None as for `frame_keys`.
        group_keys: by column, (N,) equal for the same individual and value; -1 = no value.
        hashes: (N, 12) perceptual hashes of views; None = not compared.
        centred: embeddings; None = not compared.
        sightings: what is known of the rows.
    """

    content_keys: NDArray[np.int64]
    photo_keys: NDArray[np.int64]
    frame_keys: NDArray[np.int64] | None
    track_keys: NDArray[np.int64] | None
    frames: NDArray[np.int64] | None
    group_keys: dict[str, NDArray[np.int64]]
    hashes: NDArray[np.uint64] | None
    centred: Centred | None
    sightings: Sightings

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        digests: Sequence[str],
        hashes: NDArray[np.uint64] | None,
        embeddings: NDArray[np.floating] | None,
    ) -> "LeakIndex":
        """The index of the given rows.

        Args:
            rows: of the catalogue.
            digests: (N,) content digests.
            hashes: (N, 12) perceptual hashes of views; None = not compared.
            embeddings: (N, D); None = not compared.

        Raises:
            InputError: a frame is not a number, or an embedding is not finite; names the image.
        """
        capture = frame_positions(rows)
        frame_keys = track_keys = frames = None
        if capture is not None:
            recordings, frames = capture.recordings.tolist(), capture.frames
            frame_keys = codes(list(zip(recordings, frames.tolist(), strict=True)))
            track_keys = codes([(row.identity, recording) for row, recording in zip(rows, recordings, strict=True)])
        return cls(
            content_keys=codes(digests),
            photo_keys=codes([row.path for row in rows]),
            frame_keys=frame_keys,
            track_keys=track_keys,
            frames=frames,
            group_keys=_group_keys(rows),
            hashes=hashes,
            centred=None if embeddings is None else centre(embeddings, [row.image_id for row in rows]),
            sightings=sightings_of(rows),
        )

    def leak(self, query_mask: NDArray[np.bool_], pool_mask: NDArray[np.bool_], hide: Hide | None = None) -> Leak:
        """What the queries share with the pool; a row that is in both is not compared with itself.

        Args:
            query_mask: (N,) whether each row is a query.
            pool_mask: (N,) whether each row is in the pool.
            hide: pairs among which look-alikes are not looked for (see `look_alikes`); None = none.
        """
        same_frame = _shared(self.photo_keys, query_mask, pool_mask)
        if self.frame_keys is not None:
            same_frame |= _shared(self.frame_keys, query_mask, pool_mask)
        distances = None
        if self.track_keys is not None and self.frames is not None:
            distances = nearest_distances(self.track_keys, self.frames, query_mask, pool_mask)
        near = None
        if self.hashes is not None:
            near = look_alikes(self.hashes, self.sightings, (query_mask, pool_mask), NEAR_BITS, hide)
        is_similar = None if self.centred is None else similar(self.centred, query_mask, pool_mask, SIMILAR)
        same_group = {column: _shared(keys, query_mask, pool_mask) for column, keys in self.group_keys.items()}
        return Leak(
            images=int(query_mask.sum()),
            exact=_mean(_shared(self.content_keys, query_mask, pool_mask)),
            near=near,
            similar=None if is_similar is None else _mean(is_similar),
            same_frame=_mean(same_frame),
            same_group={column: _mean(hits) for column, hits in same_group.items()},
            within={} if distances is None else {frames: _mean(distances <= frames) for frames in DISTANCES},
            nearest=None if distances is None else _least(distances),
        )


def _group_keys(rows: Sequence[Row]) -> dict[str, NDArray[np.int64]]:
    """Keys of the columns that group images taken together, if any row has a value."""
    keys = {}
    for column in (*SEQUENCE_COLUMNS, "date"):
        values = [row.groups.get(column, "") for row in rows]
        if any(values):
            shared = codes([(row.identity, value) for row, value in zip(rows, values, strict=True)])
            keys[column] = np.where([bool(value) for value in values], shared, -1)
    return keys


def _shared(keys: NDArray[np.int64], query_mask: NDArray[np.bool_], pool_mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether another image of the pool has each query's key; negative keys are never shared."""
    counts = np.bincount(keys[pool_mask & (keys >= 0)], minlength=keys.max(initial=0) + 1)
    own = keys[query_mask]
    return np.asarray((own >= 0) & (counts[own] > pool_mask[query_mask]))


def _mean(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else 0.0


def _least(distances: NDArray[np.int64]) -> int | None:
    least = int(distances.min(initial=NO_NEIGHBOUR))
    return None if least == NO_NEIGHBOUR else least
