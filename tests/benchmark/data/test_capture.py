from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.data.capture import FAR, codes, footage, nearest, ranks, recordings, times
from benchmark.data.catalogue import Row
from benchmark.errors import InputError


def _rows(**columns: list[str]) -> list[Row]:
    count = len(next(iter(columns.values())))
    return [
        Row(f"r{number}", "fox", Path("p.png"), groups={name: cells[number] for name, cells in columns.items()})
        for number in range(count)
    ]


def test_equal_values_have_equal_codes() -> None:
    assert codes(["b", "a", "b", ("x", 1)]).tolist() == [0, 1, 0, 2]
    assert codes([]).shape == (0,)


def test_footage_is_by_video_before_sequence_and_by_camera_last() -> None:
    rows = _rows(video=["v", "w"], sequence=["s", "s"], camera=["c", "c"], frame=["007", "-3"])
    found = footage(rows)
    assert found is not None
    assert (found.column, found.recordings.tolist(), found.frames.tolist()) == ("video", [0, 1], [7, -3])
    camera = footage(_rows(camera=["c", "d", "c"], frame=["1", "2", "3"]))
    assert camera is not None
    assert (camera.column, camera.recordings.tolist()) == ("camera", [0, 1, 0])


@pytest.mark.parametrize(
    "columns", [{"video": ["v", "v"]}, {"frame": ["1", "2"]}, {"video": ["v", "v"], "frame": ["1", ""]}]
)
def test_there_is_no_footage_where_a_row_lacks_frame_or_recording(columns: dict[str, list[str]]) -> None:
    assert footage(_rows(**columns)) is None


def test_there_is_none_without_rows() -> None:
    assert footage([]) is None
    assert times([]) is None
    assert recordings([]) is None


def test_a_camera_is_no_recording_without_frames() -> None:
    assert recordings(_rows(camera=["c", "c"])) is None
    found = recordings(_rows(camera=["c", "c"], encounter=["e", "f"]))
    assert found is not None
    assert found.tolist() == [0, 1]


def test_a_frame_that_is_no_number_is_refused_by_image() -> None:
    with pytest.raises(InputError, match=r"frame of 'r1' is 'late', not a whole number"):
        footage(_rows(video=["v", "v"], frame=["1", "late"]))


def test_times_are_read_as_iso_8601_in_utc() -> None:
    found = times(_rows(date=["2024-05-31", "2024-05-31T14:05:00", "2024-05-31T14:05:00+02:00"]))
    assert found == [
        datetime(2024, 5, 31, tzinfo=UTC),
        datetime(2024, 5, 31, 14, 5, tzinfo=UTC),
        datetime(2024, 5, 31, 12, 5, tzinfo=UTC),
    ]


def test_a_date_that_could_mean_two_days_is_refused_by_image() -> None:
    with pytest.raises(InputError, match=r"date of 'r0' is '03/04/2024'. Write dates as ISO 8601"):
        times(_rows(date=["03/04/2024"]))


def test_ranks_are_those_of_pandas() -> None:
    rng = np.random.default_rng(0)
    tracks, positions = rng.integers(0, 7, 400), rng.integers(-50, 50, 400) * 80
    table = pd.DataFrame({"track": tracks, "position": positions})
    wanted = table.groupby("track")["position"].rank("dense").to_numpy(dtype=int) - 1
    np.testing.assert_array_equal(ranks(tracks, positions), wanted)


def test_the_first_position_has_rank_0_whatever_it_is() -> None:
    assert ranks(np.array([0, 0, 1]), np.array([0, 5, 5])).tolist() == [0, 1, 0]


def test_nearest_is_what_comparing_all_pairs_finds() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        tracks, positions = rng.integers(0, 6, 60), rng.integers(-30, 30, 60)
        part = rng.integers(0, 3, 60)
        asked, pool = part == 0, part == 1
        wanted = [
            min((abs(positions[i] - positions[j]) for j in np.flatnonzero(pool) if tracks[i] == tracks[j]), default=FAR)
            for i in np.flatnonzero(asked)
        ]
        assert nearest(tracks, positions, asked, pool).tolist() == wanted


def test_nothing_is_near_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert nearest(none, none, none > 0, none > 0).shape == (0,)
    one = np.zeros(2, dtype=np.int64)
    assert nearest(one, one, np.array([True, True]), np.array([False, False])).tolist() == [FAR, FAR]
