"""Density of maps on patterns, with masks small enough to count by hand."""

import numpy as np
import pytest

from benchmark.metrics.cams.grid import lay
from harness.field.focus import densities, of_different_individuals


def _masks() -> np.ndarray:
    """The pattern is the left half, the right half, nowhere."""
    masks = np.zeros((3, 4, 4), np.uint8)
    masks[0, :, :2], masks[1, :, 2:] = 2, 2
    return masks


def test_a_map_on_its_own_pattern_is_twice_as_dense_as_the_area_and_absent_from_the_other() -> None:
    cams = np.zeros((3, 2, 2))
    cams[:, :, 0] = 1  # all on the left half
    own, swapped = densities(lay(cams, _masks()), np.arange(3))
    assert own[:2] == pytest.approx([2, 0])
    assert swapped[:2] == pytest.approx([0, 2])
    assert np.isnan(own[2])
    assert np.isnan(swapped[2])


def test_photos_of_one_unit_are_no_other_photos() -> None:
    own, swapped = densities(lay(np.ones((3, 2, 2)), _masks()), np.zeros(3, np.int64))
    assert own[:2] == pytest.approx([1, 1])
    assert np.isnan(swapped).all()


def test_an_empty_map_has_no_density() -> None:
    own, _ = densities(lay(np.zeros((3, 2, 2)), _masks()), np.arange(3))
    assert np.isnan(own).all()


def test_individuals_take_turns() -> None:
    assert of_different_individuals(np.array([1, 1, 1, 0])) == [0, 3, 1, 2]
