"""How well predictions name the individuals."""

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.records import Scores

SIGNIFICANCE = 0.05
"""A score is better than chance when chance alone reaches it less often than this."""


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
        at_chance=_at_chance(correct, labels),
    )


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


def _at_chance(correct: int, labels: NDArray[np.integer]) -> bool:
    from scipy.stats import binomtest

    commonest = int(np.bincount(labels).max())
    test = binomtest(correct, len(labels), commonest / len(labels), alternative="greater")
    return bool(test.pvalue >= SIGNIFICANCE)
