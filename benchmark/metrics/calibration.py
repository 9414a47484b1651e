"""Calibration of a classifier: whether its confidence is the share of its answers that are right."""

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError

BINS = 15
"""Bins of equal width, as in Guo et al. 2017."""


DECIMALS = 4
"""Decimals of the confidences that a record stores; the error is computed from these."""


def confidences(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The highest softmax probability of each image, (N,), rounded to `DECIMALS`.

    Args:
        logits: (N, C), finite.

    Example:
        >>> confidences(np.zeros((1, 3)))
        array([0.3333])
    """
    from scipy.special import softmax  # here, because a run whose scores are stored needs no scipy

    highest: NDArray[np.float64] = softmax(logits.astype(np.float64), axis=1).max(axis=1).round(DECIMALS)
    return highest


def expected_calibration_error(confidence: NDArray[np.floating], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017, arXiv:1706.04599, eq. 3), in [0, 1].

    Images are binned by the confidence of their answer, into intervals that are open on the left; the error is the mean
    difference between accuracy and mean confidence over the bins, weighted by their images.

    Args:
        confidence: (N,) in [0, 1], N >= 1 (`confidences`).
        right: (N,) whether each answer is right.
        bins: number of bins.

    Raises:
        InputError: there is no image.
        RunError: there is not one confidence for each answer.

    Example:
        Four answers of confidence 0.5 of which one is right: |1/4 - 1/2|.

        >>> expected_calibration_error(np.full(4, 0.5), np.array([True, False, False, False]))
        0.25
    """
    if not len(right):
        raise InputError("There is no labelled image to score. Choose a split whose test part is not empty.")
    if len(confidence) != len(right):
        raise RunError(f"There are {len(confidence)} confidences for {len(right)} answers; each needs one.")
    bin_of = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(right))
