"""Calibration of a classifier: whether its confidence is the share of its answers that are right."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from benchmark.errors import InputError, RunError

BINS = 15
"""Bins of equal width, as in Guo et al. 2017."""


def expected_calibration_error(logits: NDArray[np.floating], labels: NDArray[np.integer], bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017, arXiv:1706.04599, eq. 3), in [0, 1].

    The confidence of an answer is the highest softmax probability. Images are binned by confidence, into intervals that
    are open on the left; the error is the mean difference between accuracy and mean confidence over the bins, weighted
    by their images.

    Args:
        logits: (N, C), finite, N >= 1.
        labels: (N,) true class numbers in [0, C).
        bins: number of bins.

    Raises:
        InputError: there is no image.
        RunError: there is not one row of logits for each label.

    Example:
        Four answers of confidence 0.5 of which one is right: |1/4 - 1/2|.

        >>> expected_calibration_error(np.zeros((4, 2)), np.array([0, 1, 1, 1]))
        0.25
    """
    if not len(labels):
        raise InputError("There is no labelled image to score. Choose a split whose test part is not empty.")
    if logits.shape[0] != len(labels):
        raise RunError(f"There are {len(logits)} rows of logits for {len(labels)} images; each image needs one row.")
    probabilities = softmax(logits.astype(np.float64), axis=1)
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == labels
    bin_of = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
    gaps = np.bincount(bin_of, weights=is_right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
