"""Answers of both probes to every testable photo, by probes that were fitted without the photo's group."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.cross_validation.schemes import Scheme, outer_folds
from benchmark.probing.coordinates import reduce
from benchmark.probing.probes import linear_probe, nearest_neighbour_probe
from benchmark.vocabulary import RegionVariant

NO_ANSWER = -1
"""Answer to a photo that is not tested."""


class OutOfFoldAnswers(NamedTuple):
    """Answers to all photos, each by probes that were fitted on other groups.

    Attributes:
        linear: (N,) int64, class number that the linear probe answers; `NO_ANSWER` for a photo that is not tested.
        confidence: (N,) float64, probability of that answer; NaN for a photo that is not tested.
        nearest: (N,) int64, class number that the nearest neighbours answer.
        reliance: the linear probe's answers by region variant, fitted on whole photos and shown one region.
        information: the same, fitted on the region and shown it.
    """

    linear: NDArray[np.int64]
    confidence: NDArray[np.float64]
    nearest: NDArray[np.int64]
    reliance: dict[RegionVariant, NDArray[np.int64]]
    information: dict[RegionVariant, NDArray[np.int64]]


def cross_validate(
    embeddings: NDArray[np.floating],
    regions: Mapping[RegionVariant, NDArray[np.floating]],
    labels: NDArray[np.integer],
    scheme: Scheme,
    *,
    seed: int,
    on_fold: Callable[[int, int], None] = lambda _done, _total: None,
) -> OutOfFoldAnswers:
    """Fit both probes on the photos outside each fold, and let them answer the photos inside.

    The strength of the linear probe's penalty and the number of neighbours are chosen within the photos outside the
    fold (nested cross-validation), so no photo chooses anything for itself.

    Args:
        embeddings: (N, D) of whole photos, finite.
        regions: (N, D) of region variants; empty without regions.
        labels: (N,) class numbers.
        scheme: whose groups stay on one side of a fold.
        seed: of the folds.
        on_fold: called with (folds done, folds).
    """
    count = len(labels)
    linear, nearest = np.full(count, NO_ANSWER), np.full(count, NO_ANSWER)
    confidence = np.full(count, np.nan)
    reliance = {variant: np.full(count, NO_ANSWER) for variant in regions}
    information = {variant: np.full(count, NO_ANSWER) for variant in regions}
    folds = outer_folds(labels, scheme, seed)
    for done, (fit, test) in enumerate(folds, start=1):
        if len(test) and len(np.unique(labels[fit])) > 1:
            known, groups = labels[fit], scheme.groups[fit]
            whole = reduce(embeddings[fit], embeddings[test], *(part[test] for part in regions.values()))
            probe = linear_probe(whole, known, groups, seed, balanced=True)
            linear[test], *shown = probe.answers
            confidence[test] = probe.confidences[0]
            nearest[test] = nearest_neighbour_probe(whole, known, groups, seed).answers[0]
            for (variant, part), answers in zip(regions.items(), shown, strict=True):
                reliance[variant][test] = answers
                pair = reduce(part[fit], part[test])
                information[variant][test] = linear_probe(pair, known, groups, seed, balanced=True).answers[0]
        on_fold(done, len(folds))
    return OutOfFoldAnswers(linear, confidence, nearest, reliance, information)
