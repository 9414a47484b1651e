"""Errors of filled holes, measured over the pixels of the hole alone.

Every model is given the known pixels, so a mean over the whole image would mostly measure the size of the hole.
"""

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.records.inpainting import Reconstruction

GREY = 128


def hole_errors(
    filled: NDArray[np.uint8], truth: NDArray[np.uint8], holes: NDArray[np.uint8], lpips: float | None = None
) -> Reconstruction:
    """L1, PSNR and SSIM in the holes, means over the images that have one.

    Args:
        filled: (N, H, W, 3).
        truth: (N, H, W, 3).
        holes: (N, H, W), 1 = hole.
        lpips: `benchmark.metrics.perceptual.hole_lpips` of the same images; None if it was not measured.

    Raises:
        InputError: shapes differ, images are smaller than SSIM's window (11), or no image has a hole.
    """
    rows = rows_with_hole(filled, truth, holes)
    errors = np.array([_of_one(filled[row], truth[row], holes[row] > 0) for row in rows])
    l1, squared, ssim = errors.T
    return Reconstruction(
        l1=float(l1.mean()),
        psnr=float((-10 * np.log10(squared)).mean()) if squared.all() else None,
        ssim=float(ssim.mean()),
        images=len(rows),
        lpips=lpips,
    )


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
    """Mean absolute difference, mean squared difference and mean SSIM over the hole of one image."""
    from skimage.metrics import structural_similarity

    difference = filled[hole].astype(np.float64) / 255 - truth[hole].astype(np.float64) / 255
    _, similarity = structural_similarity(  # type: ignore[no-untyped-call]
        filled,
        truth,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        full=True,
    )
    return float(np.abs(difference).mean()), float(np.square(difference).mean()), float(similarity[hole].mean())
