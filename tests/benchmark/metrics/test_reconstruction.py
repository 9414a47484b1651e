from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from benchmark.errors import InputError
from benchmark.metrics import reconstruction
from benchmark.metrics.reconstruction import HoleErrors, difference, fill_mean_colour, fill_telea, hole_similarity
from benchmark.metrics.resampling import intervals
from benchmark.metrics.resampling.power import detectable_mean
from benchmark.records.inpainting import Reconstruction

SIDE = 32


def summarised(errors: HoleErrors) -> Reconstruction:
    """Each photo is its own unit."""
    return reconstruction.summarise(errors, np.arange(len(errors.photos)))


def hole_errors(
    filled: np.ndarray, truth: np.ndarray, holes: np.ndarray, lpips: np.ndarray | None = None
) -> Reconstruction:
    """The summary of images of which each is a photo of its own."""
    return summarised(reconstruction.hole_errors(filled, truth, holes, np.arange(len(holes)), lpips))


def photos(count: int) -> np.ndarray:
    draws = np.random.default_rng(0)
    return draws.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def square_holes(count: int) -> np.ndarray:
    holes = np.zeros((count, SIDE, SIDE), np.uint8)
    holes[:, 8:20, 10:24] = 1
    return holes


def test_a_hole_filled_with_a_constant_error_by_hand() -> None:
    truth = np.full((1, SIDE, SIDE, 3), 100, np.uint8)
    filled = np.where(square_holes(1)[..., None], np.uint8(151), truth)  # 51 of 255 = 0.2
    errors = hole_errors(filled, truth, square_holes(1))
    assert errors.l1 == pytest.approx(0.2)
    assert errors.psnr == pytest.approx(10 * np.log10(1 / 0.04))


def test_pixels_outside_the_hole_do_not_count_for_l1_and_psnr() -> None:
    truth, holes = photos(2), square_holes(2)
    filled = np.where(holes[..., None], truth, 0).astype(np.uint8)
    errors = hole_errors(filled, truth, holes)
    assert (errors.l1, errors.psnr) == (0, None)


def test_psnr_and_ssim_are_scikit_image_s_over_the_hole() -> None:
    truth, filled = photos(3), photos(6)[3:]
    pairs = list(zip(truth, filled, strict=True))
    whole = hole_errors(filled, truth, np.ones((3, SIDE, SIDE), np.uint8))
    assert whole.psnr == pytest.approx(np.mean([peak_signal_noise_ratio(a, b) for a, b in pairs]))
    assert whole.images == 3
    settings = {"channel_axis": 2, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    for one, other in pairs:  # scikit-image leaves out pixels whose window of 11 pixels crosses the border
        inner = hole_similarity(one, other, np.ones((SIDE, SIDE), bool)).reshape(SIDE, SIDE)[5:-5, 5:-5]
        assert inner.mean() == pytest.approx(structural_similarity(one, other, data_range=255, **settings))


def test_ssim_of_a_hole_of_one_pixel_and_of_a_constant_hole_by_hand() -> None:
    """Without variance in the hole, SSIM is its luminance term."""
    truth = np.full((SIDE, SIDE, 3), 100, np.uint8)
    luminance = (2 * 100 * 151 + 2.55**2) / (100**2 + 151**2 + 2.55**2)
    for hole in (np.zeros((SIDE, SIDE), bool), square_holes(1)[0] > 0):
        hole[9, 12] = True
        filled = np.where(hole[..., None], np.uint8(151), truth)
        assert hole_similarity(filled, truth, hole) == pytest.approx(luminance)


def test_pixels_outside_the_hole_change_nothing() -> None:
    truth, other = photos(2)
    hole = square_holes(1)[0] > 0
    filled = np.where(hole[..., None], other, truth)
    errors = hole_errors(filled[None], truth[None], hole[None].astype(np.uint8))
    noise, inside = photos(3)[2], hole[..., None]
    for around in (np.zeros_like(truth), noise):
        changed = hole_errors(
            np.where(inside, filled, around)[None], np.where(inside, truth, around)[None], hole[None].astype(np.uint8)
        )
        assert changed == errors
    usual = structural_similarity(filled, truth, channel_axis=2, gaussian_weights=True, data_range=255, full=True)[1]
    assert errors.ssim < usual[hole].mean() - 0.05  # known pixels in the windows made the filling look better


def test_flips_are_one_photo() -> None:
    truth, filled, holes = photos(4), photos(8)[4:], square_holes(4)
    holes[3] = 0
    holes[2, 9:12, 10:20] = 0
    one = reconstruction.hole_errors(filled, truth, holes, np.arange(4))
    flips = [np.concatenate([array, array[:, ::-1], array[:, :, ::-1]]) for array in (filled, truth, holes)]
    three = reconstruction.hole_errors(*flips, np.tile(np.arange(4), 3))
    assert (one.images, three.images) == (3, 9)
    assert one.photos.tolist() == three.photos.tolist() == [0, 1, 2]
    for name, single in one.measured().items():
        assert three.measured()[name] == pytest.approx(single)
    assert summarised(three).photos == 3
    assert summarised(three).l1 == pytest.approx(summarised(one).l1)


def test_the_difference_is_paired_by_photo() -> None:
    truth = np.full((8, SIDE, SIDE, 3), 100, np.uint8)
    better = np.stack([np.full((SIDE, SIDE, 3), 110 + 10 * row, np.uint8) for row in range(8)])
    worse = better + np.uint8(5)
    first, second = (
        reconstruction.hole_errors(filled, truth, square_holes(8), np.arange(8)) for filled in (better, worse)
    )
    result = difference(first, second, np.arange(8))
    assert result.l1 == pytest.approx(-5 / 255, abs=1e-6)
    steps = np.arange(10, 90, 10)
    assert result.psnr == pytest.approx(np.mean(20 * np.log10((steps + 5) / steps)))
    assert result.photos == 8
    assert set(result.intervals) == {"l1", "psnr", "ssim"}
    l1 = result.intervals["l1"]  # photos differ much more than the two fillings of a photo
    assert (l1.low, l1.high, l1.groups) == pytest.approx((-5 / 255, -5 / 255, 8), abs=1e-6)
    assert result.intervals["psnr"].low > 0
    exact = reconstruction.hole_errors(truth, truth, square_holes(8), np.arange(8))
    assert difference(exact, second, np.arange(8)).psnr is None


def test_photos_of_one_unit_are_resampled_together() -> None:
    """Twelve photos of six units of two: the interval is that of six observations, each half as many."""
    truth, holes = photos(24), square_holes(24)
    model = reconstruction.hole_errors(photos(48)[24:], truth, holes, np.repeat(np.arange(12), 2))
    mean = reconstruction.hole_errors(fill_mean_colour(truth, holes), truth, holes, np.repeat(np.arange(12), 2))
    units = np.repeat(np.arange(6), 2)
    result = difference(model, mean, units)
    gaps = (model.psnr.round(6) - mean.psnr.round(6)).reshape(6, 2).mean(axis=1)
    again = intervals.of_mean(gaps)
    assert again is not None
    assert result.intervals["psnr"].model_dump() == pytest.approx(again.model_dump())
    own = reconstruction.summarise(model, units).intervals
    assert set(own) == {"l1", "psnr", "ssim"}
    assert own["l1"].groups == 6
    assert (result.photos, result.units) == (12, 6)
    assert result.detectable == pytest.approx(detectable_mean(gaps, np.arange(6)))
    assert difference(model, mean, units // 2).detectable is None


def test_lpips_is_paired_by_photo_like_the_others() -> None:
    """Means over two flips by hand; the fillings' distances differ by 0.05 in each photo, the photos by up to 0.7."""
    truth, holes = photos(16), square_holes(16)
    flips = np.repeat(np.arange(8), 2)
    distances = np.arange(16) / 10
    model, mean = (
        reconstruction.hole_errors(filled, truth, holes, flips, of)
        for filled, of in ((photos(32)[16:], distances), (fill_mean_colour(truth, holes), distances + 0.05))
    )
    assert model.lpips == pytest.approx(np.arange(8) / 5 + 0.05)
    assert summarised(model).lpips == pytest.approx(0.75)
    assert summarised(model).by_photo["lpips"] == pytest.approx(model.lpips)
    result = difference(model, mean, np.arange(8))
    assert result.lpips == pytest.approx(-0.05)
    interval = result.intervals["lpips"]
    assert (interval.low, interval.high, interval.groups) == pytest.approx((-0.05, -0.05, 8))
    without = model._replace(lpips=None)
    assert difference(without, mean, np.arange(8)).lpips is None
    assert "lpips" not in difference(without, mean, np.arange(8)).intervals


def test_the_record_s_errors_by_photo_give_its_means_and_differences_again() -> None:
    truth, holes = photos(12), square_holes(12)
    errors = [
        reconstruction.hole_errors(filled, truth, holes, np.arange(12))
        for filled in (photos(24)[12:], fill_telea(truth, holes))
    ]
    one, other = map(summarised, errors)
    result = difference(*errors, np.arange(12))
    for name in ("l1", "psnr", "ssim"):
        gaps = np.subtract(one.by_photo[name], other.by_photo[name])
        assert getattr(one, name) == pytest.approx(np.mean(one.by_photo[name]), abs=1e-6)
        assert getattr(result, name) == pytest.approx(gaps.mean(), abs=2e-6)
        again = intervals.of_mean(gaps)
        assert again is not None
        assert (result.intervals[name].low, result.intervals[name].high) == pytest.approx(
            (again.low, again.high), abs=2e-6
        )


def test_fewer_than_six_units_have_no_interval() -> None:
    truth, holes = photos(20), square_holes(20)
    model, mean = (
        reconstruction.hole_errors(filled, truth, holes, np.tile(np.arange(5), 4))
        for filled in (photos(40)[20:], fill_mean_colour(truth, holes))
    )
    result = difference(model, mean, np.arange(5))
    assert (result.photos, result.intervals) == (5, {})
    assert result.l1 == pytest.approx(summarised(model).l1 - summarised(mean).l1)


def test_images_without_a_hole_are_left_out_and_all_without_is_refused() -> None:
    truth, holes = photos(2), square_holes(2)
    holes[1] = 0
    assert hole_errors(photos(2), truth, holes).images == 1
    with pytest.raises(InputError, match="has a hole: there is nothing to compare"):
        hole_errors(truth, truth, np.zeros_like(holes))


def test_lpips_is_part_of_the_result_and_shapes_must_match() -> None:
    assert hole_errors(photos(2), photos(2), square_holes(2)).lpips is None
    assert hole_errors(photos(2), photos(2), square_holes(2), np.array([0.1, 0.4])).lpips == 0.25
    with pytest.raises(InputError, match="do not match"):
        hole_errors(photos(2), photos(3), square_holes(3))


def test_mean_colour_is_that_of_the_known_pixels() -> None:
    truth = np.zeros((1, SIDE, SIDE, 3), np.uint8)
    truth[..., 0] = 10
    truth[0, 8:20, 10:24] = 255
    filled = fill_mean_colour(truth, square_holes(1))
    assert (filled == (10, 0, 0)).all()
    assert (truth[0, 8:20, 10:24] == 255).all()  # the argument is not changed


@pytest.mark.parametrize("baseline", [fill_mean_colour, fill_telea])
def test_a_baseline_without_known_pixels_does_not_return_the_truth(baseline: Callable[..., Any]) -> None:
    truth, holes = photos(2), square_holes(2)
    holes[1] = 1
    filled = baseline(truth, holes)
    assert (filled[1] == 128).all()
    assert (filled[0][holes[0] == 0] == truth[0][holes[0] == 0]).all()


def test_telea_keeps_known_pixels_and_continues_a_gradient() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, SIDE).astype(np.uint8)[None, None, :, None], (1, SIDE, SIDE, 3)).copy()
    holes = square_holes(1)
    blanked = np.where(holes[..., None], 0, ramp).astype(np.uint8)
    filled = fill_telea(blanked, holes)
    assert (filled[holes == 0] == ramp[holes == 0]).all()
    assert hole_errors(filled, ramp, holes).l1 < hole_errors(fill_mean_colour(blanked, holes), ramp, holes).l1
