import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN
from benchmark.errors import InputError, RunError
from benchmark.metrics.cams.grid import lay
from benchmark.metrics.cams.localisation import (
    PerImage,
    after_epochs,
    localise,
    means,
    per_image,
    pick_examples,
    summarise,
)
from benchmark.metrics.cams.swap import compare, pair
from benchmark.records.localisation import RegionValues

Three = tuple[float | None, float | None, float | None]


def three(part: RegionValues) -> Three:
    """Background, body, pattern."""
    return part.background, part.body, part.pattern


def mean_mass(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> Three:
    """Of one epoch."""
    (epoch,) = after_epochs(cams[None], regions, np.arange(len(cams)))
    return three(epoch)


def measured(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> PerImage:
    return per_image(lay(cams, regions))


def picked(density: list[float], order: list[int] | None = None) -> tuple[int, int, int]:
    """Best, typical and worst image."""
    examples = pick_examples(np.array(density), np.arange(len(density)) if order is None else np.array(order))
    assert examples is not None
    return examples.best.image, examples.typical.image, examples.worst.image


def test_hand_case() -> None:
    cam = np.array([[[3.0, 1.0]]])  # one row of two cells on a 2 x 4 mask: each covers 2 x 2 pixels
    region = np.array([[[0, 1, 2, 2], [0, 0, 2, 1]]])
    # left cell: 3/4 background, 1/4 body; right cell: 3/4 pattern, 1/4 body; masses 3/4 and 1/4
    assert mean_mass(cam, region) == pytest.approx((9 / 16, 3 / 16 + 1 / 16, 3 / 16))


def test_a_cell_edge_may_cut_a_pixel() -> None:
    cam = np.array([[[1.0, 0.0]]])  # the left cell covers one and a half of three pixels
    region = np.array([[[BACKGROUND, PATTERN, BODY]]])
    assert mean_mass(cam, region) == pytest.approx((2 / 3, 0, 1 / 3))


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
    expected = [(fine_cams * (fine_regions == region)).sum() / 3 for region in (BACKGROUND, BODY, PATTERN)]
    assert mean_mass(cams, regions) == pytest.approx(expected)


def test_a_cam_of_zeros_is_left_out_and_every_other_cam_counts_equally() -> None:
    regions = np.array([[[PATTERN, BACKGROUND]]] * 3)
    cams = np.array([[[0.0, 0.0]], [[0.0, 1e-40]], [[5.0, 5.0]]], np.float32)
    assert mean_mass(cams, regions) == pytest.approx((0.75, 0.0, 0.25))
    values = measured(cams, regions)
    assert all(np.isnan(measure[0]).all() for measure in values)
    assert not np.isnan(values.density[1:][:, [0, 2]]).any()


def test_cams_that_are_all_zero_have_no_numbers() -> None:
    regions = np.random.default_rng(2).integers(0, 3, (8, 4, 4))
    (epoch,) = after_epochs(np.zeros((1, 8, 2, 2)), regions, np.arange(8))
    assert (three(epoch), epoch.cams) == ((None, None, None), 0)
    result = localise(np.zeros((8, 2, 2)), regions, order=np.arange(8), seed=0, method="gradcam")
    for part in (result.mass, result.density, result.rank, result.ceiling):
        assert part is not None
        assert three(part) == (None, None, None)
    assert (result.empty, result.swap, result.pattern_excess, result.examples) == (8, None, None, None)


def test_huge_half_precision_values_do_not_overflow() -> None:
    cams = np.full((1, 8, 8), 65504, np.float16)
    assert mean_mass(cams, np.full((1, 8, 8), BODY, np.uint8)) == pytest.approx((0, 1, 0))


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_unusable_values_are_refused_and_their_row_named(value: float) -> None:
    cams = np.ones((3, 2, 2))
    cams[2, 0, 1] = value
    with pytest.raises(RunError, match="row 2 "):
        mean_mass(cams, np.zeros((3, 4, 4), np.uint8))


@pytest.mark.parametrize("shape", [(2, 4, 4), (3, 4), (3, 0, 4)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RunError, match=r"\(3, height, width\)"):
        mean_mass(np.ones(shape), np.zeros((3, 4, 4), np.uint8))


def test_other_region_values_are_refused() -> None:
    with pytest.raises(InputError, match="value 255"):
        mean_mass(np.ones((1, 2, 2)), np.full((1, 2, 2), 255, np.uint8))


# --- all metrics of each image -------------------------------------------------------------------------------------

ONE_CAM = np.array([[[4.0, 2.0], [2.0, 0.0]]])
ONE_MASK = np.array([[[PATTERN, BACKGROUND], [BODY, BACKGROUND]]])  # a pixel a cell


def test_metrics_by_hand() -> None:
    values = measured(ONE_CAM, ONE_MASK)
    assert values.ceiling == pytest.approx(np.array([[2, 4, 4]]))
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
    assert measured(cams, regions).rank == pytest.approx(expected)


def test_coarse_cams_have_the_metrics_of_cams_of_the_masks_size() -> None:
    random = np.random.default_rng(4)
    cams, regions = random.random((3, 4, 5)), random.integers(0, 3, (3, 12, 10))
    coarse, fine = measured(cams, regions), measured(cams.repeat(3, 1).repeat(2, 2), regions)
    for measure, expected in zip(coarse[:3], fine[:3], strict=True):
        assert measure == pytest.approx(expected)
    assert (coarse.ceiling <= fine.ceiling).all()


def test_a_cam_with_shuffled_cells_scores_the_area_and_density_one() -> None:
    random = np.random.default_rng(5)
    cam = random.gamma(0.3, size=(1, 48)).round(2)  # heavy-tailed and with ties, as CAMs behind a ReLU are
    regions = np.repeat(random.choice(3, (1, 12, 16), p=(0.6, 0.3, 0.1)), 4000, axis=0)
    cams = random.permuted(cam.repeat(4000, axis=0), axis=1).reshape(-1, 6, 8)
    values, area = measured(cams, regions), lay(cams, regions).area[0]
    for measure in (values.mass, values.rank):
        error = measure.std(axis=0) / np.sqrt(len(measure))
        assert (np.abs(measure.mean(axis=0) - area) < 4 * error).all()
    assert values.density.mean(axis=0) == pytest.approx(1, abs=0.05)


def test_a_uniform_cam_scores_exactly_the_area() -> None:
    regions = np.random.default_rng(6).integers(0, 3, (2, 9, 9))
    cams = np.full((2, 4, 4), 7.0)
    values, area = measured(cams, regions), lay(cams, regions).area
    assert values.density == pytest.approx(1)
    for measure in (values.mass, values.rank):
        assert measure == pytest.approx(area)


def test_a_perfect_cam_scores_one() -> None:
    regions = np.random.default_rng(7).integers(0, 3, (2, 6, 6))
    values = measured((regions == PATTERN).astype(np.float16), regions)
    assert values.mass[:, 2] == pytest.approx(1)
    assert values.rank[:, 2] == pytest.approx(1)
    assert values.density[:, 2] == pytest.approx(1 / (regions == PATTERN).mean(axis=(1, 2)))
    assert values.ceiling == pytest.approx(1 / np.stack([(regions == code).mean(axis=(1, 2)) for code in range(3)], 1))


def test_an_absent_region_has_no_mass_and_no_other_metric() -> None:
    regions = np.array([ONE_MASK[0], [[BACKGROUND, BACKGROUND], [BODY, BACKGROUND]]])
    values = measured(ONE_CAM.repeat(2, axis=0), regions)
    assert values.mass[1, 2] == 0
    for measure in (values.density, values.rank, values.ceiling):
        assert np.isnan(measure).tolist() == [[False] * 3, [False, False, True]]
    assert three(means(values.density)) == pytest.approx((np.mean([1 / 2, (6 / 8) / (3 / 4)]), 1, 2))
    assert means(values.density[1:]).pattern is None


def test_the_mean_mass_is_the_mass_after_an_epoch() -> None:
    random = np.random.default_rng(8)
    cams, regions = random.random((5, 3, 3)), random.integers(0, 3, (5, 7, 8))
    assert three(means(measured(cams, regions).mass)) == pytest.approx(mean_mass(cams, regions))


def test_epochs_are_numbered_from_one() -> None:
    regions = np.random.default_rng(10).integers(0, 3, (2, 4, 4))
    epochs = after_epochs(np.random.default_rng(11).random((3, 2, 2, 2)), regions, np.arange(2))
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3]


def test_localisation_holds_the_means_the_swap_null_and_the_interval() -> None:
    random = np.random.default_rng(12)
    cams, regions = random.random((9, 4, 4)), random.integers(0, 3, (9, 8, 8))
    regions[4] = BACKGROUND
    cams[2] = 0
    groups = np.array([0, 0, 1, 2, 2, 3, 4, 5, 6])
    result = localise(cams, regions, order=np.arange(9), groups=groups, seed=5, method="layercam")
    values, laid = measured(cams, regions), lay(cams, regions)
    for part, expected in ((result.mass, values.mass), (result.density, values.density), (result.rank, values.rank)):
        assert three(part) == pytest.approx(three(means(expected)), abs=1e-5)
    assert (result.images, result.empty, result.method, result.grid) == (9, 1, "layercam", (4, 4))
    assert three(result.ceiling) == pytest.approx(three(means(values.ceiling)), abs=1e-5)
    rows = [0, 1, 3, 5, 6, 7, 8]  # with a pattern and a CAM that is not empty
    relative = laid.parts[rows, 2] / laid.area[rows, 2, None]
    whole = compare(pair(laid.weights[rows], relative, groups[rows]), groups[rows])
    assert whole is not None
    assert result.swap is not None
    assert (result.density.pattern, result.swap.density.pattern) == pytest.approx((whole.own, whole.swap), abs=1e-5)
    assert result.pattern_excess is not None
    assert whole.excess is not None
    assert result.pattern_excess.model_dump() == pytest.approx(whole.excess.model_dump(), abs=1e-4)
    shown = [*rows, 4]
    across = [(i, j) for i in shown for j in shown if groups[i] != groups[j]]
    expected = [np.mean([laid.weights[i] @ laid.parts[j, region] for i, j in across]) for region in range(3)]
    assert three(result.swap.mass) == pytest.approx(expected, abs=1e-5)
    assert result.examples is not None
    assert result.examples.best.density == pytest.approx(np.nanmax(values.density[:, 2]), abs=1e-5)
    again = summarise(result.by_image, groups, order=np.arange(9), method="layercam", grid=(4, 4))
    assert again == result  # what a record stores of each CAM gives all of its numbers


def test_the_swap_null_of_rank_accuracy_is_that_of_the_cams_on_other_images() -> None:
    random = np.random.default_rng(13)
    cams, regions = random.random((40, 4, 4)), random.integers(0, 3, (40, 8, 8))
    result = localise(cams, regions, order=np.arange(40), seed=5, method="gradcam")
    pairs = [(i, j) for i in range(40) for j in range(40) if i != j]
    everywhere = measured(cams[[i for i, _ in pairs]], regions[[j for _, j in pairs]]).rank
    assert result.swap is not None
    assert three(result.swap.rank) == pytest.approx(tuple(everywhere.mean(axis=0)), abs=0.01)


def test_the_ceiling_is_the_density_of_all_mass_in_the_best_cell() -> None:
    """A pattern of 3 x 3 pixels in an image of 16 x 16, wholly in one cell of 2 x 2 or in four cells of 8 x 8."""
    region = np.full((1, 16, 16), BODY)
    region[0, 1:4, 1:4] = PATTERN
    coarse, fine = (measured(np.ones((1, side, side)), region).ceiling[0, 2] for side in (2, 8))
    assert coarse == pytest.approx((9 / 64) / (9 / 256))  # the cell has 8 x 8 pixels
    assert fine == pytest.approx(1 / (9 / 256))  # one cell of 2 x 2 pixels is all pattern


def test_unusable_cams_are_refused_for_all_metrics() -> None:
    with pytest.raises(RunError, match="row 1 "):
        lay(np.array([[[1.0]], [[np.nan]]]), np.zeros((2, 2, 2), int))


# --- the images to show --------------------------------------------------------------------------------------------


def test_best_typical_and_worst_by_rule() -> None:
    assert picked([0.5, 0.1, 0.9, 0.4, 0.8]) == (2, 0, 1)


def test_of_equal_images_the_first_is_picked() -> None:
    assert picked([0.3, 0.7, 0.7, 0.3]) == (1, 0, 0)
    assert picked([0.2, 0.1, 0.3, 0.4]) == (3, 0, 1)  # 0.2 and 0.3 are equally close to 0.25
    assert picked([0.7, 0.1, 0.6, 0.8]) == (3, 0, 1)  # so are 0.7 and 0.6 to 0.65, but not in floating point
    assert picked([0.3, 0.7, 0.7, 0.3], order=[3, 2, 1, 0]) == (2, 3, 3)


def test_images_without_the_region_are_never_picked() -> None:
    assert picked([np.nan, 0.2, np.nan, 0.1]) == (1, 1, 3)
    assert pick_examples(np.array([np.nan, np.nan]), np.arange(2)) is None


def test_one_image_is_all_three_examples() -> None:
    assert picked([0.5]) == (0, 0, 0)
