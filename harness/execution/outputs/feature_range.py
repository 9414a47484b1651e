"""The range of embeddings: whether numbers computed from them say more than rounding."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_SPREAD, MOST_SPREAD = 1e-6, 1e6
"""Standard deviations over images beyond which features are out of range: float32 has seven digits."""

MOST_NORM: float = float(np.finfo(np.float32).max) ** 0.5
"""Largest norm whose square is a number in float32."""

BLOCK = 2**24
"""Number of values that are read at once."""


class FeatureRange(NamedTuple):
    """Scale of embeddings.

    Attributes:
        largest: largest absolute value.
        norm: largest Euclidean norm of an embedding.
        spread: standard deviation over the images, as the root of the mean variance of a feature; NaN of one image.
    """

    largest: float
    norm: float
    spread: float

    @property
    def overflows(self) -> bool:
        """Whether the square of a norm is no number in float32."""
        return self.norm > MOST_NORM

    @property
    def problem(self) -> str:
        """Why the features are out of range, in words; empty if they are not."""
        if not self.overflows and not self.spread < LEAST_SPREAD and not self.spread > MOST_SPREAD:
            return ""
        equal = " (all embeddings are equal)" if self.spread == 0 else ""
        return (
            f"largest absolute value {self.largest:.0e}, standard deviation over images {self.spread:.0e}{equal}, "
            f"allowed {LEAST_SPREAD:g} to {MOST_SPREAD:g}{', a norm that overflows float32' * self.overflows}"
        )


def feature_range(embeddings: NDArray[Any], block: int = BLOCK) -> FeatureRange:
    """Scale of embeddings, computed in float64.

    Args:
        embeddings: (N, D), N and D at least 1, finite; may be memory-mapped.
        block: number of values that are read at once, at least one row of them.

    Examples:
        >>> feature_range(np.array([[0.0, 3.0], [4.0, 3.0]]))
        FeatureRange(largest=4.0, norm=5.0, spread=1.4142135623730951)
    """
    count, length = embeddings.shape
    origin = embeddings[0].astype(np.float64)
    sums, squares = np.zeros(length), np.zeros(length)
    largest = squared_norm = 0.0
    step = max(1, block // length)
    for start in range(0, count, step):
        rows = embeddings[start : start + step].astype(np.float64)
        largest = max(largest, float(np.abs(rows).max()))
        squared_norm = max(squared_norm, float((rows**2).sum(axis=1).max()))
        rows -= origin
        sums += rows.sum(axis=0)
        squares += (rows**2).sum(axis=0)
    variances = (squares / count - (sums / count) ** 2).clip(0)
    spread = float(np.sqrt(variances.mean())) if count > 1 else float("nan")
    return FeatureRange(largest, float(np.sqrt(squared_norm)), spread)
