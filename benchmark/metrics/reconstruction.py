"""How near a filled hole is to what was there: measured over the hole's pixels alone.

Known pixels are given to every model, so a mean over the whole image would mostly measure how small the hole is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

GREY = 128


class HoleErrors(NamedTuple):
    """Means over the images.

    Attributes:
        l1: mean absolute difference of the hole's values, of a range of 1.
        psnr: 10 log10(1 / mean squared difference), in dB; None where an image was filled exactly.
        ssim: mean structural similarity (Wang et al. 2004) at the hole's pixels, at most 1.
        images: that have a hole; others are left out.
    """

    l1: float
    psnr: float | None
    ssim: float
    images: int


def hole_errors(filled: NDArray[np.uint8], truth: NDArray[np.uint8], holes: NDArray[np.uint8]) -> HoleErrors:
    """Compare filled images with the true ones.

    Args:
        filled: (N, H, W, 3).
        truth: (N, H, W, 3).
        holes: (N, H, W), 1 = hole.

    Raises:
        InputError: shapes differ, images are smaller than SSIM's window (11), or no image has a hole.
    """
    with_hole = holed(filled, truth, holes)
    figures = np.array([_of_one(filled[one], truth[one], holes[one] > 0) for one in with_hole])
    l1, squared, ssim = figures.T
    psnr = float((-10 * np.log10(squared)).mean()) if squared.all() else None
    return HoleErrors(float(l1.mean()), psnr, float(ssim.mean()), len(with_hole))


def holed(filled: NDArray[np.uint8], truth: NDArray[np.uint8], holes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Which images have a hole; InputError where shapes do not match, or none has."""
    if filled.shape != truth.shape or holes.shape != truth.shape[:3]:
        raise InputError(f"Filled {filled.shape}, true images {truth.shape} and holes {holes.shape} do not match.")
    with_hole = np.flatnonzero(holes.any(axis=(1, 2)))
    if not len(with_hole):
        raise InputError("No test image of the inpainting set has a hole: there is nothing to compare.")
    return with_hole


def fill_mean_colour(images: NDArray[np.uint8], holes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every hole in the mean colour of its image's known pixels, (N, H, W, 3): the least a model must beat.

    Where nothing is known it is mid-grey.
    """
    filled = images.copy()
    for image, hole in zip(filled, holes > 0, strict=True):
        if hole.any():
            image[hole] = GREY if hole.all() else image[~hole].mean(axis=0).round()
    return filled


def fill_telea(images: NDArray[np.uint8], holes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every hole grown shut from its border (Telea 2004, as in OpenCV), (N, H, W, 3): no learning at all.

    Where a hole has no border, because nothing is known, it is mid-grey.
    """
    import cv2

    return np.stack(
        [
            np.full_like(image, GREY) if hole.all() else cv2.inpaint(image, hole, 3, cv2.INPAINT_TELEA)
            for image, hole in zip(images, holes, strict=True)
        ]
    )


def _of_one(filled: NDArray[np.uint8], truth: NDArray[np.uint8], hole: NDArray[np.bool_]) -> tuple[float, float, float]:
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
