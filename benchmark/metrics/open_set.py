"""Open set: name the known individuals, and say "new" of those never seen, by a threshold on the similarity.

An image is accepted, as its nearest gallery image's individual, where that image's similarity reaches the
threshold, else it is called new. BAKS and BAUS are the measures of AnimalCLEF 2025.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.retrieval import Matches


class Answers(NamedTuple):
    """What the nearest gallery image says of each query.

    Attributes:
        similarity: (Q,) of the nearest gallery image, finite.
        right: (Q,) whether it shows the query's individual.
        labels: (Q,) class numbers of the queries, those of unknown individuals among them.
        known: (Q,) whether the gallery holds the query's individual.
    """

    similarity: NDArray[np.float64]
    right: NDArray[np.bool_]
    labels: NDArray[np.integer]
    known: NDArray[np.bool_]


class OpenSet(NamedTuple):
    """Scores at one threshold, each in [0, 1].

    Attributes:
        threshold: the similarity from which on an image is accepted.
        baks: balanced accuracy on known samples: the mean over known individuals of the share of their images
            that are accepted and named rightly; None where no individual is known.
        baus: balanced accuracy on unknown samples: the mean over unknown individuals of the share of their images
            that are called new; None where all individuals are known.
        geometric: sqrt(baks x baus); None where one of them is.
    """

    threshold: float
    baks: float | None
    baus: float | None
    geometric: float | None


class Curve(NamedTuple):
    """BAKS falls and BAUS rises with the threshold.

    Attributes:
        thresholds: (T,) rising: every similarity that occurs, which accepts all at first, and infinity.
        baks: (T,)
        baus: (T,)
        area: under BAKS as a function of BAUS, in [0, 1]: the chance that an image of a known individual is named
            rightly and is more similar than one of an unknown individual, each individual drawn alike. A tie
            counts half. At most the balanced rank-1 accuracy on known individuals.
    """

    thresholds: NDArray[np.float64]
    baks: NDArray[np.float64]
    baus: NDArray[np.float64]
    area: float


def answers(matches: Matches, labels: NDArray[np.integer], gallery_labels: NDArray[np.integer]) -> Answers:
    """The answers of a retrieval in which no match was left out; `labels` (Q,), `gallery_labels` (G,)."""
    return Answers(matches.similarity, matches.first == 1, labels, np.isin(labels, gallery_labels))


def at_threshold(given: Answers, threshold: float) -> OpenSet:
    """BAKS, BAUS and their geometric mean at one threshold.

    The threshold must not be chosen on the same images: see `threshold_keeping`.

    Raises:
        InputError: an array has another length than the others, or a similarity is not finite.
    """
    known, unknown = _weights(given)
    accepted = given.similarity >= threshold
    baks = float(known[accepted & given.right].sum()) if known.any() else None
    baus = float(unknown[~accepted].sum()) if unknown.any() else None
    geometric = None if baks is None or baus is None else math.sqrt(baks * baus)
    return OpenSet(threshold, baks, baus, geometric)


def curve(given: Answers) -> Curve | None:
    """BAKS and BAUS at every threshold; None where no individual is known, or all are.

    Raises:
        InputError: an array has another length than the others, or a similarity is not finite.
    """
    known, unknown = _weights(given)
    if not known.any() or not unknown.any():
        return None
    levels, level = np.unique(given.similarity, return_inverse=True)
    named = np.bincount(level, known * given.right)
    rejected = np.bincount(level, unknown)
    baks = np.append(np.cumsum(named[::-1])[::-1], 0.0)
    baus = np.concatenate([[0.0], np.cumsum(rejected)])
    return Curve(np.append(levels, np.inf), baks, baus, float(np.trapezoid(baks, baus)))


def threshold_keeping(similarity: NDArray[np.floating], share: float = 0.95) -> float:
    """The highest threshold that accepts at least this share of images.

    For images of known individuals that are neither in the gallery nor scored, as the validation images are: so
    no unknown individual is needed to choose a threshold.

    Args:
        similarity: (N,) of their nearest gallery images, N >= 1, finite.
        share: in (0, 1].

    Raises:
        InputError: there is no image, a similarity is not finite, or the share is out of range.
    """
    _refuse_not_finite(similarity)
    if not len(similarity) or not 0 < share <= 1:
        raise InputError(
            f"A threshold for a share of {share} of {len(similarity)} images cannot be chosen; the share must lie "
            "in (0, 1], and there must be a validation image."
        )
    kept = math.ceil(share * len(similarity) - 1e-9)  # 0.9 x 10 may come out above 9
    return float(np.sort(similarity)[len(similarity) - kept])


def _weights(given: Answers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weight of each image in BAKS and in BAUS, (Q,) each: all 0 or with the sum 1."""
    lengths = [len(values) for values in given]
    if len(set(lengths)) > 1:
        raise InputError(f"Similarity, right, labels and known have {lengths} values; each image needs one of each.")
    _refuse_not_finite(given.similarity)
    _, individual, images = np.unique(given.labels, return_inverse=True, return_counts=True)
    known, unknown = given.known / images[individual], ~given.known / images[individual]
    return known / max(known.sum(), 1), unknown / max(unknown.sum(), 1)


def _refuse_not_finite(similarity: NDArray[np.floating]) -> None:
    bad = np.flatnonzero(~np.isfinite(similarity))
    if bad.size:
        raise InputError(
            f"The similarity in row {bad[0]} is {similarity[bad[0]]}; it must be finite. Retrieve again from finite "
            "embeddings, and leave no match out."
        )
