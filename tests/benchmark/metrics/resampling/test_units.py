import csv

import numpy as np
import pytest

from benchmark.data.adapters.layouts import open_dataset
from benchmark.data.capture import NEAR_FRAMES, dense_ranks, frame_positions
from benchmark.metrics.resampling.units import units_of
from support.paths import ROOT


def test_a_stretch_ends_after_a_long_gap_at_another_recording_and_at_another_individual() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1])
    recordings = np.array([0, 0, 0, 1, 0, 0])
    frames = np.array([0, NEAR_FRAMES, 2 * NEAR_FRAMES + 1, 2 * NEAR_FRAMES + 2, 3, 4])
    units = units_of(labels, recordings, frames)
    assert units.numbers.tolist() == [0, 0, 1, 2, 3, 3]
    assert (units.kind, units.count, units.known) == ("stretches", 4, True)


def test_the_order_of_the_images_does_not_matter() -> None:
    random = np.random.default_rng(0)
    labels, recordings, frames = random.integers(0, 3, 60), random.integers(0, 2, 60), random.integers(0, 200, 60)
    order = random.permutation(60)
    shuffled = units_of(labels[order], recordings[order], frames[order]).numbers
    assert (shuffled == units_of(labels, recordings, frames).numbers[order]).all()


def test_without_frames_a_unit_is_an_individual_in_a_recording() -> None:
    units = units_of(np.array([0, 0, 1, 0]), np.array([4, 2, 2, 4]), None)
    assert units.numbers.tolist() == [1, 0, 2, 1]
    assert (units.kind, units.known) == ("encounters", True)


def test_without_recordings_each_image_is_its_own_unit() -> None:
    units = units_of(np.array([0, 0, 1]), None, np.arange(3))
    assert units.numbers.tolist() == [0, 1, 2]
    assert (units.kind, units.count, units.known) == ("images", 3, False)


def test_no_image_has_no_unit() -> None:
    empty = np.zeros(0, np.int64)
    assert units_of(empty, empty, empty).count == 0


@pytest.mark.parametrize(("split", "count"), [("block", 6), ("time", 6), ("disjoint", 2), ("random", 23)])
def test_units_of_the_splits_of_the_built_in_data(split: str, count: int) -> None:
    rows = open_dataset(ROOT / "benchmark" / "datasets" / "zebrafish-synth", "zebrafish-synth").rows
    split_file = ROOT / "benchmark" / "splits" / "zebrafish-synth" / f"{split}.csv"
    lines = csv.DictReader(split_file.read_text(encoding="utf-8").splitlines())
    test = {line["image_id"] for line in lines if (line["set"], line["part"]) == ("classify", "test")}
    positions = frame_positions(rows)
    assert positions is not None
    ranks = dense_ranks(positions.recordings, positions.frames)
    tested = [at for at, row in enumerate(rows) if row.image_id in test]
    labels = np.unique([row.identity for row in rows], return_inverse=True)[1][tested]
    assert units_of(labels, positions.recordings[tested], ranks[tested]).count == count
