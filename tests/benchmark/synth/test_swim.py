from dataclasses import astuple, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.synth import swim
from benchmark.synth.settings import SynthSettings

SETTINGS = SynthSettings(frames_per_video=(128, 192), seed=5, width=480, height=270)
FISH = [(video, fish) for video in (0, 1) for fish in (0, 1, 2)]


@pytest.mark.parametrize(("video", "fish"), FISH)
def test_the_pose_does_not_depend_on_the_shortcut(video: int, fish: int) -> None:
    low, high = (swim.poses(replace(SETTINGS, shortcut=s), video, fish) for s in (0.1, 0.9))
    assert [replace(p, x=0, y=0) for p in low] == [replace(p, x=0, y=0) for p in high]
    assert [p.x for p in low] != [p.x for p in high]
    assert [p.y for p in low] == [p.y for p in high]


@pytest.mark.parametrize(("video", "fish"), FISH)
def test_at_full_strength_a_fish_keeps_to_its_zone(video: int, fish: int) -> None:
    poses = swim.poses(replace(SETTINGS, shortcut=1), video, fish)
    assert all(fish / 3 < pose.x / SETTINGS.width < (fish + 1) / 3 for pose in poses)


def test_at_no_strength_a_fish_swims_anywhere() -> None:
    inside = []
    for video, fish in FISH:
        settings = replace(SETTINGS, shortcut=0, frames_per_video=(1600, 1600))
        _, in_own_zone = swim.places(settings, video, fish)
        assert not in_own_zone.any()
        x = np.array([pose.x for pose in swim.poses(settings, video, fish)]) / SETTINGS.width
        inside.append(np.mean((x > fish / 3) & (x < (fish + 1) / 3)))
    assert np.mean(inside) == pytest.approx(1 / 3, abs=0.08)


@pytest.mark.parametrize("shortcut", [0.25, 0.5, 0.75])
def test_the_shortcut_is_the_share_of_stretches_in_the_own_zone(shortcut: float) -> None:
    for video, fish in FISH:
        _, in_own_zone = swim.places(replace(SETTINGS, shortcut=shortcut), video, fish)
        assert in_own_zone.mean() == pytest.approx(shortcut)
        stretches = in_own_zone.reshape(-1, swim.STRETCH)
        assert np.all(stretches == stretches[:, :1])


def test_a_stronger_shortcut_only_adds_stretches_in_the_own_zone() -> None:
    for video, fish in FISH:
        in_zone = [swim.places(replace(SETTINGS, shortcut=s), video, fish)[1] for s in (0.2, 0.5, 0.9)]
        assert np.all(in_zone[0] <= in_zone[1])
        assert np.all(in_zone[1] <= in_zone[2])


def _flat(pose: swim.Pose) -> NDArray[np.float64]:
    return np.hstack(astuple(pose))


def test_fewer_frames_are_the_start_of_more() -> None:
    for video, fish in FISH:
        few = [_flat(pose) for pose in swim.poses(replace(SETTINGS, frames_per_video=(21, 21)), video, fish)]
        many = [_flat(pose) for pose in swim.poses(SETTINGS, video, fish)]
        np.testing.assert_allclose(few, many[:21], atol=1e-9)


def test_neighbouring_frames_are_near_twins() -> None:
    for video, fish in FISH:
        poses = swim.poses(SETTINGS, video, fish)
        steps = np.hypot(np.diff([p.x for p in poses]), np.diff([p.y for p in poses]))
        assert np.median(steps) < 0.06 * SETTINGS.fish_length * SETTINGS.width
        assert np.abs(np.diff([p.pitch for p in poses])).max() < 0.2
        assert np.abs(np.diff([p.length for p in poses])).max() < 2


def test_a_fish_stays_in_the_frame_and_swims_both_ways() -> None:
    settings = replace(SETTINGS, frames_per_video=(800, 800), shortcut=0)
    for video, fish in FISH:
        poses = swim.poses(settings, video, fish)
        assert all(0 < p.x < settings.width and 0 < p.y < settings.height for p in poses)
        assert 0.25 < np.mean([p.facing > 0 for p in poses]) < 0.75


def test_a_fish_moves_the_way_it_faces() -> None:
    """Within its range; between two places it may swim backwards."""
    for video, fish in FISH:
        poses = swim.poses(SETTINGS, video, fish)
        moving = [p for p in poses if abs(p.motion[0]) > 0.2]
        assert len(moving) > 40
        assert np.mean([p.motion[0] * p.facing > 0 for p in moving]) > 0.95
