"""Embeddings reduced without loss to what the probes need: few coordinates, and cosines."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics.blockwise import read_block

BLOCK_COLUMNS = 16384
"""Dimensions that are read at once."""


class Coordinates(NamedTuple):
    """Training images and sets of test images for the linear probe.

    Attributes:
        train: (N, R) float64, standardised; the mean square length of the rows is 1. 1 <= R <= min(N, D).
        shown: (M, R) float64 of each set of test images, in the same coordinates.
    """

    train: NDArray[np.float64]
    shown: tuple[NDArray[np.float64], ...]


class Cosines(NamedTuple):
    """Training images and sets of test images for the nearest-neighbour probe.

    Attributes:
        train: (N, N) float64, cosines among the training images.
        shown: (M, N) float64 of each set of test images, cosines to the training images.
    """

    train: NDArray[np.float64]
    shown: tuple[NDArray[np.float64], ...]


def reduce(
    train: NDArray[np.floating], *tests: NDArray[np.floating], block_columns: int = BLOCK_COLUMNS
) -> Coordinates:
    """Standardise embeddings by the training images and reduce them without loss for linear classifiers.

    Each dimension gets mean 0 and standard deviation 1 over the training images; constant dimensions are dropped. A
    linear classifier with an L2 penalty depends on the Gram matrix of the training images alone (the representer
    theorem), so its R principal components carry all that D dimensions do. Embeddings that are multiplied by a number
    or shifted by a vector have the same coordinates, up to the sign of each.

    With D < N, the components are eigenvectors of the (D, D) matrix of the dimensions, in time N D². Otherwise they are
    those of the (N, N) Gram matrix, in time N² D: the embeddings are then read in blocks, the training images once for
    all sets of test images, whose blocks are in memory one after the other.

    Args:
        train: (N, D), any floating dtype, finite, N >= 2; may be memory-mapped and larger than memory.
        tests: (M, D) each, likewise; M may differ.
        block_columns: dimensions that are read at once.

    Raises:
        InputError: there are fewer than two training images, or another number of dimensions in a set of test images.
        RunError: an embedding is not finite.
    """
    _check_shapes(train, tests)
    scale = _largest(train, block_columns)
    components = _components_of_dimensions if train.shape[1] < len(train) else _components_of_images
    return components(train, tests, scale, block_columns) or _nowhere(train, tests)


def cosines(train: NDArray[np.floating], *tests: NDArray[np.floating], block_columns: int = BLOCK_COLUMNS) -> Cosines:
    """Cosines of embeddings as they are; 0 with an embedding of length 0. Arguments and errors as `reduce`."""
    _check_shapes(train, tests)
    scale, count = _largest(train, block_columns), len(train)
    products = [np.zeros((len(part), count)) for part in (train, *tests)]
    squares = [np.zeros(len(part)) for part in (train, *tests)]
    for columns in _blocks(train, block_columns):
        block = _read(train, columns, scale)
        for number, part in enumerate((train, *tests)):
            own = _read(part, columns, scale) if number else block
            products[number] += own @ block.T
            squares[number] += (own**2).sum(axis=1)
    lengths = [np.sqrt(square) for square in squares]
    first, *others = (_divided(product, own, lengths[0]) for product, own in zip(products, lengths, strict=True))
    return Cosines(first, tuple(others))


def _components_of_dimensions(
    train: NDArray[np.floating], tests: tuple[NDArray[np.floating], ...], scale: float, _block_columns: int
) -> Coordinates | None:
    """Coordinates by the matrix of the dimensions; None if all training images are equal."""
    block = _read(train, slice(None), scale)
    mean, deviation, varies = _moments(block)
    varying = int(varies.sum())
    if not varying:
        return None
    standard = (block[:, varies] - mean) / deviation
    values, vectors = np.linalg.eigh(standard.T @ standard / varying)
    kept = values > values[-1] * len(train) * np.finfo(np.float64).eps
    onto = vectors[:, kept] / np.sqrt(varying)
    shown = (((_read(test, slice(None), scale)[:, varies] - mean) / deviation) @ onto for test in tests)
    return Coordinates(standard @ onto, tuple(shown))


def _components_of_images(
    train: NDArray[np.floating], tests: tuple[NDArray[np.floating], ...], scale: float, block_columns: int
) -> Coordinates | None:
    """Coordinates by the Gram matrix of the training images; None if they are all equal."""
    count, varying = len(train), 0
    gram, products = np.zeros((count, count)), [np.zeros((len(test), count)) for test in tests]
    for columns in _blocks(train, block_columns):
        block = _read(train, columns, scale)
        mean, deviation, varies = _moments(block)
        varying += int(varies.sum())
        standard = (block[:, varies] - mean) / deviation
        gram += standard @ standard.T
        for number, test in enumerate(tests):
            products[number] += ((_read(test, columns, scale)[:, varies] - mean) / deviation) @ standard.T
    if not varying:
        return None
    values, vectors = np.linalg.eigh(gram / varying)
    kept = values > values[-1] * count * np.finfo(np.float64).eps
    roots = np.sqrt(values[kept])
    shown = tuple(product / varying @ vectors[:, kept] / roots for product in products)
    return Coordinates(vectors[:, kept] * roots, shown)


def _nowhere(train: NDArray[np.floating], tests: tuple[NDArray[np.floating], ...]) -> Coordinates:
    """One coordinate that tells nothing: all training images are equal."""
    return Coordinates(np.zeros((len(train), 1)), tuple(np.zeros((len(test), 1)) for test in tests))


def _moments(
    block: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Mean and standard deviation of the dimensions of a block that vary, and which these are."""
    mean, deviation = block.mean(axis=0), block.std(axis=0)
    varies = deviation > np.abs(block).max(axis=0) * len(block) * np.finfo(np.float64).eps
    return mean[varies], deviation[varies], varies


def _check_shapes(train: NDArray[np.floating], tests: tuple[NDArray[np.floating], ...]) -> None:
    if len(train) < 2 or any(test.shape[1:] != train.shape[1:] for test in tests):  # noqa: PLR2004 - no deviation of one
        raise InputError(
            f"The embeddings have shapes {train.shape} (train) and {', '.join(str(test.shape) for test in tests)} "
            "(test); at least two training images and equal dimensions are needed."
        )


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


def _divided(
    products: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Products divided by both lengths; 0 where a length is 0."""
    lengths = rows[:, None] * columns[None, :]
    return np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
