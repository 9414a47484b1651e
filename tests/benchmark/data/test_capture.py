from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.data.capture import (
    NO_NEIGHBOUR,
    capture_periods,
    capture_remarks,
    capture_times,
    codes,
    dense_ranks,
    encounter_codes,
    flanks_of,
    frame_positions,
    nearest_distances,
    recording_codes,
)
from benchmark.data.catalogue import Row


def _rows(**columns: list[str]) -> list[Row]:
    count = len(next(iter(columns.values())))
    return [
        Row(f"r{number}", "fox", Path("p.png"), groups={name: cells[number] for name, cells in columns.items()})
        for number in range(count)
    ]


def test_equal_values_have_equal_codes() -> None:
    assert codes(["b", "a", "b", ("x", 1)]).tolist() == [0, 1, 0, 2]
    assert codes([]).shape == (0,)


def test_recordings_are_videos_before_sequences_and_cameras_last() -> None:
    rows = _rows(video=["v", "w"], sequence=["s", "s"], camera=["c", "c"], frame=["007", "-3"])
    positions = frame_positions(rows)
    assert positions is not None
    assert (positions.column, positions.recordings.tolist(), positions.frames.tolist()) == ("video", [0, 1], [7, -3])
    camera = frame_positions(_rows(camera=["c", "d", "c"], frame=["1", "2", "3"]))
    assert camera is not None
    assert (camera.column, camera.recordings.tolist()) == ("camera", [0, 1, 0])


@pytest.mark.parametrize(
    "columns", [{"video": ["v", "v"]}, {"frame": ["1", "2"]}, {"video": ["v", "v"], "frame": ["1", ""]}]
)
def test_positions_are_none_if_a_row_lacks_frame_or_recording(columns: dict[str, list[str]]) -> None:
    assert frame_positions(_rows(**columns)) is None


def test_everything_is_none_without_rows() -> None:
    assert frame_positions([]) is None
    assert capture_times([]) is None
    assert recording_codes([]) is None


def test_a_camera_is_no_recording_without_frames() -> None:
    assert recording_codes(_rows(camera=["c", "c"])) is None
    encounters = recording_codes(_rows(camera=["c", "c"], encounter=["e", "f"]))
    assert encounters is not None
    assert encounters.tolist() == [0, 1]


@pytest.mark.parametrize("frame", ["late", "1.5", "9" * 30])
def test_a_frame_that_is_no_number_leaves_the_column_out_and_is_named(frame: str) -> None:
    rows = _rows(video=["v", "v"], frame=["1", frame])
    assert frame_positions(rows) is None
    assert capture_remarks(rows) == [f"The column `frame` is not used: {frame!r} of r1 is not a whole number."]


def test_times_are_read_as_iso_8601_in_utc() -> None:
    assert capture_times(_rows(date=["2024-05-31", "2024-05-31T14:05:00", "2024-05-31T14:05:00+02:00"])) == [
        datetime(2024, 5, 31, tzinfo=UTC),
        datetime(2024, 5, 31, 14, 5, tzinfo=UTC),
        datetime(2024, 5, 31, 12, 5, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "text", ["2024/5/31 14:05:00", "2024:05:31 14:05:00", "2024.05.31T14:05:00", "20240531T140500"]
)
def test_dates_that_begin_with_the_year_are_read(text: str) -> None:
    (time,) = capture_times([Row("r0", "A", Path("p"), groups={"date": text})]) or ()
    assert time.isoformat() == "2024-05-31T14:05:00+00:00"


@pytest.mark.parametrize(
    ("dates", "precision", "encounters", "remark"),
    [
        (["2011", "2011", "2012"], "year", [0, 0, 1], "such as '2011' of r0 (and 2 more): photos of one year count"),
        (["May 2011", "2011-05", "6/2011"], "month", [0, 0, 1], "photos of one month count as taken together"),
        (["2011-05-31", "2011", "2012-01-01"], "year", [0, 0, 1], "such as '2011' of r1: photos of one year"),
        (["03/04/2024 10:00", "03/04/2024 11:00", "04/03/2024"], "day", [0, 0, 1], "photos of one day count"),
        (["03/04/2024", "2024-04-03", "2023-04-03"], "year", [0, 0, 1], "such as '03/04/2024' of r0: photos of one"),
    ],
)
def test_dates_without_a_sure_day_group_photos_but_do_not_order_them(
    dates: list[str], precision: str, encounters: list[int], remark: str
) -> None:
    rows = _rows(date=dates)
    found = capture_periods(rows)
    assert found is not None
    assert found.precision == precision
    codes_found = encounter_codes(rows)
    assert codes_found is not None
    assert codes_found.tolist() == encounters
    assert capture_times(rows) is None
    (sentence,) = capture_remarks(rows)
    assert remark in sentence


def test_a_column_with_a_text_that_is_no_date_is_left_out_and_the_next_one_is_used() -> None:
    rows = _rows(datetime=["summer", "2024-01-01"], date=["2024-01-01", "2024-01-02"])
    (remark,) = capture_remarks(rows)
    assert remark.startswith("The column `datetime` is not used: 'summer' of r0 is no date. Write dates as 2024-05-31")
    found = capture_periods(rows)
    assert found is not None
    assert found.periods == ["2024-01-01", "2024-01-02"]


def test_one_year_for_all_tells_nothing() -> None:
    rows = _rows(date=["2011", "2011"])
    assert encounter_codes(rows) is None
    assert capture_remarks(rows) == ["The column `date` is not used: all photos are of one year, 2011."]


def test_a_column_of_dates_with_empty_cells_is_told() -> None:
    assert capture_remarks(_rows(date=["2024-01-01", ""])) == [
        "The column `date` is not used: it is empty on 1 of 2 rows."
    ]
    assert capture_remarks(_rows(note=["x"])) == []


def test_a_day_is_that_of_the_place_and_a_time_that_of_the_world() -> None:
    rows = _rows(datetime=["2024-05-31T23:30:00-08:00", "2024-05-31T22:00:00-08:00"])
    found, times = capture_periods(rows), capture_times(rows)
    assert found is not None
    assert times is not None
    assert found.periods == ["2024-05-31", "2024-05-31"]
    assert times[0] == datetime(2024, 6, 1, 7, 30, tzinfo=UTC)


def test_ranks_are_those_of_pandas() -> None:
    rng = np.random.default_rng(0)
    tracks, positions = rng.integers(0, 7, 400), rng.integers(-50, 50, 400) * 80
    table = pd.DataFrame({"track": tracks, "position": positions})
    expected = table.groupby("track")["position"].rank("dense").to_numpy(dtype=int) - 1
    np.testing.assert_array_equal(dense_ranks(tracks, positions), expected)


def test_the_first_position_has_rank_0_whatever_it_is() -> None:
    assert dense_ranks(np.array([0, 0, 1]), np.array([0, 5, 5])).tolist() == [0, 1, 0]


def test_nearest_distances_match_a_comparison_of_all_pairs() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        tracks, positions = rng.integers(0, 6, 60), rng.integers(-30, 30, 60)
        part = rng.integers(0, 3, 60)
        query_mask, gallery_mask = part == 0, part == 1
        expected = [
            min(np.abs(positions[i] - positions[gallery_mask & (tracks == tracks[i])]).tolist(), default=NO_NEIGHBOUR)
            for i in np.flatnonzero(query_mask)
        ]
        assert nearest_distances(tracks, positions, query_mask, gallery_mask).tolist() == expected


def test_images_without_a_gallery_have_no_neighbour() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert nearest_distances(none, none, none > 0, none > 0).shape == (0,)
    one = np.zeros(2, dtype=np.int64)
    assert nearest_distances(one, one, np.array([True, True]), np.array([False, False])).tolist() == [
        NO_NEIGHBOUR,
        NO_NEIGHBOUR,
    ]


@pytest.mark.parametrize(
    ("column", "values", "flanks"),
    [
        ("orientation", ["left", "RIGHT", "front"], ["left", "right", ""]),
        ("viewpoint", ["front-left", "back_right", "upright"], ["left", "right", ""]),
        ("side", ["L", "r", ""], ["left", "right", ""]),
        ("flank", ["left side", "right flank", "both"], ["left", "right", ""]),
    ],
)
def test_flanks_are_read_from_the_columns_of_known_formats(column: str, values: list[str], flanks: list[str]) -> None:
    read = flanks_of(_rows(**{column: values}))
    assert read is not None
    assert read.tolist() == flanks


def test_without_a_column_that_names_a_flank_none_is_known() -> None:
    assert flanks_of(_rows(orientation=["up", "down"])) is None
    assert flanks_of(_rows(note=["left", "right"])) is None


def test_an_encounter_is_a_recording_or_else_a_day() -> None:
    times = ["2024-05-31T08:00", "2024-05-31T09:00", "2024-06-01T08:00"]
    by_day = encounter_codes(_rows(timestamp=times))
    assert by_day is not None
    assert by_day.tolist() == [0, 0, 1]
    by_recording = encounter_codes(_rows(timestamp=times, encounter=["p", "q", "q"]))
    assert by_recording is not None
    assert by_recording.tolist() == [0, 1, 1]
    assert encounter_codes(_rows(note=["x"])) is None
