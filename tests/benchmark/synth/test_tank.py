from itertools import combinations

import numpy as np
import pytest

from benchmark.synth import tank
from benchmark.synth.settings import SynthSettings
from benchmark.synth.tank import Array

SETTINGS = SynthSettings(frames_per_video=(2, 2), seed=5, width=300, height=168)


@pytest.fixture(scope="module")
def tanks() -> list[Array]:
    return [tank.background(SETTINGS, video) for video in (0, 1)]


def test_a_tank_is_a_grey_picture(tanks: list[Array]) -> None:
    for picture in tanks:
        assert picture.shape == (168, 300, 3)
        assert picture.dtype == np.float32
        assert picture.min() > 40
        assert picture.max() < 200
        assert np.ptp(picture.mean(axis=(0, 1))) < 25


def test_the_zones_of_all_fish_look_different(tanks: list[Array]) -> None:
    zones = [picture[40:140, zone * 100 : zone * 100 + 100] for picture in tanks for zone in range(3)]
    for one, other in combinations(zones, 2):
        assert np.abs(one - other).mean() > 3


def test_the_light_changes_little_and_adds_specks(tanks: list[Array]) -> None:
    before = tanks[0].copy()
    frames = [tank.add_light(tanks[0], SETTINGS, 0, frame) for frame in range(6)]
    np.testing.assert_array_equal(tanks[0], before)
    for frame in frames:
        change = (frame - tanks[0])[..., 0]
        assert np.abs(np.median(change)) <= 3
        assert 20 < np.count_nonzero(np.abs(change - np.median(change)) > 4) <= 26 * 4


def test_a_tank_repeats(tanks: list[Array]) -> None:
    np.testing.assert_array_equal(tanks[1], tank.background(SETTINGS, 1))
