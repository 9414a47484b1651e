"""Errors of filled holes, measured over the pixels of the hole alone.

Every model is given the known pixels, so a mean over the whole image would mostly measure the size of the hole. The
flips of a photo are one observation: they are averaged, photos are counted and paired. Intervals are over their units:
photos of one animal in one stretch of a recording restore nearly the same pattern from nearly the same surroundings.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.resampling import intervals
from benchmark.metrics.resampling.power import detectable_mean
from benchmark.records.base import Interval
from benchmark.records.inpainting import Reconstruction, ReconstructionDifference

GREY = 128

DIGITS = 6
"""Decimals of the errors of single photos in a record; all means and differences are of these."""

SIGMA, TRUNCATE = 1.5, 3.5
"""SSIM's Gaussian window (Wang et al. 2004): standard deviation in pixels, and its radius in standard deviations."""

LUMINANCE, CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""SSIM's constants C1 and C2 for values from 0 to 255."""


class HoleErrors(NamedTuple):
    """Errors of the P photos that have a hole, in the order of their numbers.

    Attributes:
        photos: (P,) their numbers.
        l1: (P,) mean absolute difference, of a range of 1.
        psnr: (P,) in dB, the mean over the flips; infinite if a flip was filled exactly.
        ssim: (P,) mean structural similarity.
        lpips: (P,) mean perceptual distance; None if it was not measured.
        images: number of images that have a hole.
    """

    photos: NDArray[np.int64]
    l1: NDArray[np.float64]
    psnr: NDArray[np.float64]
    ssim: NDArray[np.float64]
    lpips: NDArray[np.float64] | None
    images: int

    def measured(self) -> dict[str, NDArray[np.float64]]:
        """The errors that are known and finite, by name, rounded to `DIGITS`."""
        values = {"l1": self.l1, "psnr": self.psnr, "ssim": self.ssim, "lpips": self.lpips}
        known = {name: value for name, value in values.items() if value is not None and np.isfinite(value).all()}
        return {name: value.round(DIGITS) for name, value in known.items()}


def hole_errors(
    filled: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    holes: NDArray[np.uint8],
    photos: NDArray[np.integer],
    lpips: NDArray[np.float64] | None = None,
) -> HoleErrors:
    """L1, PSNR, SSIM and LPIPS in the holes of each photo, means over its flips.

    Args:
        filled: (N, H, W, 3).
        truth: (N, H, W, 3).
        holes: (N, H, W), 1 = hole.
        photos: (N,) number of the photo of each image.
        lpips: `benchmark.metrics.perceptual.hole_lpips` of the images that have a hole; None if it was not measured.

    Raises:
        InputError: shapes differ, or no image has a hole.
    """
    rows = rows_with_hole(filled, truth, holes)
    errors = np.array([_of_one(filled[row], truth[row], holes[row] > 0) for row in rows])
    numbers, photo = np.unique(photos[rows], return_inverse=True)
    flips = np.bincount(photo)
    l1, psnr, ssim = (np.bincount(photo, column) / flips for column in errors.T)
    distances = None if lpips is None else np.bincount(photo, lpips) / flips
    return HoleErrors(numbers.astype(np.int64), l1, psnr, ssim, distances, len(rows))


def summarise(errors: HoleErrors, units: NDArray[np.integer]) -> Reconstruction:
    """Means over the photos, with intervals over units.

    Args:
        errors: of the photos.
        units: (P,) unit of each photo.
    """
    measured = errors.measured()
    means = {name: float(values.mean()) for name, values in measured.items()}
    return Reconstruction(
        l1=means["l1"],
        psnr=means.get("psnr"),
        ssim=means["ssim"],
        images=errors.images,
        lpips=means.get("lpips"),
        photos=len(errors.photos),
        by_photo={name: tuple(values.tolist()) for name, values in measured.items()},
        intervals=_intervals(measured, units),
    )


def difference(model: HoleErrors, baseline: HoleErrors, units: NDArray[np.integer]) -> ReconstructionDifference:
    """Mean differences of two fillings of the same holes, paired by photo, with intervals over units.

    Args:
        model: errors of the one.
        baseline: errors of the other, which are subtracted.
        units: (P,) unit of each photo.
    """
    first, second = model.measured(), baseline.measured()
    gaps = {name: first[name] - second[name] for name in first if name in second}
    means = {name: float(gap.mean()) for name, gap in gaps.items()}
    return ReconstructionDifference(
        l1=means["l1"],
        psnr=means.get("psnr"),
        ssim=means["ssim"],
        lpips=means.get("lpips"),
        intervals=_intervals(gaps, units),
        photos=len(model.photos),
        units=len(np.unique(units)),
        detectable=detectable_mean(gaps["psnr"], units) if "psnr" in gaps else None,
    )


def _intervals(values: dict[str, NDArray[np.float64]], units: NDArray[np.integer]) -> dict[str, Interval]:
    """Intervals of means over photos, by name; empty with few units. Arguments as `summarise`, values (P,) by name."""
    found = {name: intervals.of_mean(one, units) for name, one in values.items()}
    return {name: interval for name, interval in found.items() if interval}


def hole_similarity(
    filled: NDArray[np.uint8], truth: NDArray[np.uint8], hole: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """SSIM at each pixel of the hole, mean over the channels, (pixels,), in the order of `filled[hole]`.

    The statistics around a pixel are weighted by SSIM's Gaussian window times the hole. Pixels outside the hole, which
    are equal in both images, have no weight; with the usual window they raise the similarity near the border.

    Args:
        filled: (H, W, 3).
        truth: (H, W, 3).
        hole: (H, W).
    """
    from scipy.ndimage import gaussian_filter

    inside = hole[..., None].astype(np.float64)

    def blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = gaussian_filter(
            values * inside, (SIGMA, SIGMA, 0), mode="constant", truncate=TRUNCATE
        )[hole]
        return result

    weight = blurred(inside)
    x, y = filled.astype(np.float64), truth.astype(np.float64)
    mean_x, mean_y, square_x, square_y, product = (blurred(part) / weight for part in (x, y, x * x, y * y, x * y))
    variances = square_x - mean_x**2 + square_y - mean_y**2
    covariance = product - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + LUMINANCE) / (mean_x**2 + mean_y**2 + LUMINANCE)
    similarity: NDArray[np.float64] = (luminance * (2 * covariance + CONTRAST) / (variances + CONTRAST)).mean(axis=1)
    return similarity


def rows_with_hole(filled: NDArray[np.uint8], truth: NDArray[np.uint8], holes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Row numbers of the images that have a hole, ascending.

    Args:
        filled: (N, H, W, 3).
        truth: (N, H, W, 3).
        holes: (N, H, W), 1 = hole.

    Raises:
        InputError: shapes do not match, or no image has a hole.
    """
    if filled.shape != truth.shape or holes.shape != truth.shape[:3]:
        raise InputError(f"Filled {filled.shape}, true images {truth.shape} and holes {holes.shape} do not match.")
    rows = np.flatnonzero(holes.any(axis=(1, 2)))
    if not len(rows):
        raise InputError("No test image of the inpainting set has a hole: there is nothing to compare.")
    return rows


def fill_mean_colour(images: NDArray[np.uint8], holes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every hole in the mean colour of its image's known pixels, (N, H, W, 3): the weakest baseline.

    An image without known pixels becomes mid-grey.

    Args:
        images: (N, H, W, 3).
        holes: (N, H, W), 1 = hole.
    """
    filled = images.copy()
    for image, hole in zip(filled, holes > 0, strict=True):
        if hole.any():
            image[hole] = GREY if hole.all() else image[~hole].mean(axis=0).round()
    return filled


def fill_telea(images: NDArray[np.uint8], holes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every hole filled inwards from its border (Telea 2004, as in OpenCV), (N, H, W, 3): a baseline without learning.

    An image without known pixels becomes mid-grey.

    Args:
        images: (N, H, W, 3).
        holes: (N, H, W), 1 = hole.
    """
    import cv2

    return np.stack(
        [
            np.full_like(image, GREY) if hole.all() else cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA)
            for image, hole in zip(images, holes, strict=True)
        ]
    )


def _of_one(filled: NDArray[np.uint8], truth: NDArray[np.uint8], hole: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Mean absolute difference, PSNR and mean SSIM over the hole of one image."""
    gap = filled[hole].astype(np.float64) / 255 - truth[hole].astype(np.float64) / 255
    squared = float(np.square(gap).mean())
    psnr = -10 * math.log10(squared) if squared else math.inf
    return float(np.abs(gap).mean()), psnr, float(hole_similarity(filled, truth, hole).mean())
