from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from benchmark.errors import InputError
from benchmark.metrics.reconstruction import fill_mean_colour, fill_telea, hole_errors

SIDE = 32


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
    inner = np.zeros((3, SIDE, SIDE), np.uint8)
    inner[:, 5:-5, 5:-5] = 1  # the usual mean leaves out pixels whose window of 11 pixels crosses the border
    settings = {"channel_axis": 2, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    usual = [structural_similarity(a, b, data_range=255, **settings) for a, b in pairs]
    assert hole_errors(filled, truth, inner).ssim == pytest.approx(np.mean(usual))


def test_images_without_a_hole_are_left_out_and_all_without_is_refused() -> None:
    truth, holes = photos(2), square_holes(2)
    holes[1] = 0
    assert hole_errors(photos(2), truth, holes).images == 1
    with pytest.raises(InputError, match="has a hole: there is nothing to compare"):
        hole_errors(truth, truth, np.zeros_like(holes))


def test_lpips_is_part_of_the_result_and_shapes_must_match() -> None:
    assert hole_errors(photos(2), photos(2), square_holes(2)).lpips is None
    assert hole_errors(photos(2), photos(2), square_holes(2), lpips=0.25).lpips == 0.25
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
