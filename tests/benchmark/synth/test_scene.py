from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.synth import body, paint, scene, stripes
from benchmark.synth.settings import Stream, stream
from benchmark.synth.swim import Pose

Array = NDArray[np.float64]
Composed = tuple[NDArray[np.uint8], list[scene.Region], list[scene.FishAnnotation]]

SIZE = (160, 240)
WATER = np.array((110, 115, 125), dtype=np.float32)
POSE = Pose(
    x=120.0, y=80.0, length=110.0, facing=1.0, pitch=0.0, bend=0.0, beat=0.0, spread=1.0, depth=0.3, blur=0.4,
    motion=(0.0, 0.0), warm=0.5, gloss=0.3,
)  # fmt: skip


def _fish(number: int) -> scene.Fish:
    shape = body.draw(190)
    flanks = [
        paint.paint(
            shape,
            stripes.flank(stream(4, Stream.FLANK, number, side)),
            paint.Coat(0, 0),
            stream(4, Stream.BODY),
        )
        for side in (0, 1)
    ]
    return scene.Fish(*flanks, 190, 1.0)


@pytest.fixture(scope="module")
def fish() -> list[scene.Fish]:
    return [_fish(number) for number in (1, 2)]


def _compose(fish: list[scene.Fish], poses: list[Pose]) -> Composed:
    return scene.compose(np.tile(WATER, (*SIZE, 1)), fish, poses, WATER)


def _project(pose: Pose, x: Array, y: Array) -> tuple[Array, Array]:
    """Pixel of a point of the body, written down the other way round: from the fish to the frame."""
    behind = np.maximum(x - 0.5, 0)
    middle = pose.bend * ((x - 0.5) ** 2 - 0.08) + 0.05 * behind**2 * np.sin(pose.beat)
    slope = 2 * pose.bend * (x - 0.5) + 0.1 * behind * np.sin(pose.beat)
    normal = np.hypot(1, slope)
    px, py = x - y * slope / normal, middle + y / normal
    forward = (0.55 - px) * np.hypot(pose.facing, 0.2 * (1 - abs(pose.facing)))
    if pose.facing < 0:
        turned = np.array([[-np.cos(pose.pitch), -np.sin(pose.pitch)], [-np.sin(pose.pitch), np.cos(pose.pitch)]])
    else:
        turned = np.array([[np.cos(pose.pitch), np.sin(pose.pitch)], [-np.sin(pose.pitch), np.cos(pose.pitch)]])
    dx, dy = np.tensordot(turned, np.stack([forward, py]), axes=1) * pose.length / body.LENGTH
    return pose.x + dx, pose.y + dy


def _sampled(photo: NDArray[np.uint8], pose: Pose) -> Array:
    """The flank in a photo, sampled on its own grid and without shading."""
    x, share = np.meshgrid(np.linspace(0.32, 0.92, 60), np.linspace(0.3, 0.8, 16))
    back, belly = body.edges(x.astype(np.float32))
    px, py = _project(pose, x, -back + share * (back + belly))
    grey = photo.mean(axis=-1)[np.rint(py - 0.5).astype(int), np.rint(px - 0.5).astype(int)]
    return grey - grey.mean(axis=1, keepdims=True) - grey.mean(axis=0) + grey.mean()


POSES = [
    POSE,
    replace(POSE, pitch=0.35, bend=0.12, beat=1.0),
    replace(POSE, pitch=-0.3, x=112.5, warm=0.9, length=118.0),
    replace(POSE, facing=0.9, bend=-0.15, y=70.25, warm=0.2, depth=0.6),
]


@pytest.mark.parametrize("facing", [1.0, -1.0])
def test_a_point_of_the_body_comes_back(facing: float) -> None:
    for pose in (replace(p, facing=p.facing * facing) for p in POSES):
        rows, columns = scene._window(pose)
        along, down = scene.body_coordinates(pose, 1.0, rows, columns)
        x, y = np.meshgrid(np.linspace(0.1, 1.1, 9), np.linspace(-0.04, 0.04, 5))
        px, py = _project(pose, x, y)
        row = np.rint(2 * (py - rows[0]) - 0.5).astype(int)
        column = np.rint(2 * (px - columns[0]) - 0.5).astype(int)
        np.testing.assert_allclose(along[row, column], x, atol=0.012)
        np.testing.assert_allclose(down[row, column], y, atol=0.012)


def test_the_flank_in_the_photo_is_the_flank_of_the_fish(fish: list[scene.Fish]) -> None:
    """In other poses it correlates with itself far more than with another fish or its other side."""

    def views(one: scene.Fish, side: int) -> list[Array]:
        turned = [replace(p, facing=side * p.facing) for p in POSES]
        return [_sampled(_compose([one], [p])[0], p).ravel() for p in turned]

    right, left, other = views(fish[0], 1), views(fish[0], -1), views(fish[1], 1)
    same = [np.corrcoef(right[0], view)[0, 1] for view in right[1:]]
    apart = [np.corrcoef(right[0], view)[0, 1] for view in left + other]
    assert min(same) > 0.55
    assert max(apart) < 0.45


def test_a_fish_swimming_left_is_the_mirror_image(fish: list[scene.Fish]) -> None:
    both = [scene.Fish(fish[0].right, fish[0].right, 190, 1.0)]
    pose = replace(POSE, pitch=0.3, bend=0.1, motion=(3.0, 1.0))
    right, regions, annotations = _compose(both, [pose])
    mirrored = replace(pose, facing=-1.0, x=SIZE[1] - pose.x, motion=(-3.0, 1.0))
    left, other_regions, other_annotations = _compose(both, [mirrored])
    assert np.abs(right[:, ::-1].astype(int) - left).max() <= 1
    np.testing.assert_array_equal(regions[0][:, ::-1], other_regions[0])
    assert (annotations[0].right, other_annotations[0].right) == (True, False)


def test_the_snout_leads(fish: list[scene.Fish]) -> None:
    """The dark pupil is on the side that the fish swims to."""
    for facing in (1.0, -1.0):
        photo, _, _ = _compose(fish[:1], [replace(POSE, facing=facing)])
        column = np.unravel_index(photo.sum(axis=-1).argmin(), SIZE)[1]
        assert (column - POSE.x) * facing > 0.3 * POSE.length


def test_the_box_is_that_of_the_visible_mask_and_of_the_changed_pixels(fish: list[scene.Fish]) -> None:
    photo, (region,), (annotation,) = _compose(fish[:1], [replace(POSE, pitch=0.2)])
    left, top, right, bottom = annotation.box
    rows, columns = np.nonzero(region)
    assert (left, top, right, bottom) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    changed = np.abs(photo - WATER).max(axis=-1) > 25
    assert changed.sum() > 800
    changed[top - 1 : bottom + 1, left - 1 : right + 1] = False
    assert not changed.any()
    assert 0.9 * POSE.length < right - left < 1.02 * POSE.length


def test_a_fish_at_the_rim_is_cut_by_the_frame(fish: list[scene.Fish]) -> None:
    pose = replace(POSE, x=10.0, y=8.0, motion=(4.0, 0.0))
    photo, _, (annotation,) = _compose(fish[:1], [pose])
    assert annotation.box[:2] == (0, 0)
    middle, _, _ = _compose(fish[:1], [replace(pose, x=110.0, y=88.0)])
    assert np.abs(photo[:70, :130].astype(int) - middle[80:150, 100:230]).max() <= 1


def test_the_nearer_fish_hides_the_farther(fish: list[scene.Fish]) -> None:
    near, far = replace(POSE, depth=0.2), replace(POSE, depth=0.8, x=150.0, y=90.0)
    _, (visible_far, visible_near), annotations = _compose(fish[::-1], [far, near])
    _, (whole_far,), (unoccluded,) = _compose(fish[1:], [far])
    _, (whole_near,), _ = _compose(fish[:1], [near])
    np.testing.assert_array_equal(visible_near, whole_near)
    np.testing.assert_array_equal(visible_far, np.where(whole_near > 0, 0, whole_far))
    assert annotations[0].occluded
    assert annotations[1].occluded
    assert annotations[0].box == unoccluded.box
    assert not unoccluded.occluded


def test_fish_that_only_touch_are_not_occluded(fish: list[scene.Fish]) -> None:
    _, _, annotations = _compose(fish, [replace(POSE, x=60.0, y=40.0), replace(POSE, x=170.0, y=110.0)])
    assert not any(one.occluded for one in annotations)


@pytest.mark.parametrize(("facing", "turning"), [(1.0, False), (-0.82, False), (0.78, True), (-0.1, True)])
def test_turning_is_a_foreshortened_flank(fish: list[scene.Fish], facing: float, turning: bool) -> None:
    _, _, (annotation,) = _compose(fish[:1], [replace(POSE, facing=facing)])
    assert annotation.turning is turning
    assert (annotation.box[2] - annotation.box[0]) == pytest.approx(POSE.length * max(abs(facing), 0.2), rel=0.08)


def test_blur_takes_detail_but_no_light(fish: list[scene.Fish]) -> None:
    sharp, _, _ = _compose(fish[:1], [POSE])
    soft, _, _ = _compose(fish[:1], [replace(POSE, blur=2.0, motion=(5.0, 0.0))])
    assert soft.mean() == pytest.approx(sharp.mean(), abs=0.3)
    assert np.abs(np.diff(soft.astype(int), axis=0)).sum() < 0.7 * np.abs(np.diff(sharp.astype(int), axis=0)).sum()
