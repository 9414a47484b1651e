"""The range of embeddings equals numpy's in one piece, and what is out of it is said in words."""

import numpy as np
import pytest

from harness.execution.outputs.feature_range import FeatureRange, feature_range

EMBEDDINGS = np.random.default_rng(0).normal(3, 2, (11, 7)).astype(np.float32)


@pytest.mark.parametrize("block", [1, 7, 30, 10**6])
def test_it_equals_numpys(block: int) -> None:
    exact = EMBEDDINGS.astype(np.float64)
    expected = np.abs(exact).max(), np.linalg.norm(exact, axis=1).max(), np.sqrt(exact.var(axis=0).mean())
    np.testing.assert_allclose(feature_range(EMBEDDINGS, block), expected, rtol=1e-12)


def test_a_large_common_offset_hides_no_spread() -> None:
    shifted = EMBEDDINGS.astype(np.float64) + 1e9
    assert feature_range(shifted).spread == pytest.approx(feature_range(EMBEDDINGS).spread, rel=1e-6)


@pytest.mark.parametrize(
    ("scale", "problem"),
    [
        (1, ""),
        (1e-5, ""),
        (1e5, ""),
        (1e-8, "standard deviation over images 2e-08, allowed 1e-06 to 1e+06"),
        (1e8, "largest absolute value 7e+08, standard deviation over images 2e+08"),
        (0, "standard deviation over images 0e+00 (all embeddings are equal)"),
    ],
)
def test_what_is_out_of_range_is_said_in_words(scale: float, problem: str) -> None:
    found = feature_range(EMBEDDINGS * np.float32(scale)).problem
    assert problem in found
    assert bool(problem) == bool(found)


def test_a_norm_beyond_float32_is_out_of_range() -> None:
    assert FeatureRange(largest=2e19, norm=2e19, spread=1).problem
    assert not FeatureRange(largest=1e19, norm=1e19, spread=1).problem


def test_one_image_has_no_spread_to_judge() -> None:
    assert not feature_range(np.zeros((1, 3))).problem
