"""Re-identification: each test image ranks all training images by the distance of their embeddings."""

from collections.abc import Iterator
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics.blockwise import read_block
from benchmark.metrics.matches import DEEPEST, Candidates, Images, Matches, unfilled
from benchmark.metrics.resampling.intervals import of_mean
from benchmark.records.base import Interval
from benchmark.records.retrieval import AcrossRecordings, Retrieval
from benchmark.vocabulary import Distance, RetrievalBackend

TIE = 1e-10
"""Similarities count as equal within this, relative to the squared lengths: far above the rounding of the sums."""

BLOCK_BYTES = 256 * 2**20
"""Size of the largest arrays held: a block of similarities, and a block of embeddings as float64."""

BLOCK_COLUMNS = 16384
"""Dimensions read at once of wide embeddings."""


def retrieve(
    queries: Images, gallery: Images, *, exclude_same_group: bool = False, backend: RetrievalBackend = "numpy"
) -> dict[Distance, Matches]:
    """Rank the gallery for every query, by cosine similarity and by Euclidean distance.

    The average precision is the mean over the query's matches of (matches at least as similar) / (images at
    least as similar), as in scikit-learn; without ties that is the sum over ranks of precision x relevance,
    divided by the matches. The first match ranks behind all images of other individuals that are at least as similar.
    So ties never help and the order of the gallery does not matter: a constant embedding has rank-1 = 0, and its
    average precision is the share of matches in the gallery. An embedding of zeros has cosine 0 with everything.

    With `exclude_same_group`, images of the query's individual from its own group are hidden from it (as in
    Market-1501, Zheng et al. 2015); other individuals of that group stay. To rank a part against itself, pass
    the image numbers as groups: each query is then hidden from itself alone.

    "numpy" is exact, in float64; only a block of the similarities is held at a time. "faiss" is described in
    `benchmark.metrics.retrieval_faiss`.

    Args:
        queries: the test images.
        gallery: the training images, at least one.
        exclude_same_group: hide matches from the query's own group.
        backend: implementation of the ranking.

    Raises:
        RunError: an embedding is not finite, or an array does not match its labels or the other's dimensions.
        InputError: the gallery is empty, groups are missing, or the backend is not installed.

    Example:
        >>> gallery = Images(np.eye(2), np.array([0, 1]))
        >>> retrieve(Images(np.array([[3.0, 1.0]]), np.array([1])), gallery)["cosine"].first
        array([2])
    """
    _refuse_unusable(queries, gallery, exclude_same_group)
    lengths = _squared_lengths(queries.embeddings, "query"), _squared_lengths(gallery.embeddings, "gallery")
    candidates = Candidates(queries, gallery, exclude_same_group)
    if backend == "faiss":
        from benchmark.metrics import retrieval_faiss

        return retrieval_faiss.rank(queries.embeddings, gallery.embeddings, candidates)
    return _rank(queries.embeddings, gallery.embeddings, lengths, candidates)


def summarise(
    matches: Matches,
    groups: NDArray[np.generic] | None = None,
    *,
    seed: int,
    across_recordings: AcrossRecordings | None = None,
) -> Retrieval:
    """Rank-1, rank-5 and mean average precision of the queries that have a match, with intervals.

    Args:
        matches: from `retrieve`.
        groups: (Q,) the group of each query, as resampled for the intervals; None = each query is its own.
        seed: of the resampling.
        across_recordings: the same ranking without matches from the query's own recording; None if recordings are not
            known.

    Example:
        >>> matches = Matches(np.array([1, 0, 6]), np.array([1.0, np.nan, 0.2]), np.zeros(3))
        >>> retrieval = summarise(matches, seed=0)
        >>> retrieval.rank1, retrieval.queries, retrieval.unmatched
        (0.5, 2, 1)
    """
    first = _first_ranks(matches)
    return Retrieval(
        rank1=_share_within(first, 1),
        rank5=_share_within(first, DEEPEST),
        mean_average_precision=_mean_average_precision(matches),
        rank1_interval=_interval(np.where(matches.first > 0, matches.first == 1, np.nan), groups, seed),
        map_interval=_interval(matches.precision, groups, seed),
        queries=len(first),
        unmatched=len(matches.first) - len(first),
        average_precisions=tuple(None if np.isnan(value) else float(value) for value in matches.precision),
        across_recordings=across_recordings,
    )


def summarise_across_recordings(matches: Matches) -> AcrossRecordings:
    """Rank-1 and mean average precision of a ranking without matches from the query's own recording."""
    first = _first_ranks(matches)
    return AcrossRecordings(
        rank1=_share_within(first, 1), mean_average_precision=_mean_average_precision(matches), queries=len(first)
    )


def _rank(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    lengths: tuple[NDArray[np.float64], NDArray[np.float64]],
    candidates: Candidates,
) -> dict[Distance, Matches]:
    matches = {distance: unfilled(len(queries)) for distance in get_args(Distance)}
    scales = _inverse_roots(lengths[0]), _inverse_roots(lengths[1])
    for block in _blocks(len(queries), BLOCK_BYTES // (8 * max(len(gallery), BLOCK_COLUMNS))):
        products = _products(queries[block], gallery)  # (b, G)
        for query, row in zip(range(block.start, block.stop), products, strict=True):
            right, hidden = candidates.of(query)
            cosine = row * scales[1] * scales[0][query]
            _fill(matches["cosine"], query, cosine, right, hidden, np.full(len(right), TIE))
            squares = lengths[1] + lengths[0][query]
            _fill(matches["euclidean"], query, 2 * row - squares, right, hidden, TIE * squares[right])
    # ranked by minus the squared distance
    matches["euclidean"].similarity[:] = -np.sqrt(np.maximum(-matches["euclidean"].similarity, 0))
    return matches


def _fill(
    matches: Matches,
    query: int,
    similarity: NDArray[np.float64],
    right: NDArray[np.intp],
    hidden: NDArray[np.intp],
    tolerance: NDArray[np.float64],
) -> None:
    """Write the result of one query into `matches`.

    Args:
        matches: to write to.
        query: its row.
        similarity: (G,) of the gallery; overwritten.
        right: gallery rows of the query's matches.
        hidden: gallery rows that are hidden from the query.
        tolerance: (number of matches,) within which similarities count as equal.
    """
    similarity[hidden] = -np.inf
    ordered = np.sort(similarity)
    matches.similarity[query] = ordered[-1]
    if len(right):
        levels = similarity[right] - tolerance
        images = len(ordered) - np.searchsorted(ordered, levels)  # at least as similar as each right one
        own = len(right) - np.searchsorted(np.sort(similarity[right]), levels)
        matches.first[query] = (images - own).min() + 1
        matches.precision[query] = (own / images).mean()


def _products(queries: NDArray[np.floating], gallery: NDArray[np.floating]) -> NDArray[np.float64]:
    """Inner products, (Q, G)."""
    products = np.zeros((len(queries), len(gallery)))
    for columns in _blocks(queries.shape[1], BLOCK_COLUMNS):
        left = read_block(queries, slice(None), columns)
        for rows in _blocks(len(gallery), BLOCK_BYTES // (8 * left.shape[1])):
            products[:, rows] += left @ read_block(gallery, rows, columns).T
    return products


def _squared_lengths(embeddings: NDArray[np.floating], part: str) -> NDArray[np.float64]:
    """Squared length of each row, (N,); raises if one is not finite."""
    lengths = np.empty(len(embeddings))
    for rows in _blocks(len(embeddings), BLOCK_BYTES // (8 * embeddings.shape[1])):
        block = read_block(embeddings, rows)
        lengths[rows] = np.einsum("nd,nd->n", block, block)
    bad = np.flatnonzero(~np.isfinite(lengths))
    if bad.size:
        raise RunError(
            f"The {part} embedding in row {bad[0]} is not finite ({bad.size} such rows of {len(lengths)}); "
            "the training has probably diverged. Lower the learning rate or fix the backbone."
        )
    return lengths


def _first_ranks(matches: Matches) -> NDArray[np.int64]:
    """Rank of the first match of each query that has one."""
    return matches.first[matches.first > 0]


def _share_within(first: NDArray[np.int64], depth: int) -> float | None:
    return float((first <= depth).mean()) if len(first) else None


def _mean_average_precision(matches: Matches) -> float | None:
    precision = matches.precision[matches.first > 0]
    return float(precision.mean()) if np.isfinite(precision).any() else None


def _interval(values: NDArray[np.float64], groups: NDArray[np.generic] | None, seed: int) -> Interval | None:
    """Of the mean over the queries; NaN is left out."""
    known = ~np.isnan(values)
    return of_mean(values[known], None if groups is None else groups[known], seed=seed, bounds=(0, 1))


def _inverse_roots(squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / root, and 0 for 0."""
    return np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)


def _blocks(total: int, size: int) -> Iterator[slice]:
    step = max(1, size)
    return (slice(start, min(start + step, total)) for start in range(0, total, step))


def _refuse_unusable(queries: Images, gallery: Images, exclude_same_group: bool) -> None:
    for part, images in (("query", queries), ("gallery", gallery)):
        shape = images.embeddings.shape
        if len(shape) != 2 or shape[0] != len(images.labels) or shape[1] == 0:  # noqa: PLR2004 - (N, D)
            raise RunError(
                f"The {part} embeddings have shape {shape}; ({len(images.labels)}, dimensions) is needed, a row for "
                "each image in the order of the job. Fix the backbone's `encode`."
            )
        if exclude_same_group and (images.groups is None or len(images.groups) != len(images.labels)):
            count = "no groups" if images.groups is None else f"{len(images.groups)} groups"
            raise InputError(
                f"There are {count} for {len(images.labels)} {part} images; hiding matches from the same group "
                "needs one for each. Choose a data set with sequences, or keep those matches."
            )
    if queries.embeddings.shape[1] != gallery.embeddings.shape[1]:
        raise RunError(
            f"Query embeddings have {queries.embeddings.shape[1]} dimensions, gallery embeddings "
            f"{gallery.embeddings.shape[1]}; one encoder must make both. Run `encode` again."
        )
    if not len(gallery.labels):
        raise InputError("The gallery is empty. Choose a split whose train part is not empty.")
