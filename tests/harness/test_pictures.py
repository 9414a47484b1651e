import numpy as np
import pytest
from numpy.typing import NDArray

from harness.pictures import BLANK, COLUMNS, hole_strip

SIDE = 40


def images(number: int) -> NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (number, SIDE, SIDE, 3), dtype=np.uint8)


def cells(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(3, N, SIDE, SIDE, 3) from a strip of N images."""
    return strip.reshape(3, SIDE, -1, SIDE, 3).swapaxes(1, 2)


@pytest.mark.parametrize("hole", [slice(0, 0), slice(0, SIDE)])
def test_without_a_hole_or_with_one_everywhere_all_of_an_image_is_shown(hole: slice) -> None:
    truth, filled = images(2), images(2)[::-1]
    holes = np.zeros((2, SIDE, SIDE), np.uint8)
    holes[:, hole, hole] = 1
    shown = cells(np.array(hole_strip(truth, holes, filled)))
    np.testing.assert_array_equal(shown[0], truth)
    np.testing.assert_array_equal(shown[1], np.where(holes[..., None], np.uint8(BLANK), truth))
    np.testing.assert_array_equal(shown[2], filled)


@pytest.mark.parametrize(("top", "seen_from"), [(16, 15), (1, 0), (31, 30)])
def test_a_small_hole_is_shown_enlarged_with_what_is_around_it(top: int, seen_from: int) -> None:
    """A hole of 8 x 4 pixels is seen in a square of 10, which stays within the image."""
    truth = images(1)
    holes = np.zeros((1, SIDE, SIDE), np.uint8)
    holes[0, top : top + 8, 20:24] = 1
    shown = cells(np.array(hole_strip(truth, holes, truth)))
    left = 17
    window = truth[0, seen_from : seen_from + 10, left : left + 10]
    np.testing.assert_array_equal(shown[0, 0], window.repeat(4, axis=0).repeat(4, axis=1))
    np.testing.assert_array_equal(shown[2], shown[0])
    assert np.count_nonzero((shown[1, 0] == BLANK).all(axis=2)) == 8 * 4 * 4 * 4


def test_only_the_first_images_are_shown() -> None:
    many = COLUMNS + 3
    assert hole_strip(images(many), np.zeros((many, SIDE, SIDE), np.uint8), images(many)).size == (6 * SIDE, 3 * SIDE)
