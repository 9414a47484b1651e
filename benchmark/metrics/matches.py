"""Matches of queries in a gallery, as every backend of the ranking reports them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DEEPEST = 5
"""The last of the ranks reported."""


Hide = Callable[[int], NDArray[np.bool_]]
"""From a query's row, (G,) whether each gallery image is hidden from it, such as `benchmark.data.pairing`."""


class Images(NamedTuple):
    """The images of one part.

    Attributes:
        embeddings: (N, D), any floating dtype, finite; may be memory-mapped and larger than memory.
        labels: (N,) class numbers.
    """

    embeddings: NDArray[np.floating]
    labels: NDArray[np.integer]


class Matches(NamedTuple):
    """Result of each query.

    Attributes:
        first: (Q,) rank of the most similar gallery image of the query's individual, from 1; 0 = there is none that is
            not hidden.
        precision: (Q,) average precision in (0, 1]; NaN where `first` is 0, and for all queries with faiss.
        similarity: (Q,) similarity of the nearest gallery image of any individual: the cosine, or minus the Euclidean
            distance; -inf where every gallery image is hidden from the query.
    """

    first: NDArray[np.int64]
    precision: NDArray[np.float64]
    similarity: NDArray[np.float64]


def unfilled(queries: int) -> Matches:
    """Matches of `queries` queries, without any result yet."""
    return Matches(np.zeros(queries, np.int64), np.full(queries, np.nan), np.full(queries, -np.inf))


class Candidates:
    """The gallery images that are matches of a query, and those hidden from it."""

    def __init__(self, queries: Images, gallery: Images, hide: Hide | None) -> None:
        """Args: the queries, the gallery, and what is hidden from a query; None = nothing."""
        self._labels, self._hide = queries.labels, hide
        self._rows = {label: np.flatnonzero(gallery.labels == label) for label in np.unique(queries.labels)}

    def of(self, query: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Gallery rows of a query's matches, and of those hidden from it."""
        rows = self._rows[self._labels[query]]
        if self._hide is None:
            return rows, rows[:0]
        hidden = self._hide(query)
        return rows[~hidden[rows]], np.flatnonzero(hidden)
