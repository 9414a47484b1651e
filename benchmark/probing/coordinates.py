"""Embeddings reduced exactly to as many coordinates as there are training images."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics.blockwise import read_block

BLOCK_COLUMNS = 16384
"""Dimensions that are read at once."""


class Shown(NamedTuple):
    """One set of test images, as the probes see it.

    Attributes:
        points: (M, R) float64, in the coordinates of the training images.
        similarity: (M, N) float64, cosine of each test image's embedding to each training image's.
    """

    points: NDArray[np.float64]
    similarity: NDArray[np.float64]


class Coordinates(NamedTuple):
    """Training images and sets of test images for the two probes.

    Attributes:
        train: (N, R) float64, standardised; the mean square length of the rows is 1. 1 <= R <= N.
        own_similarity: (N, N) float64, cosines among the training images.
        shown: the sets of test images.
    """

    train: NDArray[np.float64]
    own_similarity: NDArray[np.float64]
    shown: tuple[Shown, ...]


def reduce(
    train: NDArray[np.floating], *tests: NDArray[np.floating], block_columns: int = BLOCK_COLUMNS
) -> Coordinates:
    """Standardise embeddings by the training images and reduce them without loss for linear classifiers.

    Each dimension gets mean 0 and standard deviation 1 over the training images; constant dimensions are dropped. A
    linear classifier with an L2 penalty depends on the Gram matrix of the training images alone (the representer
    theorem), so its R eigenvectors carry all that D dimensions do. Embeddings that are multiplied by a number or
    shifted by a vector have the same coordinates. The training images are read once for all sets of test images, whose
    blocks are in memory one after the other.

    Args:
        train: (N, D), any floating dtype, finite, N >= 2; may be memory-mapped and larger than memory.
        tests: (M, D) each, likewise; M may differ.
        block_columns: dimensions that are read at once.

    Raises:
        InputError: there are fewer than two training images, or another number of dimensions in a set of test images.
        RunError: an embedding is not finite.
    """
    if len(train) < 2 or any(test.shape[1:] != train.shape[1:] for test in tests):  # noqa: PLR2004 - no deviation of one
        raise InputError(
            f"The embeddings have shapes {train.shape} (train) and {', '.join(str(test.shape) for test in tests)} "
            "(test); at least two training images and equal dimensions are needed."
        )
    count = len(train)
    own = _Products(count, count)
    products = [_Products(len(test), count) for test in tests]
    scale, varying = _largest(train, block_columns), 0
    for columns in _blocks(train, block_columns):
        block = _read(train, columns, scale)
        mean, deviation = block.mean(axis=0), block.std(axis=0)
        varies = deviation > np.abs(block).max(axis=0) * count * np.finfo(np.float64).eps
        varying += int(varies.sum())
        mean, deviation = mean[varies], deviation[varies]
        standard = (block[:, varies] - mean) / deviation
        own.add(block, block, standard, standard)
        for test, product in zip(tests, products, strict=True):
            test_block = _read(test, columns, scale)
            product.add(test_block, block, (test_block[:, varies] - mean) / deviation, standard)
    values, vectors = np.linalg.eigh(own.standardised / max(varying, 1))
    kept = values > values[-1] * count * np.finfo(np.float64).eps if varying else np.zeros(count, bool)
    if not kept.any():  # all training images are equal: one coordinate that tells nothing
        nowhere = [np.zeros((len(part), 1)) for part in (train, *tests)]
        points, train_points = nowhere[1:], nowhere[0]
    else:
        roots = np.sqrt(values[kept])
        points = [product.standardised / max(varying, 1) @ vectors[:, kept] / roots for product in products]
        train_points = vectors[:, kept] * roots
    lengths = np.sqrt(np.maximum(np.diagonal(own.raw), 0))
    return Coordinates(
        train=train_points,
        own_similarity=_cosines(own.raw, lengths, lengths),
        shown=tuple(
            Shown(one, _cosines(product.raw, np.sqrt(product.squares), lengths))
            for one, product in zip(points, products, strict=True)
        ),
    )


class _Products:
    """Scalar products of M images with the N training images, summed block by block.

    Attributes:
        raw: (M, N) of the embeddings as they are.
        standardised: (M, N) of the standardised embeddings.
        squares: (M,) squared lengths of the M embeddings as they are.
    """

    def __init__(self, images: int, train: int) -> None:
        """Args: M and N."""
        self.raw, self.standardised = np.zeros((images, train)), np.zeros((images, train))
        self.squares = np.zeros(images)

    def add(
        self,
        block: NDArray[np.float64],
        train: NDArray[np.float64],
        standard: NDArray[np.float64],
        standard_train: NDArray[np.float64],
    ) -> None:
        """Add some dimensions, raw and standardised, each of the M images and of the training images."""
        self.raw += block @ train.T
        self.standardised += standard @ standard_train.T
        self.squares += (block**2).sum(axis=1)


def _blocks(embeddings: NDArray[np.floating], size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, embeddings.shape[1], size))


def _read(embeddings: NDArray[np.floating], columns: slice, scale: float) -> NDArray[np.float64]:
    block = read_block(embeddings, slice(None), columns) / scale
    if not np.isfinite(block).all():
        raise RunError("An embedding is not finite. Fix the backbone's `encode`.")
    return block


def _largest(embeddings: NDArray[np.floating], block_columns: int) -> float:
    """Largest absolute value, by which all are divided before products are summed; 1 if all are zero."""
    largest = max(
        float(np.abs(read_block(embeddings, slice(None), columns)).max(initial=0))
        for columns in _blocks(embeddings, block_columns)
    )
    return largest if np.isfinite(largest) and largest > 0 else 1.0


def _cosines(
    products: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Products divided by both lengths; 0 where a length is 0."""
    lengths = rows[:, None] * columns[None, :]
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
