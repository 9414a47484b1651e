"""Holes to inpaint."""

from pathlib import Path

import numpy as np
import pytest

from harness.execution.holes import FLIPS, HoleTest, can_inpaint, hole_test, holes_of
from support.pets import SIDE, cut, pets


@pytest.mark.parametrize("without_pattern", [(0, 1), (2,), (3,)])
def test_every_part_needs_a_hole_to_inpaint(tmp_path: Path, without_pattern: tuple[int, ...]) -> None:
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


def test_test_images_come_in_four_flips(tmp_path: Path) -> None:
    truth, holes = hole_test(cut(pets(tmp_path)), "pattern")
    assert len(truth) == len(holes) == len(FLIPS)
    assert np.array_equal(truth[1], truth[0][:, ::-1])
    assert np.array_equal(holes[2], holes[0][::-1])
    two = HoleTest(np.repeat(truth, 2, axis=0), np.repeat(holes, 2, axis=0))
    assert two.photos.tolist() == [0, 1] * len(FLIPS)
