"""Holes to inpaint."""

from pathlib import Path

import numpy as np
import pytest

from harness.execution.holes import FLIPS, HoleTest, can_inpaint, can_test, hole_test, holes_of, photo_ids
from support.pets import SIDE, cut, pets


@pytest.mark.parametrize("without_pattern", [(0, 1), (2,)])
def test_training_and_validation_need_a_hole_to_inpaint(tmp_path: Path, without_pattern: tuple[int, ...]) -> None:
    without = cut(pets(tmp_path, without_pattern=without_pattern))
    assert not can_inpaint(without, "pattern")
    assert can_inpaint(without, "irregular")
    assert can_inpaint(cut(pets(tmp_path)), "pattern")


def test_a_photo_keeps_its_irregular_hole(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    positions = np.arange(3)
    holes = holes_of(crops, positions, "irregular")
    assert holes.shape == (3, SIDE, SIDE)
    assert np.array_equal(holes[1:2], holes_of(crops, positions[1:2], "irregular"))


def test_test_photos_come_in_four_flips_or_once(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    test = hole_test(crops, "pattern", None)
    assert len(test.truth) == len(test.holes) == len(FLIPS)
    assert np.array_equal(test.truth[1], test.truth[0][:, ::-1])
    assert np.array_equal(test.holes[2], test.holes[0][::-1])
    two = HoleTest(np.repeat(test.truth, 2, axis=0), np.repeat(test.holes, 2, axis=0), np.arange(2))
    assert two.photos.tolist() == [0, 1] * len(FLIPS)
    once = hole_test(crops, "pattern", 3)
    assert once.photos.tolist() == [0, 1, 2]
    assert np.array_equal(once.truth, crops.images[once.positions])


def test_a_photo_without_a_hole_is_no_test_photo(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path, without_pattern=(3, 4, 5, 6)))
    assert photo_ids(crops, "pattern", 80) == ["7"]
    assert len(photo_ids(crops, "irregular", 80)) == 5
    assert (can_test(crops, "pattern", 80), can_test(crops, "pattern", None)) == (True, False)
    (tmp_path / "none").mkdir()
    assert not can_test(cut(pets(tmp_path / "none", without_pattern=(3, 4, 5, 6, 7))), "pattern", 80)
