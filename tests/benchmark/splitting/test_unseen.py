"""A trained photo, or its neighbour, is never among the unseen ones; every other image is."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.data.adapters.layouts import open_dataset
from benchmark.data.catalogue import Row
from benchmark.splitting.split import read_split
from benchmark.splitting.unseen import looks_of, unseen
from support.paths import ROOT

BUILT_IN = "zebrafish-synth"


def shots(frames: list[tuple[str, int | None, str]]) -> list[Row]:
    """Rows of (recording, frame, animal); animals of one frame are in one photo."""
    return [
        Row(
            f"{number}",
            animal,
            Path(f"{video}-{number if frame is None else frame}.png"),
            groups={"video": video} | ({} if frame is None else {"frame": str(frame)}),
        )
        for number, (video, frame, animal) in enumerate(frames)
    ]


def mask(count: int, *chosen: int) -> np.ndarray:
    return np.isin(np.arange(count), chosen)


@pytest.mark.parametrize("seed", range(20))
def test_no_image_of_a_trained_photo_or_of_the_next_frame_is_unseen(seed: int) -> None:
    """Checked pair by pair, on recordings with gaps and up to three animals in a photo."""
    draws = np.random.default_rng(seed)
    frames: list[tuple[str, int | None, str]] = [
        (video, int(frame), animal)
        for video in "pqr"
        for frame in np.flatnonzero(draws.random(40) < 0.7) * 5
        for animal in "abc"
        if draws.random() < 0.6
    ]
    rows, count = shots(frames), len(frames)
    looks = draws.integers(0, 4 * count, count)
    trained, candidates = draws.random(count) < 0.08, draws.random(count) < 0.8
    chosen = unseen(rows, trained, candidates, looks).tolist()
    ranks = {video: sorted({frame for name, frame, _ in frames if name == video}) for video in "pqr"}

    def apart(one: int, other: int) -> int:
        (video, frame, _), (video_2, frame_2, _) = frames[one], frames[other]
        return abs(ranks[video].index(frame) - ranks[video].index(frame_2)) if video == video_2 else 10**6

    learnt = np.flatnonzero(trained).tolist()
    expected = {
        index
        for index in np.flatnonzero(candidates & ~trained).tolist()
        if all(looks[index] != looks[other] and apart(index, other) > 1 for other in learnt)
    }
    assert set(chosen) == expected
    assert len(chosen) == len(expected)
    assert len(expected) > 10
    nearest = [min(11, *(apart(index, other) for other in learnt)) for index in chosen]
    assert nearest == sorted(nearest, reverse=True)


def test_a_mirrored_copy_of_a_trained_image_is_seen() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    copies = np.concatenate([images, images[:1, ::-1], images[:1, :, ::-1], images[:1, ::-1, ::-1]])
    looks = looks_of(copies)
    assert looks.tolist() == [0, 1, 2, 0, 0, 0]
    rows = [Row(str(number), "a", Path(f"{number}.png")) for number in range(6)]
    assert sorted(unseen(rows, mask(6, 0), mask(6, 1, 2, 3, 4, 5), looks)) == [1, 2]
    turned = np.rot90(images[:1], axes=(1, 2))
    assert looks_of(np.concatenate([images[:1], turned])).tolist() == [0, 1]


def test_recordings_without_frame_numbers_come_last_if_they_were_trained_on() -> None:
    rows = shots([("p", None, "a"), ("p", None, "a"), ("q", None, "a"), ("q", None, "b"), ("p", None, "b")])
    chosen = unseen(rows, mask(5, 0), mask(5, 1, 2, 3, 4), np.arange(5)).tolist()
    assert set(chosen[:2]) == {2, 3}
    assert set(chosen[2:]) == {1, 4}


def test_without_capture_metadata_the_order_is_random_and_the_same_whatever_the_rows_order() -> None:
    rows = [Row(str(number), "a", Path(f"{number}.png")) for number in range(40)]
    chosen = unseen(rows, mask(40, 0), mask(40, *range(1, 40)), np.arange(40)).tolist()
    assert sorted(chosen) == list(range(1, 40))
    assert chosen != sorted(chosen)
    turned = unseen(rows[::-1], mask(40, 39), mask(40, *range(39)), np.arange(40)).tolist()
    assert [39 - index for index in turned] == chosen


@pytest.mark.parametrize("kind", ["random", "block", "time", "open", "disjoint"])
def test_every_split_of_the_built_in_data_has_eighty_unseen_crops(kind: str) -> None:
    rows = open_dataset(ROOT / "benchmark" / "datasets" / BUILT_IN, BUILT_IN).rows
    split = read_split(ROOT / "benchmark" / "splits" / BUILT_IN / f"{kind}.csv")
    learnt = {*split.ids("inpaint", "train"), *split.ids("inpaint", "val")}
    inside = {row.image_id for row in split.rows}
    trained = np.array([row.image_id in learnt for row in rows])
    chosen = unseen(rows, trained, np.array([row.image_id in inside for row in rows]), np.arange(len(rows)))
    assert len(chosen) >= 80
    assert {rows[index].image_id for index in chosen} <= inside - learnt
