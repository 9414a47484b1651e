"""Capture metadata of rows: recordings, frame numbers, times, flanks, and the distance to the nearest other image."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Row
from benchmark.data.dates import Date, DatePrecision, periods, read_dates
from benchmark.text import printable
from benchmark.vocabulary import FLANKS, Flank

RECORDING_COLUMNS = ("video", "sequence", "encounter")
"""Columns that name a continuous recording; the first one that is filled on every row is used."""

PLACE_COLUMNS = (*RECORDING_COLUMNS, "camera", "date")
"""Columns whose values share light and background; the first one that is filled on every row is used."""

TIME_COLUMNS = ("timestamp", "datetime", "date")
"""Columns that hold the time of a photo; the first one that is filled on every row is used."""

_PRECISIONS: tuple[DatePrecision, ...] = ("day", "month", "year")

FLANK_COLUMNS = ("flank", "side", "viewpoint", "orientation", "direction")
"""Columns that may name the flank that a photo shows; the first one that does so on any row is used."""

FLANK_WORDS: dict[str, Flank] = {
    word.replace("*", side): side
    for side in FLANKS
    for word in ("*", "*side", "*flank", "*front", "front*", "*back", "back*", "*rear", "rear*")
} | {"l": "left", "r": "right"}
"""The flank that a cell names: in lower case, without other characters than letters. `frontleft` is a view of the left
flank from the front, as in the viewpoints of Wildbook."""

CAPTURE_COLUMNS = frozenset((*RECORDING_COLUMNS, "cluster_id", "camera", "frame", *TIME_COLUMNS, *FLANK_COLUMNS))
"""Columns that mean something; a table may write their names in other cases."""

NEAR_FRAMES = 10
"""Frames of a recording that are no further apart are near-copies: the largest gap between two parts of a block split.
"""

NO_NEIGHBOUR = np.iinfo(np.int64).max
"""The distance that stands for "no image to compare with"."""


class FramePositions(NamedTuple):
    """Positions of rows in continuous recordings.

    Attributes:
        column: the column that names the recordings.
        recordings: (N,) code of each row's recording.
        frames: (N,) frame number of each row in its recording.
    """

    column: str
    recordings: NDArray[np.int64]
    frames: NDArray[np.int64]


def is_filled(rows: Sequence[Row], column: str) -> bool:
    """Whether a column has a value on every row; False without rows."""
    return bool(rows) and all(row.groups.get(column) for row in rows)


def recording_codes(rows: Sequence[Row]) -> NDArray[np.int64] | None:
    """Code of each row's recording, shape (N,); None if no column of `RECORDING_COLUMNS` is filled on every row."""
    column = _first_filled(rows, RECORDING_COLUMNS)
    return None if column is None else codes([row.groups[column] for row in rows])


def encounter_codes(rows: Sequence[Row]) -> NDArray[np.int64] | None:
    """Code of each row's encounter, shape (N,): its recording, or else its day; None if neither is known.

    Photos of one individual on one day are one encounter: most were taken within minutes, in the same light and place.
    Where only months or years are known, they take the place of days: that counts too few encounters, never too many.
    """
    recordings = recording_codes(rows)
    if recordings is not None:
        return recordings
    found = capture_periods(rows)
    return None if found is None else codes(found.periods)


def flanks_of(rows: Sequence[Row]) -> NDArray[np.str_] | None:
    """The flank that each row shows, shape (N,), empty where it is not known; None if no row has one.

    Example:
        >>> from pathlib import Path
        >>> flanks_of([Row("a", "fox", Path("a.png"), groups={"viewpoint": "front-left"})]).tolist()
        ['left']
    """
    for column in FLANK_COLUMNS:
        words = (re.sub(r"[^a-z]", "", row.groups.get(column, "").lower()) for row in rows)
        flanks = [FLANK_WORDS.get(word, "") for word in words]
        if any(flanks):
            return np.array(flanks)
    return None


def frame_positions(rows: Sequence[Row]) -> FramePositions | None:
    """Recordings and frame numbers of rows; None if any row lacks one of them, or has a frame that is no whole number.

    If no column names recordings, each camera counts as one recording.
    """
    column = _first_filled(rows, (*RECORDING_COLUMNS, "camera"))
    if column is None or not is_filled(rows, "frame"):
        return None
    frames = [_frame(row) for row in rows]
    if None in frames:
        return None
    return FramePositions(column, codes([row.groups[column] for row in rows]), np.array(frames, dtype=np.int64))


def capture_times(rows: Sequence[Row]) -> list[datetime] | None:
    """Time of each row in UTC, by a column of `TIME_COLUMNS` that has a day on every row; None if there is none.

    A time without a time zone is taken as UTC.
    """
    moments = [moment for moment in known_times(rows) if moment]
    return moments if rows and len(moments) == len(rows) else None


def known_times(rows: Sequence[Row]) -> list[datetime | None]:
    """Time of each row in UTC, by the column of `TIME_COLUMNS` that has most days; None where it has none."""
    columns = ([row.groups.get(column, "") for row in rows] for column in TIME_COLUMNS)
    timed = ([date.moment if date else None for date in read_dates(texts)] for texts in columns)
    return max(timed, key=lambda moments: sum(moment is not None for moment in moments))


class Periods(NamedTuple):
    """When rows were taken, as far as all of them tell.

    Attributes:
        precision: length of a period.
        periods: the period of each row; equal ones are the same. A day is that of the time zone it was written in.
    """

    precision: DatePrecision
    periods: list[str]


def capture_periods(rows: Sequence[Row]) -> Periods | None:
    """Day of each row, or its month or year where no more is known; None if no column of `TIME_COLUMNS` tells.

    One month or one year for all rows tells nothing.
    """
    found = [Periods(*periods(dates)) for _, dates in _dated_columns(rows)]
    telling = [one for one in found if one.precision == "day" or len(set(one.periods)) > 1]
    return min(telling, key=lambda one: _PRECISIONS.index(one.precision), default=None)


def capture_remarks(rows: Sequence[Row]) -> list[str]:
    """What of the dates and frame numbers of rows is not used, as sentences."""
    remarks = []
    for column in TIME_COLUMNS:
        empty = sum(not row.groups.get(column) for row in rows)
        if empty:
            if empty < len(rows):
                remarks.append(f"The column `{column}` is not used: it is empty on {empty} of {len(rows)} rows.")
            continue
        dates = read_dates([row.groups[column] for row in rows])
        unread = [row for row, date in zip(rows, dates, strict=True) if date is None]
        unordered = [row for row, date in zip(rows, dates, strict=True) if date and not date.moment]
        if unread:
            remarks.append(
                f"The column `{column}` is not used: {_example(unread, column)} is no date. Write dates as 2024-05-31, "
                "or as 2024-05-31T14:05:00 if the time is known."
            )
        elif unordered:
            precision, values = periods([date for date in dates if date])
            if precision != "day" and len(set(values)) == 1:
                remarks.append(f"The column `{column}` is not used: all photos are of one {precision}, {values[0]}.")
                continue
            remarks.append(
                f"The column `{column}` has dates without a sure day, such as {_example(unordered, column)}: photos of "
                f"one {precision} count as taken together, and nothing is put in the order of time. Write dates as "
                "2024-05-31 if the day is known."
            )
    if is_filled(rows, "frame") and (bad := [row for row in rows if _frame(row) is None]):
        remarks.append(f"The column `frame` is not used: {_example(bad, 'frame')} is not a whole number.")
    return remarks


def codes(values: Sequence[object]) -> NDArray[np.int64]:
    """Codes from 0, shape (N,): equal values have equal codes, numbered in the order of first appearance.

    >>> codes(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    code_of: dict[object, int] = {}
    return np.array([code_of.setdefault(value, len(code_of)) for value in values], dtype=np.int64)


def dense_ranks(tracks: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each position on its own track, shape (N,): the number of distinct smaller positions there.

    >>> dense_ranks(np.array([0, 0, 0, 1]), np.array([30, 10, 30, 20])).tolist()
    [1, 0, 1, 0]
    """
    order = np.lexsort((positions, tracks))
    track, position = tracks[order], positions[order]
    new_track = np.diff(track, prepend=-1) != 0
    step = new_track | (np.diff(position, prepend=0) != 0)
    count = np.cumsum(step)
    first = np.maximum.accumulate(np.where(new_track, count, 0))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = count - first
    return rank


def nearest_distances(
    tracks: NDArray[np.int64],
    positions: NDArray[np.int64],
    query_mask: NDArray[np.bool_],
    gallery_mask: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Distance from each query image to the nearest other gallery image of its track; takes O(N log N).

    Args:
        tracks: (N,) code of each image's track, from 0. Images of different tracks are not compared.
        positions: (N,) position of each image along its track.
        query_mask: (N,) the images whose distance is returned.
        gallery_mask: (N,) the images that they are compared with.

    Returns:
        (Q,) distances in the order of the query images; `NO_NEIGHBOUR` if the track has no gallery image.
    """
    order = np.lexsort((positions, tracks))
    track, position, in_gallery = tracks[order], positions[order], gallery_mask[order]
    indices = np.arange(len(order))
    before = np.maximum.accumulate(np.append(-1, np.where(in_gallery, indices, -1)))[:-1]
    later = np.append(np.where(in_gallery, indices, len(order)), len(order))
    after = np.minimum.accumulate(later[::-1])[::-1][1:]
    nearest = np.full(len(order), NO_NEIGHBOUR, dtype=np.int64)
    for candidates in (before, after):
        exists = (candidates >= 0) & (candidates < len(order))
        neighbour = np.where(exists, candidates, 0)
        comparable = exists & (track[neighbour] == track)
        nearest = np.where(comparable, np.minimum(nearest, np.abs(position - position[neighbour])), nearest)
    distances = np.empty(len(order), dtype=np.int64)
    distances[order] = nearest
    return distances[query_mask]


def _first_filled(rows: Sequence[Row], columns: Sequence[str]) -> str | None:
    return next((column for column in columns if is_filled(rows, column)), None)


def _dated_columns(rows: Sequence[Row]) -> Iterator[tuple[str, list[Date]]]:
    """The columns of `TIME_COLUMNS` that have a date on every row, with the dates."""
    for column in TIME_COLUMNS:
        if is_filled(rows, column):
            dates = [date for date in read_dates([row.groups[column] for row in rows]) if date]
            if len(dates) == len(rows):
                yield column, dates


def _frame(row: Row) -> int | None:
    """The frame number; None if it is no whole number that fits into 64 bits."""
    try:
        number = int(row.groups["frame"])
    except ValueError:
        return None
    return number if abs(number) <= NO_NEIGHBOUR else None


def _example(rows: Sequence[Row], column: str) -> str:
    """The value of the first of some rows, with its image and the number of others."""
    others = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return printable(f"{rows[0].groups[column]!r} of {rows[0].image_id}{others}")
