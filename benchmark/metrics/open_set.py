"""Open-set re-identification: name known individuals and call others new, by a threshold on the similarity.

An image is accepted, as its nearest gallery image's individual, if their similarity reaches the threshold; else it is
called new. BAKS and BAUS are the metrics of AnimalCLEF 2025.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.matches import Matches
from benchmark.records.retrieval import OpenSet

DECIMALS = 6
"""Decimals of the similarities that a record stores; all scores are of these."""

CURVE_POINTS = 200
"""Most points of a curve that a record keeps."""


class Answers(NamedTuple):
    """The nearest gallery image of each query, as an answer.

    Attributes:
        similarity: (Q,) of the nearest gallery image, finite.
        right: (Q,) whether it shows the query's individual.
        labels: (Q,) class numbers of the queries, unknown individuals included.
        known: (Q,) whether the gallery holds the query's individual.
    """

    similarity: NDArray[np.float64]
    right: NDArray[np.bool_]
    labels: NDArray[np.integer]
    known: NDArray[np.bool_]


class Curve(NamedTuple):
    """BAKS and BAUS at every threshold: BAKS falls and BAUS rises with it.

    Attributes:
        thresholds: (T,) ascending: every similarity that occurs, the lowest of which accepts all images, and infinity.
        baks: (T,)
        baus: (T,)
    """

    thresholds: NDArray[np.float64]
    baks: NDArray[np.float64]
    baus: NDArray[np.float64]


def score(
    matches: Matches, labels: NDArray[np.integer], gallery_labels: NDArray[np.integer], validation: Matches
) -> OpenSet | None:
    """The scores of a ranking at the threshold that the validation images choose.

    Args:
        matches: of the test images, from `benchmark.metrics.retrieval.retrieve`.
        labels: (Q,) class numbers of the test images.
        gallery_labels: (G,) class numbers of the gallery.
        validation: of the validation images, all of known individuals.

    Returns:
        None if no individual is known, or all are, or no validation image has a match.
    """
    nearest = validation.similarity[validation.first > 0].round(DECIMALS)
    if not len(nearest):
        return None
    rounded = matches._replace(similarity=matches.similarity.round(DECIMALS))
    scores = at_threshold(answers_of(rounded, labels, gallery_labels), threshold_accepting(nearest))
    scored = _scored(matches, labels, gallery_labels).tolist()
    return scores and OpenSet(
        **scores._asdict(),
        similarities=tuple(
            value if kept else None for value, kept in zip(rounded.similarity.tolist(), scored, strict=True)
        ),
        right=tuple((matches.first == 1).tolist()),
        validation_similarities=tuple(nearest.tolist()),
    )


def answers_of(matches: Matches, labels: NDArray[np.integer], gallery_labels: NDArray[np.integer]) -> Answers:
    """The answers of a retrieval; left out are queries of known individuals all of whose matches were hidden.

    Args:
        matches: from `benchmark.metrics.retrieval.retrieve`.
        labels: (Q,) class numbers of the queries.
        gallery_labels: (G,) class numbers of the gallery.
    """
    known, kept = np.isin(labels, gallery_labels), _scored(matches, labels, gallery_labels)
    return Answers(matches.similarity[kept], matches.first[kept] == 1, labels[kept], known[kept])


def _scored(matches: Matches, labels: NDArray[np.integer], gallery_labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(Q,) whether each query is scored: it is of an unknown individual, or has a match. Arguments as `answers_of`."""
    scored: NDArray[np.bool_] = ~np.isin(labels, gallery_labels) | (matches.first > 0)
    return scored


class Scores(NamedTuple):
    """The fields of `benchmark.records.retrieval.OpenSet` of the same names."""

    threshold: float
    baks: float
    baus: float
    geometric: float
    area: float
    curve: tuple[tuple[float, float], ...]


def at_threshold(answers: Answers, threshold: float) -> Scores | None:
    """BAKS, BAUS and their geometric mean at one threshold, and the area under the curve over all thresholds.

    The area is the probability that an image of a known individual is named rightly and is more similar than an image
    of an unknown individual, with every individual drawn equally often; a tie counts half. It is at most the balanced
    rank-1 accuracy on known individuals.

    Args:
        answers: from `answers_of`.
        threshold: chosen on other images, see `threshold_accepting`.

    Returns:
        None if no individual is known, or all are.

    Raises:
        InputError: an array has another length than the others, or a similarity is not finite.

    Example:
        >>> answers = Answers(
        ...     similarity=np.array([0.9, 0.2]),
        ...     right=np.array([True, False]),
        ...     labels=np.array([0, 7]),
        ...     known=np.array([True, False]),
        ... )
        >>> scores = at_threshold(answers, 0.5)
        >>> scores.baks, scores.baus
        (1.0, 1.0)
    """
    known, unknown = _weights(answers)
    curve = threshold_curve(answers)
    if curve is None:
        return None
    accepted = answers.similarity >= threshold
    baks, baus = float(known[accepted & answers.right].sum()), float(unknown[~accepted].sum())
    return Scores(
        threshold=threshold,
        baks=baks,
        baus=baus,
        geometric=math.sqrt(baks * baus),
        area=float(np.trapezoid(curve.baks, curve.baus)),
        curve=_thinned(curve),
    )


def threshold_curve(answers: Answers) -> Curve | None:
    """BAKS and BAUS at every threshold; None if no individual is known, or all are.

    Raises:
        InputError: an array has another length than the others, or a similarity is not finite.
    """
    known, unknown = _weights(answers)
    if not known.any() or not unknown.any():
        return None
    levels, level = np.unique(answers.similarity, return_inverse=True)
    named = np.bincount(level, known * answers.right)
    rejected = np.bincount(level, unknown)
    return Curve(
        thresholds=np.append(levels, np.inf),
        baks=np.append(np.cumsum(named[::-1])[::-1], 0.0),
        baus=np.concatenate([[0.0], np.cumsum(rejected)]),
    )


def threshold_accepting(similarity: NDArray[np.floating], share: float = 0.95) -> float:
    """The highest threshold that accepts at least this share of images.

    Use it on images of known individuals that are neither in the gallery nor scored, such as the validation images: no
    unknown individual is then needed to choose a threshold.

    Args:
        similarity: (N,) of their nearest gallery images, N >= 1, finite.
        share: in (0, 1].

    Raises:
        InputError: there is no image, a similarity is not finite, or the share is out of range.

    Example:
        >>> threshold_accepting(np.array([0.1, 0.2, 0.3, 0.4]), share=0.75)
        0.2
    """
    _refuse_not_finite(similarity)
    if not len(similarity) or not 0 < share <= 1:
        raise InputError(
            f"A threshold for a share of {share} of {len(similarity)} images cannot be chosen; the share must be "
            "in (0, 1], and there must be a validation image."
        )
    count = math.ceil(share * len(similarity) - 1e-9)  # 0.9 x 10 may come out above 9
    return float(np.sort(similarity)[len(similarity) - count])


def _thinned(curve: Curve) -> tuple[tuple[float, float], ...]:
    """(BAUS, BAKS) of at most `CURVE_POINTS` thresholds, evenly spaced by their rank."""
    rows = np.unique(np.linspace(0, len(curve.baks) - 1, CURVE_POINTS).round().astype(int))
    return tuple(zip(curve.baus[rows].tolist(), curve.baks[rows].tolist(), strict=True))


def _weights(answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weight of each image in BAKS and in BAUS, (Q,) each: all 0 or with the sum 1."""
    lengths = [len(values) for values in answers]
    if len(set(lengths)) > 1:
        raise InputError(f"Similarity, right, labels and known have {lengths} values; each image needs one of each.")
    _refuse_not_finite(answers.similarity)
    _, individual, images = np.unique(answers.labels, return_inverse=True, return_counts=True)
    known, unknown = answers.known / images[individual], ~answers.known / images[individual]
    return known / max(known.sum(), 1), unknown / max(unknown.sum(), 1)


def _refuse_not_finite(similarity: NDArray[np.floating]) -> None:
    bad = np.flatnonzero(~np.isfinite(similarity))
    if bad.size:
        raise InputError(
            f"The similarity in row {bad[0]} is {similarity[bad[0]]}; it must be finite. Retrieve again from finite "
            "embeddings, and hide no match."
        )
