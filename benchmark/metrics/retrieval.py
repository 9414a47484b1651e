"""Re-identification: each query ranks the gallery by the distance of their embeddings."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics.blockwise import read_block
from benchmark.metrics.matches import DEEPEST, Candidates, Hide, Images, Matches, unfilled
from benchmark.metrics.score_intervals import of_average_precision, of_hits
from benchmark.records.base import Interval
from benchmark.records.retrieval import AdjacentFrames, PairingScores, Retrieval
from benchmark.vocabulary import Distance, RetrievalBackend

DECIMALS = 6
"""Decimals of the average precisions that a record stores; their mean is of these."""

TIE = 1e-10
"""Similarities count as equal within this, relative to the squared lengths: far above the rounding of the sums."""


Name = TypeVar("Name", bound=str)


class Block(NamedTuple):
    """Sizes of the arrays that a ranking holds at a time.

    Attributes:
        bytes: size of the largest arrays: a block of similarities, and a block of embeddings as float64.
        columns: dimensions read at once of wide embeddings.
    """

    bytes: int = 256 * 2**20
    columns: int = 16384


def retrieve(
    queries: Images,
    gallery: Images,
    hide: Hide | None = None,
    *,
    backend: RetrievalBackend = "numpy",
    block: Block = Block(),  # noqa: B008 - immutable
) -> dict[Distance, Matches]:
    """Rank the gallery for every query, by cosine similarity and by Euclidean distance.

    The average precision is the mean over the query's matches of (matches at least as similar) / (images at
    least as similar), as in scikit-learn; without ties that is the sum over ranks of precision x relevance,
    divided by the matches. The first match ranks behind all images of other individuals that are at least as similar.
    So ties never help and the order of the gallery does not matter: a constant embedding has rank-1 = 0, and its
    average precision is the share of matches in the gallery. An embedding of zeros has cosine 0 with everything.

    "numpy" is exact, in float64; only a block of the similarities is held at a time. "faiss" is described in
    `benchmark.metrics.retrieval_faiss`.

    Args:
        queries: the test images.
        gallery: the images searched, at least one.
        hide: gallery images that are hidden from each query, as if they did not exist; None = none.
        backend: implementation of the ranking.
        block: sizes of the arrays held at a time.

    Raises:
        RunError: an embedding is not finite, or an array does not match its labels or the other's dimensions.
        InputError: the gallery is empty, or the backend is not installed.

    Example:
        >>> gallery = Images(np.eye(2), np.array([0, 1]))
        >>> retrieve(Images(np.array([[3.0, 1.0]]), np.array([1])), gallery)["cosine"].first
        array([2])
    """
    return retrieve_each(queries, gallery, {"": hide}, backend=backend, block=block)[""]


def retrieve_each(
    queries: Images,
    gallery: Images,
    hides: Mapping[Name, Hide | None],
    *,
    backend: RetrievalBackend = "numpy",
    block: Block = Block(),  # noqa: B008 - immutable
) -> dict[Name, dict[Distance, Matches]]:
    """The rankings of `retrieve` under several rules of what is hidden; similarities are computed once.

    Args:
        queries: as in `retrieve`.
        gallery: as in `retrieve`.
        hides: the rules by name.
        backend: as in `retrieve`.
        block: sizes of the arrays held at a time.
    """
    _refuse_unusable(queries, gallery)
    lengths = (
        _squared_lengths(queries.embeddings, "query", block),
        _squared_lengths(gallery.embeddings, "gallery", block),
    )
    candidates = {name: Candidates(queries, gallery, hide) for name, hide in hides.items()}
    if backend == "faiss":
        from benchmark.metrics import retrieval_faiss

        return {
            name: retrieval_faiss.rank(queries.embeddings, gallery.embeddings, one) for name, one in candidates.items()
        }
    return _rank(queries.embeddings, gallery.embeddings, lengths, candidates, block)


def summarise(
    matches: Matches,
    groups: NDArray[np.generic] | None = None,
    *,
    across_recordings: PairingScores | None = None,
    cross_flank: PairingScores | None = None,
    adjacent_frames: AdjacentFrames | None = None,
) -> Retrieval:
    """Rank-1, rank-5 and mean average precision of the queries that have a match, with intervals.

    Args:
        matches: from `retrieve`.
        groups: (Q,) the group of each query, for the intervals; None = each query is its own.
        across_recordings: the same ranking without matches from the query's own recording; None if recordings are not
            known.
        cross_flank: the ranking of images of the other flank; None if flanks are not known.
        adjacent_frames: what the rule of adjacent frames left out; None if frames are not known.

    Example:
        >>> matches = Matches(np.array([1, 0, 6]), np.array([1.0, np.nan, 0.2]), np.zeros(3))
        >>> retrieval = summarise(matches)
        >>> retrieval.rank1, retrieval.queries, retrieval.unmatched
        (0.5, 2, 1)
    """
    ranking = _Ranking(matches, groups)
    return Retrieval(
        rank1=ranking.share_within(1),
        rank5=ranking.share_within(DEEPEST),
        mean_average_precision=ranking.mean_average_precision(),
        rank1_interval=ranking.share_interval(1),
        rank5_interval=ranking.share_interval(DEEPEST),
        map_interval=ranking.map_interval(),
        queries=ranking.queries,
        unmatched=len(matches.first) - ranking.queries,
        first_ranks=ranking.first_ranks(),
        average_precisions=ranking.average_precisions(),
        across_recordings=across_recordings,
        cross_flank=cross_flank,
        adjacent_frames=adjacent_frames,
    )


def summarise_pairing(matches: Matches, groups: NDArray[np.generic] | None = None) -> PairingScores:
    """Rank-1 and mean average precision of a ranking in which more is hidden; arguments as `summarise`."""
    ranking = _Ranking(matches, groups)
    return PairingScores(
        rank1=ranking.share_within(1),
        mean_average_precision=ranking.mean_average_precision(),
        queries=ranking.queries,
        rank1_interval=ranking.share_interval(1),
        map_interval=ranking.map_interval(),
        first_ranks=ranking.first_ranks(),
        average_precisions=ranking.average_precisions(),
    )


class _Ranking:
    """Scores of the queries that have a match."""

    def __init__(self, matches: Matches, groups: NDArray[np.generic] | None) -> None:
        """Args: as `summarise`; average precisions are rounded, and all scores are of the rounded ones."""
        self._first, self._precision = matches.first, matches.precision.round(DECIMALS)
        self._groups = np.arange(len(matches.first)) if groups is None else groups
        self._matched = matches.first > 0
        self._precise = self._matched & np.isfinite(self._precision)

    @property
    def queries(self) -> int:
        return int(self._matched.sum())

    def share_within(self, depth: int) -> float | None:
        return float((self._first[self._matched] <= depth).mean()) if self.queries else None

    def share_interval(self, depth: int) -> Interval | None:
        hits = self._first[self._matched] <= depth
        return of_hits(hits, self._groups[self._matched])

    def mean_average_precision(self) -> float | None:
        return float(self._precision[self._precise].mean()) if self._precise.any() else None

    def map_interval(self) -> Interval | None:
        return of_average_precision(self._precision[self._precise], self._groups[self._precise])

    def first_ranks(self) -> tuple[int, ...]:
        return tuple(self._first.tolist())

    def average_precisions(self) -> tuple[float | None, ...]:
        return tuple(None if np.isnan(value) else float(value) for value in self._precision)


def _rank(
    queries: NDArray[np.floating],
    gallery: NDArray[np.floating],
    lengths: tuple[NDArray[np.float64], NDArray[np.float64]],
    candidates: Mapping[Name, Candidates],
    block: Block,
) -> dict[Name, dict[Distance, Matches]]:
    """The matches by the name of the candidates; arguments as `retrieve_each`, `lengths` are squared."""
    matches = {name: {distance: unfilled(len(queries)) for distance in get_args(Distance)} for name in candidates}
    scales = _inverse_roots(lengths[0]), _inverse_roots(lengths[1])
    for rows in _slices(len(queries), block.bytes // (8 * max(len(gallery), block.columns))):
        products = _products(queries[rows], gallery, block)  # (b, G)
        for query, row in zip(range(rows.start, rows.stop), products, strict=True):
            cosine = row * scales[1] * scales[0][query]
            squares = lengths[1] + lengths[0][query]
            for name, own in candidates.items():
                right, hidden = own.of(query)
                _fill(matches[name]["cosine"], query, cosine.copy(), right, hidden, np.full(len(right), TIE))
                _fill(matches[name]["euclidean"], query, 2 * row - squares, right, hidden, TIE * squares[right])
    for by_distance in matches.values():  # ranked by minus the squared distance
        similarity = by_distance["euclidean"].similarity
        similarity[:] = -np.sqrt(np.maximum(-similarity, 0))
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


def _products(queries: NDArray[np.floating], gallery: NDArray[np.floating], block: Block) -> NDArray[np.float64]:
    """Inner products, (Q, G)."""
    products = np.zeros((len(queries), len(gallery)))
    for columns in _slices(queries.shape[1], block.columns):
        left = read_block(queries, slice(None), columns)
        for rows in _slices(len(gallery), block.bytes // (8 * left.shape[1])):
            products[:, rows] += left @ read_block(gallery, rows, columns).T
    return products


def _squared_lengths(embeddings: NDArray[np.floating], part: str, block: Block) -> NDArray[np.float64]:
    """Squared length of each row, (N,); raises if one is not finite."""
    lengths = np.empty(len(embeddings))
    for rows in _slices(len(embeddings), block.bytes // (8 * embeddings.shape[1])):
        values = read_block(embeddings, rows)
        lengths[rows] = np.einsum("nd,nd->n", values, values)
    bad = np.flatnonzero(~np.isfinite(lengths))
    if bad.size:
        raise RunError(
            f"The {part} embedding in row {bad[0]} is not finite ({bad.size} such rows of {len(lengths)}); "
            "the training has probably diverged. Lower the learning rate or fix the backbone."
        )
    return lengths


def _inverse_roots(squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / root, and 0 for 0."""
    return np.divide(1.0, np.sqrt(squares), out=np.zeros_like(squares), where=squares > 0)


def _slices(total: int, size: int) -> Iterator[slice]:
    step = max(1, size)
    return (slice(start, min(start + step, total)) for start in range(0, total, step))


def _refuse_unusable(queries: Images, gallery: Images) -> None:
    for part, images in (("query", queries), ("gallery", gallery)):
        shape = images.embeddings.shape
        if len(shape) != 2 or shape[0] != len(images.labels) or shape[1] == 0:  # noqa: PLR2004 - (N, D)
            raise RunError(
                f"The {part} embeddings have shape {shape}; ({len(images.labels)}, dimensions) is needed, a row for "
                "each image in the order of the job. Fix the backbone's `encode`."
            )
    if queries.embeddings.shape[1] != gallery.embeddings.shape[1]:
        raise RunError(
            f"Query embeddings have {queries.embeddings.shape[1]} dimensions, gallery embeddings "
            f"{gallery.embeddings.shape[1]}; one encoder must make both. Run `encode` again."
        )
    if not len(gallery.labels):
        raise InputError("The gallery is empty. Choose a split whose train part is not empty.")
