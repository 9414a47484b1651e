"""When and where rows were taken: recordings, frames, days, and how far the nearest other image is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Row
from benchmark.errors import InputError

RECORDINGS = ("video", "sequence", "encounter")
"""Columns whose values are taken in one go each, the first that every row has is taken."""

TIMES = ("timestamp", "datetime", "date")
"""Columns that say when a photo was taken, the first that every row has is taken."""

FAR = np.iinfo(np.int64).max
"""The distance to an image that does not exist."""


class Footage(NamedTuple):
    """Where rows stand in continuous recordings.

    Attributes:
        column: whose values are the recordings.
        recordings: (N,) number of each row's recording.
        frames: (N,) its frame number in there.
    """

    column: str
    recordings: NDArray[np.int64]
    frames: NDArray[np.int64]


def filled(rows: Sequence[Row], column: str) -> bool:
    """Whether every row says something in a column."""
    return bool(rows) and all(row.groups.get(column) for row in rows)


def recordings(rows: Sequence[Row]) -> NDArray[np.int64] | None:
    """(N,) the number of each row's recording; None where no column of RECORDINGS is on every row."""
    column = _first(rows, RECORDINGS)
    return None if column is None else codes([row.groups[column] for row in rows])


def footage(rows: Sequence[Row]) -> Footage | None:
    """The recordings and frames of rows; None where not every row has a frame and a recording.

    Where there is no other recording, a camera is one: its frames count on.

    Raises:
        InputError: a frame is not a whole number; the message names the image.
    """
    column = _first(rows, (*RECORDINGS, "camera"))
    if column is None or not filled(rows, "frame"):
        return None
    frames = np.array([_frame(row) for row in rows], dtype=np.int64)
    return Footage(column, codes([row.groups[column] for row in rows]), frames)


def times(rows: Sequence[Row]) -> list[datetime] | None:
    """When each row was taken, in UTC where it says so; None where no column of TIMES is on every row.

    Raises:
        InputError: a cell is not a date as ISO 8601 writes it; the message names the image.
    """
    column = _first(rows, TIMES)
    return None if column is None else [_time(row, column) for row in rows]


def codes(values: Sequence[object]) -> NDArray[np.int64]:
    """(N,) numbers from 0, equal where the values are equal, in the order of first appearance."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def ranks(tracks: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) how many earlier distinct positions there are on each one's own track."""
    order = np.lexsort((positions, tracks))
    track, position = tracks[order], positions[order]
    new_track = np.diff(track, prepend=-1) != 0
    step = new_track | (np.diff(position, prepend=0) != 0)
    count = np.cumsum(step)
    first = np.maximum.accumulate(np.where(new_track, count, 0))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = count - first
    return rank


def nearest(
    tracks: NDArray[np.int64], positions: NDArray[np.int64], asked: NDArray[np.bool_], pool: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """How far along its track the nearest image of the pool is, by sorting: N log N.

    Args:
        tracks: (N,) number of the track, from 0; images of different tracks are not compared.
        positions: (N,) along the track.
        asked: (N,) for which images the distance is wanted.
        pool: (N,) to which images; disjoint from `asked`.

    Returns:
        (number asked,) distances in the order of the images; FAR where the pool has none on the track.
    """
    order = np.lexsort((positions, tracks))
    track, position, pooled = tracks[order], positions[order], pool[order]
    places = np.arange(len(order))
    before = np.maximum.accumulate(np.where(pooled, places, -1)) if len(order) else places
    after = np.minimum.accumulate(np.where(pooled, places, len(order))[::-1])[::-1] if len(order) else places
    found = np.full(len(order), FAR, dtype=np.int64)
    for other in (before, after):
        exists = (other >= 0) & (other < len(order))
        other = np.where(exists, other, 0)  # noqa: PLW2901 - an index that can be taken
        there = exists & (track[other] == track)
        found = np.where(there, np.minimum(found, np.abs(position - position[other])), found)
    distances = np.empty(len(order), dtype=np.int64)
    distances[order] = found
    return distances[asked]


def _first(rows: Sequence[Row], columns: Sequence[str]) -> str | None:
    return next((column for column in columns if filled(rows, column)), None)


def _frame(row: Row) -> int:
    try:
        return int(row.groups["frame"])
    except ValueError:
        raise InputError(
            f"The frame of {row.image_id!r} is {row.groups['frame']!r}, not a whole number. Mend the column `frame`, "
            "or rename it where it means something else."
        ) from None


def _time(row: Row, column: str) -> datetime:
    try:
        time = datetime.fromisoformat(row.groups[column])
    except ValueError:
        raise InputError(
            f"The {column} of {row.image_id!r} is {row.groups[column]!r}. Write dates as ISO 8601 does: 2024-05-31, or "
            "2024-05-31T14:05:00 where the time is known."
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
