"""The linear probe and the nearest-neighbour probe: how well frozen embeddings name the individuals."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.probing.coordinates import Coordinates, Cosines
from benchmark.probing.folds import grouped_folds
from benchmark.probing.logistic import fit_logistic

if TYPE_CHECKING:
    from threadpoolctl import threadpool_limits

STRENGTHS = tuple(float(10.0**power) for power in range(-2, 4))
"""Inverse strengths of the L2 penalty to choose from (scikit-learn's `C`)."""

NEIGHBOURS = (1, 3, 5, 10, 20)
"""Numbers of neighbours to choose from."""

TOLERANCE = 1e-6
CHOICE_TOLERANCE = 1e-3
"""Tolerance of the fits that only choose a strength, of at most `FEW_INDIVIDUALS`."""

FEW_INDIVIDUALS = 6
"""With more individuals, the tolerance of a choice is divided by their number: an individual's gradient is a mean over
all images, of which few are its own, so fits of many individuals would stop before they begin."""

MANY_IMAGES = 2000
"""Training images from which one of the five folds is enough to choose a strength: it holds 400 images and more."""

LARGE = 1_000_000
"""Numbers in a matrix from which several processor threads are faster than one."""


class ProbeAnswers(NamedTuple):
    """Answers of one fitted probe.

    Attributes:
        answers: for each set of test images that it was shown, (M,) int64, the class number of each image.
        confidences: for each set, (M,) float64 in [0, 1]: the probability of the linear probe for its answer, or the
            share of the neighbours that vote for it.
        choice: the inverse strength, or the number of neighbours, chosen by cross-validation on the training images.
        converged: whether the fit reached its tolerance.
    """

    answers: tuple[NDArray[np.int64], ...]
    confidences: tuple[NDArray[np.float64], ...]
    choice: float
    converged: bool


def linear_probe(
    coordinates: Coordinates,
    labels: NDArray[np.integer],
    groups: NDArray[np.integer],
    seed: int,
    *,
    balanced: bool = False,
) -> ProbeAnswers:
    """Multinomial logistic regression with an L2 penalty, fitted until it converges.

    The strength with the lowest mean log-loss over grouped folds of the training images is taken; of equal ones the
    strongest penalty. With 2000 training images and more, the first fold alone chooses. One processor thread fits small
    matrices: threads that wait for each other take several times as long.

    Args:
        coordinates: training images and sets of test images (`coordinates.reduce`).
        labels: (N,) class numbers of the training images, at least two individuals.
        groups: (N,) groups that folds keep whole.
        seed: of the folds.
        balanced: whether all individuals count the same, however many training images they have. Where images are
            tested in folds, an individual has the fewest training images just when it is tested: without weights,
            embeddings that know nothing would then be right less often than by chance.
    """
    strength = choose_strength(coordinates.train, labels, groups, seed, balanced=balanced)
    return fitted_linear_probe(coordinates, labels, strength, balanced=balanced)


def choose_strength(
    points: NDArray[np.float64],
    labels: NDArray[np.integer],
    groups: NDArray[np.integer],
    seed: int,
    *,
    balanced: bool = False,
) -> float:
    """The inverse strength that `linear_probe` chooses.

    Args:
        points: (N, R) coordinates of the training images.
        labels: as `linear_probe`.
        groups: as `linear_probe`.
        seed: as `linear_probe`.
        balanced: as `linear_probe`.
    """
    folds = list(grouped_folds(labels, groups, seed))[: 1 if len(labels) >= MANY_IMAGES else None]
    tolerance = CHOICE_TOLERANCE * min(1.0, FEW_INDIVIDUALS / len(np.unique(labels)))
    with _threads(points):
        losses = [
            np.mean([_log_loss(points, labels, fold, _Fit(strength, tolerance, balanced)) for fold in folds] or [0.0])
            for strength in STRENGTHS
        ]
    return STRENGTHS[int(np.argmin(losses))]


def fitted_linear_probe(
    coordinates: Coordinates, labels: NDArray[np.integer], strength: float, *, balanced: bool = False
) -> ProbeAnswers:
    """`linear_probe` with a strength that is chosen already."""
    with _threads(coordinates.train):
        model = fit_logistic(coordinates.train, labels, strength=strength, tolerance=TOLERANCE, balanced=balanced)
        probabilities = [np.exp(model.log_probabilities(shown)) for shown in coordinates.shown]
    return ProbeAnswers(
        tuple(model.classes[one.argmax(axis=1)] for one in probabilities),
        tuple(one.max(axis=1) for one in probabilities),
        strength,
        model.converged,
    )


def linear_probabilities(coordinates: Coordinates, labels: NDArray[np.integer], strength: float) -> NDArray[np.float64]:
    """(M, K) the probability of each individual for each image of the first set, by a probe whose strength is chosen.

    Args:
        coordinates: training images and sets of test images (`coordinates.reduce`).
        labels: (N,) class numbers of the training images, from 0 to K - 1.
        strength: `choice` of `linear_probe`.
    """
    with _threads(coordinates.train):
        model = fit_logistic(coordinates.train, labels, strength=strength, tolerance=TOLERANCE, balanced=False)
        probabilities: NDArray[np.float64] = np.exp(model.log_probabilities(coordinates.shown[0]))
    return probabilities


def linear_logits(
    coordinates: Coordinates, labels: NDArray[np.integer], strength: float, *, balanced: bool
) -> list[NDArray[np.float64]]:
    """(M, K) the logit of each individual for each image of every set, by a probe whose strength is chosen.

    A column is an individual of the training images, in the order of class numbers. Arguments as
    `linear_probabilities`; `balanced` as `linear_probe`.
    """
    with _threads(coordinates.train):
        model = fit_logistic(coordinates.train, labels, strength=strength, tolerance=TOLERANCE, balanced=balanced)
        return [model.logits(shown) for shown in coordinates.shown]


def nearest_neighbour_probe(
    cosines: Cosines, labels: NDArray[np.integer], groups: NDArray[np.integer], seed: int
) -> ProbeAnswers:
    """The commonest individual among the nearest training images by cosine; of equally common ones the nearest.

    The number of neighbours with the highest accuracy over grouped folds of the training images is taken; of equal
    ones the smallest.

    Args:
        cosines: of training images and sets of test images (`coordinates.cosines`).
        labels: as `linear_probe`.
        groups: as `linear_probe`.
        seed: as `linear_probe`.
    """
    k = choose_neighbours(cosines.train, labels, groups, seed)
    return fitted_nearest_neighbour_probe(cosines, labels, k)


def choose_neighbours(
    similarity: NDArray[np.float64], labels: NDArray[np.integer], groups: NDArray[np.integer], seed: int
) -> int:
    """The number of neighbours that `nearest_neighbour_probe` chooses.

    Args:
        similarity: (N, N) cosines among the training images.
        labels: as `linear_probe`.
        groups: as `linear_probe`.
        seed: as `linear_probe`.
    """
    right: dict[int, list[NDArray[np.bool_]]] = {k: [] for k in NEIGHBOURS}
    for fit, held_out in grouped_folds(labels, groups, seed):
        votes = _votes(similarity[np.ix_(held_out, fit)], labels[fit])
        for k in NEIGHBOURS:
            right[k].append(_commonest(votes[:, :k]) == labels[held_out])
    return max(NEIGHBOURS, key=lambda k: float(np.concatenate(right[k]).mean()) if right[k] else 0.0)


def fitted_nearest_neighbour_probe(cosines: Cosines, labels: NDArray[np.integer], k: int) -> ProbeAnswers:
    """`nearest_neighbour_probe` with a number of neighbours that is chosen already."""
    shown = [_votes(similarity, labels)[:, :k] for similarity in cosines.shown]
    answers = tuple(_commonest(votes) for votes in shown)
    confidences = tuple((votes == answer[:, None]).mean(axis=1) for votes, answer in zip(shown, answers, strict=True))
    return ProbeAnswers(answers, confidences, float(k), True)


def _threads(points: NDArray[np.float64]) -> "threadpool_limits":
    """The processor threads for fits on these points."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(None if points.size >= LARGE else 1)


class _Fit(NamedTuple):
    """How a logistic regression that only chooses is fitted: see the arguments of `fit_logistic`."""

    strength: float
    tolerance: float
    balanced: bool


def _log_loss(
    points: NDArray[np.float64],
    labels: NDArray[np.integer],
    fold: tuple[NDArray[np.int64], NDArray[np.int64]],
    how: _Fit,
) -> float:
    """Mean log-loss on the images held out whose individual was fitted; 0 if there is none."""
    fit, held_out = fold
    classes = np.unique(labels[fit])
    held_out = held_out[np.isin(labels[held_out], classes)]
    if not len(held_out) or len(classes) < 2:  # noqa: PLR2004 - nothing to tell apart
        return 0.0
    model = fit_logistic(points[fit], labels[fit], **how._asdict())
    probabilities = model.log_probabilities(points[held_out])
    return float(-probabilities[np.arange(len(held_out)), np.searchsorted(classes, labels[held_out])].mean())


def _votes(similarity: NDArray[np.float64], labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """(M, at most 20) the individuals of the nearest training images, nearest first; `similarity` is (M, N)."""
    votes: NDArray[np.integer] = labels[np.argsort(-similarity, axis=1, kind="stable")[:, : max(NEIGHBOURS)]]
    return votes


def _commonest(votes: NDArray[np.integer]) -> NDArray[np.int64]:
    """(M,) the commonest of each image's votes, (M, k), nearest first; of equally common ones the nearest."""
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    commonest = counts.argmax(axis=1)[:, None]
    answers: NDArray[np.int64] = np.take_along_axis(votes, commonest, axis=1)[:, 0].astype(np.int64)
    return answers
