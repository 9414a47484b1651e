"""Embeddings reduced exactly to as many coordinates as there are training images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics.blockwise import read_block

BLOCK_COLUMNS = 16384
"""Dimensions that are read at once."""


class Coordinates(NamedTuple):
    """Training and test images for the two probes.

    Attributes:
        train: (N, R) float64, standardised; the mean square length of the rows is 1. R <= N.
        test: (M, R) float64, test images in the same coordinates.
        similarity: (M, N) float64, cosine of each test image's embedding to each training image's.
        own_similarity: (N, N) float64, the same among the training images.
    """

    train: NDArray[np.float64]
    test: NDArray[np.float64]
    similarity: NDArray[np.float64]
    own_similarity: NDArray[np.float64]


def reduce_pair(train: NDArray[np.floating], test: NDArray[np.floating]) -> Coordinates:
    """Standardise embeddings by the training images and reduce them without loss for linear classifiers.

    Each dimension gets mean 0 and standard deviation 1 over the training images; constant dimensions are dropped. A
    linear classifier with an L2 penalty depends on the Gram matrix of the training images alone (the representer
    theorem), so its R eigenvectors carry all that D dimensions do. Embeddings that are multiplied by a number or
    shifted by a vector have the same coordinates.

    Args:
        train: (N, D), any floating dtype, finite, N >= 2; may be memory-mapped and larger than memory.
        test: (M, D), likewise.

    Raises:
        InputError: there are fewer than two training images, or another number of dimensions in `test`.
        RunError: an embedding is not finite.
    """
    if len(train) < 2 or train.shape[1:] != test.shape[1:]:  # noqa: PLR2004 - no deviation of one image
        raise InputError(
            f"The embeddings have shapes {train.shape} (train) and {test.shape} (test); at least two training images "
            "and equal dimensions are needed."
        )
    gram, cross = np.zeros((len(train), len(train))), np.zeros((len(test), len(train)))
    raw, raw_cross = np.zeros_like(gram), np.zeros_like(cross)
    raw_squares = np.zeros(len(test))
    scale = _largest(train)
    varying = 0
    for start in range(0, train.shape[1], BLOCK_COLUMNS):
        columns = slice(start, start + BLOCK_COLUMNS)
        block, test_block = (read_block(part, slice(None), columns) / scale for part in (train, test))
        if not (np.isfinite(block).all() and np.isfinite(test_block).all()):
            raise RunError("An embedding is not finite. Fix the backbone's `encode`.")
        raw += block @ block.T
        raw_cross += test_block @ block.T
        raw_squares += (test_block**2).sum(axis=1)
        mean, deviation = block.mean(axis=0), block.std(axis=0)
        varies = deviation > np.abs(block).max(axis=0) * len(block) * np.finfo(np.float64).eps
        varying += int(varies.sum())
        block = (block[:, varies] - mean[varies]) / deviation[varies]
        test_block = (test_block[:, varies] - mean[varies]) / deviation[varies]
        gram += block @ block.T
        cross += test_block @ block.T
    values, vectors = np.linalg.eigh(gram / max(varying, 1))
    kept = values > values[-1] * len(train) * np.finfo(np.float64).eps if varying else np.zeros(len(values), bool)
    roots = np.sqrt(values[kept])
    lengths = np.sqrt(np.maximum(np.diagonal(raw), 0))
    return Coordinates(
        train=vectors[:, kept] * roots,
        test=(cross / max(varying, 1)) @ vectors[:, kept] / roots,
        similarity=_cosines(raw_cross, np.sqrt(raw_squares), lengths),
        own_similarity=_cosines(raw, lengths, lengths),
    )


def _largest(embeddings: NDArray[np.floating]) -> float:
    """Largest absolute value, by which all are divided before products are summed; 1 if all are zero."""
    largest = max(
        float(np.abs(read_block(embeddings, slice(None), slice(start, start + BLOCK_COLUMNS))).max(initial=0))
        for start in range(0, embeddings.shape[1], BLOCK_COLUMNS)
    )
    return largest if np.isfinite(largest) and largest > 0 else 1.0


def _cosines(
    products: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Products divided by both lengths; 0 where a length is 0."""
    lengths = rows[:, None] * columns[None, :]
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
