from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.chronological import time_parts, time_split
from benchmark.vocabulary import SPLIT_PARTS


def _catalogue(*animals: tuple[str, dict[str, str]]) -> Catalogue:
    rows = tuple(Row(f"{n:05}", identity, Path("p.png"), groups=groups) for n, (identity, groups) in enumerate(animals))
    return Catalogue("dogs", Path("dogs"), rows)


def _filmed(frames: int) -> Catalogue:
    return _catalogue(*((animal, {"video": "v", "frame": str(frame)}) for frame in range(frames) for animal in "ab"))


def _dated(*days: str) -> Catalogue:
    return _catalogue(*((individual, {"date": day}) for day in days for _ in range(3) for individual in "ab"))


def _values(catalogue: Catalogue, identity: str, column: str) -> dict[str, list[str]]:
    part_of = time_parts(catalogue, 0).part_of
    values: defaultdict[str, list[str]] = defaultdict(list)
    for row in catalogue.rows:
        if row.identity == identity and row.image_id in part_of:
            values[part_of[row.image_id]].append(row.groups[column])
    return {part: values[part] for part in SPLIT_PARTS}


def test_frames_of_one_day_are_cut_into_earlier_and_later_with_gaps() -> None:
    frames = {part: [int(frame) for frame in values] for part, values in _values(_filmed(1000), "a", "frame").items()}
    # of 1000 frames 88 test and 112 are val, with ten left out before each
    assert frames == {"train": [*range(780)], "val": [*range(790, 902)], "test": [*range(912, 1000)]}


def test_frames_are_ordered_as_numbers_whatever_the_order_of_rows() -> None:
    catalogue = _filmed(120)
    backwards = replace(catalogue, rows=catalogue.rows[::-1])
    assert _values(catalogue, "b", "frame") == {
        part: values[::-1] for part, values in _values(backwards, "b", "frame").items()
    }


def test_dates_are_never_divided_without_frames() -> None:
    values = _values(_dated("2024-05-04", "2023-12-31", "2024-01-01", "2024-05-05"), "a", "date")
    assert values == {
        "train": ["2023-12-31"] * 3 + ["2024-01-01"] * 3,
        "val": ["2024-05-04"] * 3,
        "test": ["2024-05-05"] * 3,
    }


def test_a_day_with_frames_is_divided_at_frame_resolution() -> None:
    catalogue = _catalogue(
        *(("a", {"date": "2024-05-04", "video": "v", "frame": str(frame)}) for frame in range(40)),
        *(("a", {"date": "2024-05-03", "video": "u", "frame": str(frame)}) for frame in range(200, 240)),
    )
    frames = {part: [int(frame) for frame in values] for part, values in _values(catalogue, "a", "frame").items()}
    # the last seven of 80 images test; five (an eighth of 40) are left out before them, then nine are val, ...
    assert frames == {"train": [*range(14), *range(200, 240)], "val": [*range(19, 28)], "test": [*range(33, 40)]}


def test_two_videos_of_one_day_stay_together() -> None:
    days = {"2024-05-01": "u", "2024-05-02": "v", "2024-05-03": "wx"}
    catalogue = _catalogue(
        *(
            ("a", {"date": day, "video": video, "frame": str(frame)})
            for day, videos in days.items()
            for video in videos
            for frame in range(30)
        )
    )
    assert set(_values(catalogue, "a", "video")["test"]) == {"w", "x"}
    assert len(_values(catalogue, "a", "video")["test"]) == 60


def test_a_short_burst_stays_together_even_with_a_time_for_each_image() -> None:
    catalogue = _catalogue(
        *(
            ("a", {"timestamp": f"2024-05-0{day}T10:00:{second:02}", "sequence": f"s{day}"})
            for day in range(1, 6)
            for second in range(4)
        )
    )
    values = _values(catalogue, "a", "sequence")
    assert values == {"train": ["s1"] * 4 + ["s2"] * 4 + ["s3"] * 4, "val": ["s4"] * 4, "test": ["s5"] * 4}


def test_individuals_have_their_own_cuts() -> None:
    catalogue = _catalogue(
        *(("a", {"video": "v", "frame": str(frame)}) for frame in range(100)),
        *(("b", {"video": "v", "frame": str(frame)}) for frame in range(1000, 1100)),
    )
    assert {int(frame) - 1000 for frame in _values(catalogue, "b", "frame")["test"]} == {
        int(frame) for frame in _values(catalogue, "a", "frame")["test"]
    }


def test_the_split_has_both_sets_in_every_part() -> None:
    catalogue = _filmed(400)
    split = time_split(catalogue, {row.image_id: "" for row in catalogue.rows}, 0)
    counts = {name: [len(split.ids(name, part)) for part in SPLIT_PARTS] for name in ("inpaint", "classify")}
    assert counts == {"inpaint": [120, 26, 6], "classify": [480, 64, 64]}


def test_videos_without_dates_have_no_order() -> None:
    catalogue = _catalogue(*(("a", {"video": video, "frame": str(frame)}) for video in "vw" for frame in range(50)))
    with pytest.raises(
        InputError, match=r"dogs does not .* 'time': the individual 'a' is in 2 recordings whose order is not known"
    ):
        time_parts(catalogue, 0)


def test_the_error_without_dates_and_frames_names_the_columns_to_add() -> None:
    catalogue = _catalogue(*(("a", {"camera": "c"}) for _ in range(9)))
    with pytest.raises(InputError, match="Add one of the columns timestamp, datetime, date, or `frame` and `video`"):
        time_parts(catalogue, 0)


@pytest.mark.parametrize(
    ("catalogue", "times"),
    [(_dated("2024-05-04", "2024-05-05"), 2), (_filmed(23), 1), (_catalogue(*[("a", {"date": "2024-05-04"})] * 6), 1)],
)
def test_too_few_times_are_refused_by_individual(catalogue: Catalogue, times: int) -> None:
    with pytest.raises(InputError, match=rf"the individual 'a' has too few distinct times \({times}\)"):
        time_parts(catalogue, 0)


def test_the_shortest_recording_that_can_be_cut() -> None:
    frames = {part: [int(frame) for frame in values] for part, values in _values(_filmed(24), "a", "frame").items()}
    assert frames == {"train": [*range(13)], "val": [16, 17, 18], "test": [22, 23]}
