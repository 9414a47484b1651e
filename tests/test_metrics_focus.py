import numpy as np
import pytest

from benchmark.catalogue import ANIMAL, BACKGROUND, PATTERN
from benchmark.errors import InputError, RunError
from benchmark.metrics.focus import region_mass


def test_hand_case() -> None:
    cam = np.array([[[3.0, 1.0]]])  # one row of two cells over a 2 x 4 mask: each covers 2 x 2 pixels
    region = np.array([[[0, 1, 2, 2], [0, 0, 2, 1]]])
    # left cell: 3/4 background, 1/4 fish; right cell: 3/4 pattern, 1/4 fish; masses 3/4 and 1/4
    assert region_mass(cam, region) == pytest.approx((9 / 16, 3 / 16 + 1 / 16, 3 / 16))


def test_a_cell_edge_may_cut_a_pixel() -> None:
    cam = np.array([[[1.0, 0.0]]])  # the left cell covers one and a half of three pixels
    region = np.array([[[BACKGROUND, PATTERN, ANIMAL]]])
    assert region_mass(cam, region) == pytest.approx((2 / 3, 0, 1 / 3))


@pytest.mark.parametrize(("cells", "pixels"), [((7, 5), (21, 10)), ((7, 5), (16, 23)), ((9, 9), (4, 4))])
def test_equals_both_enlarged_to_their_common_multiple(cells: tuple[int, int], pixels: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    cams, regions = random.random((3, *cells)), random.integers(0, 3, (3, *pixels))
    fine_cams, fine_regions = cams, regions
    for axis in (1, 2):
        common = np.lcm(cells[axis - 1], pixels[axis - 1])
        fine_cams = fine_cams.repeat(common // cells[axis - 1], axis)
        fine_regions = fine_regions.repeat(common // pixels[axis - 1], axis)
    fine_cams /= fine_cams.sum(axis=(1, 2), keepdims=True)
    expected = [(fine_cams * (fine_regions == region)).sum() / 3 for region in (BACKGROUND, ANIMAL, PATTERN)]
    assert region_mass(cams, regions) == pytest.approx(expected)


def test_a_map_of_zeros_is_uniform_and_every_map_counts_the_same() -> None:
    regions = np.array([[[PATTERN, BACKGROUND]], [[PATTERN, BACKGROUND]]])
    cams = np.array([[[0.0, 0.0]], [[0.0, 1e-40]]], np.float32)
    assert region_mass(cams, regions) == pytest.approx((0.75, 0.0, 0.25))


def test_huge_half_precision_values_do_not_overflow() -> None:
    cams = np.full((1, 8, 8), 65504, np.float16)
    assert region_mass(cams, np.full((1, 8, 8), ANIMAL, np.uint8)) == pytest.approx((0, 1, 0))


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_unusable_values_are_refused_with_their_row(value: float) -> None:
    cams = np.ones((3, 2, 2))
    cams[2, 0, 1] = value
    with pytest.raises(RunError, match="row 2 "):
        region_mass(cams, np.zeros((3, 4, 4), np.uint8))


@pytest.mark.parametrize("shape", [(2, 4, 4), (3, 4), (3, 0, 4)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RunError, match=r"\(3, height, width\)"):
        region_mass(np.ones(shape), np.zeros((3, 4, 4), np.uint8))


def test_other_region_values_are_refused() -> None:
    with pytest.raises(InputError, match="value 255"):
        region_mass(np.ones((1, 2, 2)), np.full((1, 2, 2), 255, np.uint8))
