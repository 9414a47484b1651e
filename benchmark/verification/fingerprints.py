"""Fingerprints of embeddings: random projections of a few images, which tell whether two encoders are the same.

The projections of a vector onto random directions of -1 and 1 keep its differences from other vectors (Achlioptas
2003); eight numbers of eight images suffice to see that an encoder has other weights.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.blockwise import read_block
from benchmark.records.fingerprint import Fingerprint

IMAGES = 8
"""Most images of a fingerprint: the first test images."""

DIRECTIONS = 8
"""Random directions of a fingerprint."""

DECIMALS = 4
"""Decimals of the projections, whose standard deviation over directions is 1."""

DIGITS = 4
"""Significant digits of the lengths."""

SEED = 0
"""Of the directions."""

ROUNDED = 10.0**-DECIMALS
"""Largest difference of two numbers that are equal but rounded on two sides: one unit of the last decimal."""

HALF_PRECISION = 2.0**-6
"""Largest difference that 16-bit arithmetic explains: four roundings of 2^-8, each of a number of about 1."""


def fingerprint(embeddings: NDArray[np.floating]) -> Fingerprint:
    """The fingerprint of an encoder.

    Args:
        embeddings: (N, D) of the test images, N >= 1, finite; may be memory-mapped.

    Example:
        >>> one = fingerprint(np.eye(2))
        >>> one.lengths, [[abs(number) for number in row[:2]] for row in one.projections]
        ((1.0, 1.0), [[1.0, 1.0], [1.0, 1.0]])
    """
    chosen = range(min(IMAGES, len(embeddings)))
    points = np.concatenate([read_block(embeddings, slice(row, row + 1)) for row in chosen])  # (n, D)
    lengths = np.linalg.norm(points, axis=1)
    units = np.divide(points, lengths[:, None], out=np.zeros_like(points), where=lengths[:, None] > 0)
    projections = np.stack([units @ direction for direction in _directions(points.shape[1])], axis=1)  # (n, DIRECTIONS)
    return Fingerprint(
        images=tuple(chosen),
        dimensions=points.shape[1],
        lengths=tuple(float(f"{length:.{DIGITS}g}") for length in lengths),
        projections=tuple(tuple(row) for row in projections.round(DECIMALS).tolist()),
    )


def distance(one: Fingerprint, other: Fingerprint) -> float:
    """Largest difference of two fingerprints' projections, and of their lengths relative to the longer; 0 = equal.

    Fingerprints of other images or other dimensions have an infinite distance.

    Example:
        >>> distance(fingerprint(np.eye(2)), fingerprint(2 * np.eye(2)))
        0.5
    """
    if (one.images, one.dimensions) != (other.images, other.dimensions):
        return float("inf")
    apart = np.abs(np.array(one.projections) - np.array(other.projections)).max()
    longer = np.maximum(one.lengths, other.lengths)
    relative = np.divide(np.abs(np.subtract(one.lengths, other.lengths)), longer, out=longer * 0, where=longer > 0)
    return float(max(apart, relative.max()))


def _directions(dimensions: int) -> Iterator[NDArray[np.float64]]:
    """Vectors (D,) of -1 and 1; the same for all embeddings of D dimensions, on every machine."""
    for number in range(DIRECTIONS):
        bits = np.random.Generator(np.random.PCG64([SEED, number])).bytes(-(-dimensions // 8))
        yield np.unpackbits(np.frombuffer(bits, np.uint8), count=dimensions).astype(np.float64) * 2 - 1
