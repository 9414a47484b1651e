"""Answers of both probes to every testable photo, by probes that were fitted without the photo's group."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.cross_validation.folding import Fold, Folding
from benchmark.probing.coordinates import Cosines, cosines, reduce
from benchmark.probing.probes import (
    choose_neighbours,
    choose_strength,
    fitted_linear_probe,
    fitted_nearest_neighbour_probe,
)
from benchmark.vocabulary import RegionVariant

NO_ANSWER = -1
"""Answer to a photo that is not tested."""


class OutOfFoldAnswers(NamedTuple):
    """Answers to all photos in each draw of folds, each by probes that were fitted on other groups.

    Attributes:
        linear: (S, N) int64, class number that the linear probe answers; `NO_ANSWER` for a photo that is not tested.
        confidence: (S, N) float64, probability of that answer; NaN for a photo that is not tested.
        strength: (S, N) float64, inverse strength of the penalty of the probe that answers; NaN likewise.
        nearest: (S, N) int64, class number that the nearest neighbours answer.
        reliance: the linear probe's answers by region variant, fitted on whole photos and shown one region.
        information: the same, fitted on the region and shown it.
    """

    linear: NDArray[np.int64]
    confidence: NDArray[np.float64]
    strength: NDArray[np.float64]
    nearest: NDArray[np.int64]
    reliance: dict[RegionVariant, NDArray[np.int64]]
    information: dict[RegionVariant, NDArray[np.int64]]


class Photos(NamedTuple):
    """What the probes are fitted on and shown.

    Attributes:
        whole: (N, D) embeddings of whole photos, finite.
        regions: (N, D) of region variants; empty without regions.
        labels: (N,) class numbers.
        groups: (N,) groups that stay on one side of a fold.
    """

    whole: NDArray[np.floating]
    regions: Mapping[RegionVariant, NDArray[np.floating]]
    labels: NDArray[np.integer]
    groups: NDArray[np.integer]


def cross_validate(
    photos: Photos,
    folds: Folding,
    *,
    seed: int,
    on_fold: Callable[[int, int], None] = lambda _done, _total: None,
) -> OutOfFoldAnswers:
    """Fit both probes on the photos outside each fold, and let them answer the photos inside.

    The strength of the linear probe's penalty and the number of neighbours are chosen within the photos outside all
    folds of a block (nested cross-validation), so no photo chooses anything for itself.

    Args:
        photos: what the probes are fitted on and shown.
        folds: of the photos, in one draw or several.
        seed: of the folds within.
        on_fold: called with (folds done, folds).
    """
    shape = len(folds.draws), len(photos.labels)
    answers = OutOfFoldAnswers(
        linear=np.full(shape, NO_ANSWER),
        confidence=np.full(shape, np.nan),
        strength=np.full(shape, np.nan),
        nearest=np.full(shape, NO_ANSWER),
        reliance={variant: np.full(shape, NO_ANSWER) for variant in photos.regions},
        information={variant: np.full(shape, NO_ANSWER) for variant in photos.regions},
    )
    similarity = cosines(photos.whole).train
    done, total = 0, sum(map(len, folds.draws))
    for draw, parts in enumerate(folds.draws):
        blocks: defaultdict[int, list[Fold]] = defaultdict(list)
        for fold in parts:
            blocks[fold.block].append(fold)
        for block in blocks.values():
            choice = _choose(photos, similarity, block, seed)
            for fold in block:
                if len(fold.test) and len(np.unique(photos.labels[fold.fit])) > 1:
                    _answer(photos, similarity, fold, choice, answers, draw)
                done += 1
                on_fold(done, total)
    return answers


def settled(
    answers: NDArray[np.int64], confidence: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The answer that most draws give to each photo, (N,), and its mean probability over the draws, (N,).

    Of equally frequent answers the one with the higher probability is taken. A draw that gives another answer counts
    as probability 0, so a photo is named surely only if every draw does.

    Args:
        answers: (S, N) class numbers; `NO_ANSWER` for a photo that is not tested.
        confidence: (S, N) probability of each; NaN for a photo that is not tested.

    Example:
        >>> settled(np.array([[2, 0], [2, 1], [0, 1]]), np.array([[0.6, 0.3], [0.6, 0.4], [0.9, 0.5]]))
        (array([2, 1]), array([0.4, 0.3]))
    """
    same = answers[:, None, :] == answers[None, :, :]  # (S, S, N)
    votes, certainty = same.sum(axis=1), (same * confidence[None]).sum(axis=1) / len(answers)
    chosen = np.lexsort((certainty, votes), axis=0)[-1]
    photos = np.arange(answers.shape[1])
    return answers[chosen, photos], certainty[chosen, photos]


class _Choice(NamedTuple):
    """What is chosen for the folds of a block: strengths of penalties, and the number of neighbours."""

    whole: float
    regions: dict[RegionVariant, float]
    neighbours: int


def _choose(photos: Photos, similarity: NDArray[np.float64], block: Sequence[Fold], seed: int) -> _Choice:
    """Choose by the photos that no fold of the block tests.

    Args:
        photos: what the probes are fitted on.
        similarity: (N, N) cosines of whole photos.
        block: its folds.
        seed: of the folds within.
    """
    fit = np.array(sorted(set.intersection(*(set(fold.fit.tolist()) for fold in block))), dtype=np.int64)
    labels, groups = photos.labels[fit], photos.groups[fit]

    def strength(embeddings: NDArray[np.floating]) -> float:
        return choose_strength(_standardised(embeddings[fit]), labels, groups, seed, balanced=True)

    return _Choice(
        strength(photos.whole),
        {variant: strength(part) for variant, part in photos.regions.items()},
        choose_neighbours(similarity[np.ix_(fit, fit)], labels, groups, seed),
    )


def _standardised(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """Coordinates of photos to be fitted on."""
    return reduce(embeddings).train


def _answer(
    photos: Photos,
    similarity: NDArray[np.float64],
    fold: Fold,
    choice: _Choice,
    answers: OutOfFoldAnswers,
    draw: int,
) -> None:
    """Fit the probes of one fold, and write their answers into those of the draw.

    Args:
        photos: what the probes are fitted on and shown.
        similarity: (N, N) cosines of whole photos.
        fold: what is fitted and what is tested.
        choice: for the folds of its block.
        answers: of all photos.
        draw: its number.
    """
    fit, test, _ = fold
    labels = photos.labels[fit]
    whole = reduce(photos.whole[fit], photos.whole[test], *(part[test] for part in photos.regions.values()))
    probe = fitted_linear_probe(whole, labels, choice.whole, balanced=True)
    near = Cosines(similarity[np.ix_(fit, fit)], (similarity[np.ix_(test, fit)],))
    answers.linear[draw, test], *shown = probe.answers
    answers.confidence[draw, test] = probe.confidences[0]
    answers.strength[draw, test] = choice.whole
    answers.nearest[draw, test] = fitted_nearest_neighbour_probe(near, labels, choice.neighbours).answers[0]
    for (variant, part), relied in zip(photos.regions.items(), shown, strict=True):
        pair = reduce(part[fit], part[test])
        alone = fitted_linear_probe(pair, labels, choice.regions[variant], balanced=True)
        answers.reliance[variant][draw, test] = relied
        answers.information[variant][draw, test] = alone.answers[0]
