"""How well predictions name the individuals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.records.classification import Scores

SIGNIFICANCE = 0.05
"""A score is better than chance when chance alone reaches it less often than this."""


class Averages(NamedTuple):
    """Scores in [0, 1], of any leading shape.

    Attributes:
        accuracy: share of images given their own identity.
        balanced_accuracy: mean recall of the individuals that have images.
        recall: mean recall of all individuals; of one without images it is 0.
        f1: mean F1 of all individuals; of one without images it is 0.
    """

    accuracy: NDArray[np.float64]
    balanced_accuracy: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]


class Detail(NamedTuple):
    """What the averages hide.

    Attributes:
        balanced_accuracy: mean recall of the individuals that have images.
        recall: (classes,) share of each individual's images given its identity; NaN for one without images.
        confusion: (classes, classes) images by true individual (row) and predicted one (column).
    """

    balanced_accuracy: float
    recall: NDArray[np.float64]
    confusion: NDArray[np.int64]


def predict(logits: NDArray[np.floating]) -> NDArray[np.int64]:
    """The class with the highest logit of each row; among equal logits the lowest class number.

    Args:
        logits: (N, C), any floating dtype, finite.

    Returns:
        (N,) class numbers in [0, C).

    Raises:
        RunError: the array is not (N, C), or a logit is not finite.
    """
    if logits.ndim != 2 or logits.shape[1] == 0:  # noqa: PLR2004 - (N, C)
        raise RunError(
            f"The logits have shape {logits.shape}; (images, classes) is needed. Mend the backbone's encode."
        )
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if bad.size:
        raise RunError(
            f"The logits of row {bad[0]} are not finite ({bad.size} such rows of {len(logits)}); "
            "the training has probably diverged. Lower the learning rate or mend the backbone."
        )
    highest: NDArray[np.int64] = np.argmax(logits, axis=1).astype(np.int64)
    return highest


def scores(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> Scores:
    """Accuracy, macro recall and macro F1, and whether the accuracy could be chance.

    The macro averages run over all `classes`; one that is never right, or that no image shows, counts as 0
    (scikit-learn's `labels=range(classes), zero_division=0`).

    Args:
        labels: (N,) true class numbers in [0, classes), N >= 1.
        predictions: (N,) predicted class numbers in [0, classes).
        classes: number of individuals.

    Raises:
        InputError: no label at all, or one outside [0, classes).
        RunError: another number of predictions than of labels, or one outside [0, classes).
    """
    from sklearn.metrics import f1_score, recall_score

    _refuse_unusable(labels, predictions, classes)
    macro = {"labels": range(classes), "average": "macro", "zero_division": 0}
    correct = int((labels == predictions).sum())
    return Scores(
        accuracy=correct / len(labels),
        recall=float(recall_score(labels, predictions, **macro)),
        f1=float(f1_score(labels, predictions, **macro)),
        images=len(labels),
        at_chance=_at_chance(correct, labels, SIGNIFICANCE),
    )


def detail(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> Detail:
    """Balanced accuracy, recall of each individual, confusion matrix; arguments and errors as `scores`."""
    _refuse_unusable(labels, predictions, classes)
    flat = labels.astype(np.int64) * classes + predictions
    confusion = np.bincount(flat, minlength=classes**2).reshape(classes, classes)
    images, hits = confusion.sum(axis=1), confusion.diagonal()
    recall = np.divide(hits, images, out=np.full(classes, np.nan), where=images > 0)
    return Detail(float(np.nanmean(recall)), recall, confusion)


def averages(
    hits: NDArray[np.number], images: NDArray[np.number], answers: NDArray[np.number], shown: int | None = None
) -> Averages:
    """The scores of many weighted or expected confusion matrices at once.

    Args:
        hits: (..., classes) weight of each individual's images that are given its identity.
        images: (..., classes) weight of its images; at least one is above 0.
        answers: (..., classes) weight of all images that are given its identity.
        shown: how many individuals have images in the whole set, for a part of it that shows fewer: those
            left out count in no mean, where an individual that the whole set does not show counts as 0. None =
            this is the whole set.
    """
    seen = images > 0
    present = seen.sum(axis=-1)
    zero = np.zeros(np.broadcast_shapes(hits.shape, images.shape))
    recall = np.divide(hits, images, out=zero.copy(), where=seen).sum(axis=-1) / present
    f1 = np.divide(2 * hits, images + answers, out=zero, where=seen).sum(axis=-1) / present
    share = (present if shown is None else shown) / images.shape[-1]
    return Averages(hits.sum(axis=-1) / images.sum(axis=-1), recall, recall * share, f1 * share)


def never_above_chance(accuracies: Sequence[float], labels: NDArray[np.integer]) -> bool:
    """Whether a training was at chance in every epoch, by its accuracy on the validation images.

    Each epoch's number of right answers is tested as `Scores.at_chance` is (exact, one-sided binomial test
    against the share of the commonest individual), at 5 % divided by the number of epochs: of many epochs the
    best is above chance by chance.

    Args:
        accuracies: one for each epoch, at least one, in [0, 1].
        labels: (N,) true class numbers of the validation images, N >= 1.

    Raises:
        InputError: there is no epoch or no image, or an accuracy is not in [0, 1].
    """
    if not len(accuracies) or not len(labels):
        raise InputError(
            f"There are {len(accuracies)} epochs and {len(labels)} validation images; one of each is needed."
        )
    wrong = [accuracy for accuracy in accuracies if not 0 <= accuracy <= 1]
    if wrong:
        raise InputError(
            f"An epoch's validation accuracy is {wrong[0]}; it must lie in [0, 1]. Run the training again."
        )
    best = round(max(accuracies) * len(labels))
    return _at_chance(best, labels, SIGNIFICANCE / len(accuracies))


def _refuse_unusable(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> None:
    if len(labels) == 0:
        raise InputError("There is no labelled image to score. Choose a split whose test part is not empty.")
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"The labels run from {labels.min()} to {labels.max()}; with {classes} individuals they must lie "
            f"in 0..{classes - 1}. Pack the data set again."
        )
    if predictions.shape != labels.shape:
        raise RunError(
            f"There are {len(predictions)} predictions for {len(labels)} images; "
            "the backbone must answer every image once, in the order given."
        )
    bad = np.flatnonzero((predictions < 0) | (predictions >= classes))
    if bad.size:
        raise RunError(
            f"Row {bad[0]} is predicted as class {predictions[bad[0]]}; with {classes} individuals a class "
            f"must lie in 0..{classes - 1}. Mend the width of the backbone's head."
        )


def _at_chance(correct: int, labels: NDArray[np.integer], significance: float) -> bool:
    from scipy.stats import binomtest

    commonest = int(np.bincount(labels).max())
    test = binomtest(correct, len(labels), commonest / len(labels), alternative="greater")
    return bool(test.pvalue >= significance)
