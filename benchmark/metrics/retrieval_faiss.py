"""The nearest few by faiss: no deeper than rank 5, in float32, on all cores.

Both parts are held as float32. A match beyond rank 5 has place 6 whichever it is, and so has one that is tied with
the last image looked at; there is no average precision. The Euclidean distance is measured from the gallery's
mean, or embeddings far from the origin would lose their digits.
"""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.retrieval import DEEPEST, Candidates, Matches, unfilled
from benchmark.vocabulary import Distance

TIE = 1e-6
"""Similarities count as equal within this, of embeddings scaled to lengths of at most 1."""


def rank(
    queries: NDArray[np.floating], gallery: NDArray[np.floating], candidates: Candidates
) -> dict[Distance, Matches]:
    """The matches of (Q, D) in (G, D), both finite, as `benchmark.metrics.retrieval.retrieve` returns them.

    Raises:
        InputError: faiss is not installed.
    """
    faiss = _import_faiss()
    hidden = max((len(candidates.of(query)[1]) for query in range(len(queries))), default=0)
    depth = min(len(gallery), DEEPEST + hidden + 1)  # one more shows whether the last place is tied
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
        rows: their numbers in the gallery.
        candidates: which of them are matches.
        complete: whether the nearest are the whole gallery.
    """
    matches = unfilled(len(rows))
    for query, (near, row) in enumerate(zip(similarity, rows, strict=True)):
        right, hidden = candidates.of(query)
        seen, own = ~np.isin(row, hidden), np.isin(row, right)
        matches.similarity[query] = near[seen].max(initial=-np.inf)
        if len(right):
            level = near[own].max(initial=-np.inf) - TIE
            certain = own.any() and (complete or near[-1] < level)
            others = int((near[seen & ~own] >= level).sum())
            matches.first[query] = min(others, DEEPEST) + 1 if certain else DEEPEST + 1
    return matches


def _directions(part: NDArray[np.floating]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(part.astype(np.float64), axis=1, keepdims=True)
    return np.ascontiguousarray(part / np.where(lengths > 0, lengths, 1), np.float32)


def _import_faiss() -> Any:  # noqa: ANN401 - an optional package without types
    try:
        return importlib.import_module("faiss")
    except ImportError as error:
        raise InputError(
            "The backend 'faiss' needs a package that is not installed: pip install faiss-cpu. "
            "Or take the backend 'numpy'."
        ) from error
