"""Ranking by faiss: no deeper than rank 5, in float32, on all cores.

Both parts are held as float32. Every match beyond rank 5 has rank 6, and so has a match that is tied with the last
image searched; there is no average precision. Both parts are centred on the gallery's mean for the Euclidean distance,
because float32 would lose the digits of embeddings far from the origin.
"""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.matches import DEEPEST, Candidates, Matches, unfilled
from benchmark.vocabulary import Distance

TIE = 1e-6
"""Similarities count as equal within this, of embeddings scaled to lengths of at most 1."""


def rank(
    queries: NDArray[np.floating], gallery: NDArray[np.floating], candidates: Candidates
) -> dict[Distance, Matches]:
    """The matches, as `benchmark.metrics.retrieval.retrieve` returns them.

    Args:
        queries: (Q, D), finite.
        gallery: (G, D), finite.
        candidates: matches and hidden images of each query.

    Raises:
        InputError: faiss is not installed.
    """
    faiss = _import_faiss()
    hidden = max((len(candidates.of(query)[1]) for query in range(len(queries))), default=0)
    depth = min(len(gallery), DEEPEST + hidden + 1)  # one more shows whether the last rank is tied
    complete = depth == len(gallery)
    directions = [_directions(part) for part in (queries, gallery)]
    cosines, rows = faiss.knn(*directions, depth, metric=faiss.METRIC_INNER_PRODUCT)
    centre = gallery.mean(axis=0, dtype=np.float64)
    points = [np.ascontiguousarray(part - centre, np.float32) for part in (queries, gallery)]
    longest = max(float(np.linalg.norm(part, axis=1).max(initial=0)) for part in points) or 1.0
    squares, near = faiss.knn(*(part / np.float32(longest) for part in points), depth, metric=faiss.METRIC_L2)
    euclidean = _first_matches(-squares, near, candidates, complete=complete)
    distances = -longest * np.sqrt(np.maximum(-euclidean.similarity, 0))
    return {
        "cosine": _first_matches(cosines, rows, candidates, complete=complete),
        "euclidean": euclidean._replace(similarity=distances),
    }


def _first_matches(
    similarity: NDArray[np.float32], rows: NDArray[np.int64], candidates: Candidates, *, complete: bool
) -> Matches:
    """The first match of each query among its nearest images, (Q, depth), most similar first.

    Args:
        similarity: of the nearest images.
        rows: their rows in the gallery.
        candidates: matches and hidden images of each query.
        complete: whether the nearest images are the whole gallery.
    """
    matches = unfilled(len(rows))
    for query, (near, row) in enumerate(zip(similarity, rows, strict=True)):
        right, hidden = candidates.of(query)
        visible, own = ~np.isin(row, hidden), np.isin(row, right)
        matches.similarity[query] = near[visible].max(initial=-np.inf)
        if len(right):
            level = near[own].max(initial=-np.inf) - TIE
            certain = own.any() and (complete or near[-1] < level)
            others = int((near[visible & ~own] >= level).sum())
            matches.first[query] = min(others, DEEPEST) + 1 if certain else DEEPEST + 1
    return matches


def _directions(part: NDArray[np.floating]) -> NDArray[np.float32]:
    """The rows scaled to unit length; a row of zeros stays zero."""
    lengths = np.linalg.norm(part.astype(np.float64), axis=1, keepdims=True)
    return np.ascontiguousarray(part / np.where(lengths > 0, lengths, 1), np.float32)


def _import_faiss() -> Any:  # noqa: ANN401 - an optional package without types
    try:
        return importlib.import_module("faiss")
    except ImportError as error:
        raise InputError(
            "The backend 'faiss' needs a package that is not installed: pip install faiss-cpu. "
            "Or use the backend 'numpy'."
        ) from error
