import numpy as np
import pytest

from benchmark.data.catalogue import ANIMAL, BACKGROUND, PATTERN
from benchmark.errors import InputError, RunError
from benchmark.metrics.cam_localisation import means, per_image, pick, region_area, region_mass


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


# --- every measure of every image ----------------------------------------------------------------------------------

ONE_MAP = np.array([[[4.0, 2.0], [2.0, 0.0]]])
ONE_MASK = np.array([[[PATTERN, BACKGROUND], [ANIMAL, BACKGROUND]]])  # a pixel a cell


def test_measures_by_hand() -> None:
    values = per_image(ONE_MAP, ONE_MASK)
    assert values.area == pytest.approx(np.array([[1 / 2, 1 / 4, 1 / 4]]))
    assert values.mass == pytest.approx(np.array([[1 / 4, 1 / 4, 1 / 2]]))
    assert values.density == pytest.approx(np.array([[1 / 2, 1, 2]]))
    # the highest cell is the pattern; the two highest hold half of one background pixel, for two cells are equal
    assert values.rank == pytest.approx(np.array([[1 / 4, 0, 1]]))


def test_without_ties_rank_accuracy_is_the_share_of_the_highest_pixels() -> None:
    random = np.random.default_rng(3)
    cams = random.permuted(np.arange(4 * 80.0).reshape(4, 80), axis=1).reshape(4, 8, 10)
    regions = random.integers(0, 3, (4, 8, 10))
    expected = np.empty((4, 3))
    for image, region in np.ndindex(4, 3):
        inside = (regions[image] == region).ravel()
        highest = np.argsort(cams[image].ravel())[::-1][: inside.sum()]
        expected[image, region] = inside[highest].mean()
    assert per_image(cams, regions).rank == pytest.approx(expected)


def test_coarse_maps_measure_what_maps_of_the_masks_size_measure() -> None:
    random = np.random.default_rng(4)
    cams, regions = random.random((3, 4, 5)), random.integers(0, 3, (3, 12, 10))
    coarse, fine = per_image(cams, regions), per_image(cams.repeat(3, 1).repeat(2, 2), regions)
    for measure, expected in zip(coarse, fine, strict=True):
        assert measure == pytest.approx(expected)


def test_a_random_map_scores_the_area_and_density_one() -> None:
    random = np.random.default_rng(5)
    cam = random.gamma(0.3, size=(1, 48)).round(2)  # heavy-tailed and with ties, as maps behind a ReLU are
    regions = np.repeat(random.choice(3, (1, 12, 16), p=(0.6, 0.3, 0.1)), 4000, axis=0)
    values = per_image(random.permuted(cam.repeat(4000, axis=0), axis=1).reshape(-1, 6, 8), regions)
    for measure in (values.mass, values.rank):
        error = measure.std(axis=0) / np.sqrt(len(measure))
        assert (np.abs(measure.mean(axis=0) - values.area[0]) < 4 * error).all()
    assert values.density.mean(axis=0) == pytest.approx(1, abs=0.05)


def test_a_uniform_map_scores_exactly_the_null() -> None:
    regions = np.random.default_rng(6).integers(0, 3, (2, 9, 9))
    for cams in (np.zeros((2, 4, 4)), np.full((2, 4, 4), 7.0)):
        values = per_image(cams, regions)
        assert values.density == pytest.approx(1)
        for measure in (values.mass, values.rank):
            assert measure == pytest.approx(values.area)


def test_a_perfect_map_scores_one() -> None:
    regions = np.random.default_rng(7).integers(0, 3, (2, 6, 6))
    values = per_image((regions == PATTERN).astype(np.float16), regions)
    assert values.mass[:, 2] == pytest.approx(1)
    assert values.rank[:, 2] == pytest.approx(1)
    assert values.density[:, 2] == pytest.approx(1 / values.area[:, 2])


def test_an_absent_region_has_no_mass_and_nothing_else() -> None:
    regions = np.array([ONE_MASK[0], [[BACKGROUND, BACKGROUND], [ANIMAL, BACKGROUND]]])
    values = per_image(ONE_MAP.repeat(2, axis=0), regions)
    assert (values.area[1, 2], values.mass[1, 2]) == (0, 0)
    for measure in (values.density, values.rank):
        assert np.isnan(measure).tolist() == [[False] * 3, [False, False, True]]
    assert means(values.density) == pytest.approx((np.mean([1 / 2, (6 / 8) / (3 / 4)]), 1, 2))
    assert means(values.density[1:]).pattern is None


def test_the_mean_mass_is_the_region_mass() -> None:
    random = np.random.default_rng(8)
    cams, regions = random.random((5, 3, 3)), random.integers(0, 3, (5, 7, 8))
    assert means(per_image(cams, regions).mass) == pytest.approx(region_mass(cams, regions))


def test_the_area_is_what_uniform_maps_weigh() -> None:
    regions = np.random.default_rng(9).integers(0, 3, (4, 7, 9))
    assert region_area(regions) == pytest.approx(region_mass(np.ones((4, 2, 3)), regions))
    assert region_area(np.array([ONE_MASK[0], np.zeros((2, 2), int)])) == (3 / 4, 1 / 8, 1 / 8)
    with pytest.raises(InputError, match="value 7"):
        region_area(np.full((1, 2, 2), 7))


def test_unusable_maps_are_refused_for_every_measure() -> None:
    with pytest.raises(RunError, match="row 1 "):
        per_image(np.array([[[1.0]], [[np.nan]]]), np.zeros((2, 2, 2), int))


# --- which image to show -------------------------------------------------------------------------------------------


def test_best_typical_and_worst_by_rule() -> None:
    assert pick(np.array([0.5, 0.1, 0.9, 0.4, 0.8])) == (2, 0, 1)


def test_of_equal_images_the_first_is_picked() -> None:
    assert pick(np.array([0.3, 0.7, 0.7, 0.3])) == (1, 0, 0)
    assert pick(np.array([0.2, 0.1, 0.3, 0.4])) == (3, 0, 1)  # 0.2 and 0.3 are equally close to 0.25
    assert pick(np.array([0.7, 0.1, 0.6, 0.8])) == (3, 0, 1)  # so are 0.7 and 0.6 to 0.65, but not in floating point


def test_images_without_the_region_are_never_picked() -> None:
    assert pick(np.array([np.nan, 0.2, np.nan, 0.1])) == (1, 1, 3)
    with pytest.raises(InputError, match="pick"):
        pick(np.array([np.nan, np.nan]))


def test_of_one_image_all_three_are_that() -> None:
    assert pick(np.array([0.5], np.float16)) == (0, 0, 0)
