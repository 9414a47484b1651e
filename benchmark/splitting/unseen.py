"""Images that a training has not seen, as far as the data tell: the photos on which its result may be tested."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import (
    NEAR_FRAMES,
    NO_NEIGHBOUR,
    codes,
    dense_ranks,
    frame_positions,
    nearest_distances,
    recording_codes,
)
from benchmark.data.catalogue import Row
from benchmark.splitting.sampling import shuffled

ADJACENT = 1
"""Frames of a recording that are no further apart count as the same: frame and next frame."""


def unseen(
    rows: Sequence[Row], trained: NDArray[np.bool_], candidates: NDArray[np.bool_], looks: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Indices of the candidates that no training image gives away, those furthest from the training first.

    A candidate is left out if it is a training image; if it was cut from a photo of which any crop is a training image;
    if a training image looks the same, also mirrored; or if its frame is next to that of a training image in the same
    recording, whatever the animal. Frames are counted by rank, so the unit of the frame number does not matter.

    The others are ordered by their distance in frames to the nearest training image, up to `NEAR_FRAMES`; further ones
    and other recordings count as equally far. If frames are not numbered, recordings with a training image come last.
    Equal distances are in an order that is random, and the same on every machine.

    Args:
        rows: N rows of the catalogue.
        trained: (N,) the images that the training learnt from or chose its checkpoint by.
        candidates: (N,) the images that may be returned.
        looks: (N,) from `looks_of`.

    Raises:
        InputError: a frame is not a whole number; the message names the image.
    """
    photos = {row.path for row, is_trained in zip(rows, trained, strict=True) if is_trained}
    shared = np.array([row.path in photos for row in rows], dtype=np.bool_) | np.isin(looks, looks[trained])
    queries = candidates & ~trained & ~shared
    distances = _distances(rows, queries, trained)
    kept = distances > ADJACENT
    places = {name: place for place, name in enumerate(shuffled((row.image_id for row in rows), "unseen"))}
    order = np.array([places[rows[index].image_id] for index in np.flatnonzero(queries)[kept]], dtype=np.int64)
    return np.flatnonzero(queries)[kept][np.lexsort((order, -np.minimum(distances[kept], NEAR_FRAMES + 1)))]


def looks_of(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Code of the look of each image (N, H, W, 3), shape (N,): equal for images that are equal, also mirrored.

    >>> looks_of(np.array([[[[1], [2]]], [[[2], [1]]], [[[2], [2]]]], np.uint8)).tolist()
    [0, 0, 1]
    """
    return codes([min(_digest(image[::down, ::right]) for down in (1, -1) for right in (1, -1)) for image in images])


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()


def _distances(rows: Sequence[Row], queries: NDArray[np.bool_], trained: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Distance in frames, by rank, of each query image to the nearest training image of its recording, (Q,)."""
    capture = frame_positions(rows)
    if capture is not None:
        ranks = dense_ranks(capture.recordings, capture.frames)
        return nearest_distances(capture.recordings, ranks, queries, trained)
    recordings = recording_codes(rows)
    if recordings is None:
        return np.full(int(queries.sum()), NO_NEIGHBOUR, dtype=np.int64)
    return np.where(np.isin(recordings[queries], recordings[trained]), ADJACENT + 1, NO_NEIGHBOUR)
