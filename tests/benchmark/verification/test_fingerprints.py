"""Fingerprints tell encoders apart, and are the same wherever they are computed."""

import numpy as np
import pytest

from benchmark.verification.fingerprints import DECIMALS, HALF_PRECISION, ROUNDED, distance, fingerprint


def embeddings(seed: int = 0, dimensions: int = 300) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(size=(12, dimensions))


def test_projections_are_inner_products_with_directions_of_ones() -> None:
    """Every standard direction is projected onto -1 or 1, so a unit vector has components of that size."""
    one = fingerprint(np.eye(8, 20))
    assert {abs(number) for row in one.projections for number in row} == {1.0}
    assert fingerprint(2 * np.eye(8, 20)).projections == one.projections
    assert (one.images, one.dimensions, one.lengths) == (tuple(range(8)), 20, (1.0,) * 8)


def test_the_directions_are_the_same_on_every_machine() -> None:
    """Fixed numbers: PCG64's bytes do not depend on the platform."""
    (row,) = fingerprint(np.ones((1, 16))).projections
    assert [round(4 * number) for number in row] == [0, -4, 0, 6, -4, -2, 10, 4]


def test_other_weights_have_another_fingerprint_and_noise_has_not() -> None:
    points = embeddings()
    changed = points.copy()
    changed[3, 17] += 0.5
    assert distance(fingerprint(points), fingerprint(changed)) > ROUNDED
    assert distance(fingerprint(points), fingerprint(points * (1 + 1e-7))) <= ROUNDED
    assert distance(fingerprint(points), fingerprint(embeddings(1))) > HALF_PRECISION
    assert distance(fingerprint(points), fingerprint(2 * points)) == pytest.approx(0.5, abs=1e-3)


def test_other_dimensions_are_infinitely_far() -> None:
    assert distance(fingerprint(embeddings()), fingerprint(embeddings(dimensions=299))) == float("inf")


def test_embeddings_of_zeros_have_a_fingerprint() -> None:
    zeros = fingerprint(np.zeros((2, 5)))
    assert zeros.lengths == (0.0, 0.0)
    assert distance(zeros, zeros) == 0
    assert DECIMALS == 4
