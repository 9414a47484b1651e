"""Classification scores: predictions against true identities."""

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.records.classification import EpochScores, Scores


def predict(logits: NDArray[np.floating]) -> NDArray[np.int64]:
    """The class with the highest logit of each row; among equal logits the lowest class number.

    Args:
        logits: (N, C), any floating dtype, finite.

    Returns:
        (N,) class numbers in [0, C).

    Raises:
        RunError: the array is not (N, C), or a logit is not finite.

    Example:
        >>> predict(np.array([[0.1, 0.9], [2.0, 2.0]]))
        array([1, 0])
    """
    if logits.ndim != 2 or logits.shape[1] == 0:  # noqa: PLR2004 - (N, C)
        raise RunError(
            f"The logits have shape {logits.shape}; (images, classes) is needed. Fix the backbone's `encode`."
        )
    bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if bad.size:
        raise RunError(
            f"The logits of row {bad[0]} are not finite ({bad.size} such rows of {len(logits)}); "
            "the training has probably diverged. Lower the learning rate or fix the backbone."
        )
    highest: NDArray[np.int64] = np.argmax(logits, axis=1).astype(np.int64)
    return highest


def scores(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> Scores:
    """Accuracy, macro recall and macro F1.

    The macro averages run over all `classes`; a class without images, or without a correct answer, counts as 0
    (scikit-learn's `labels=range(classes), zero_division=0`).

    Args:
        labels: (N,) true class numbers in [0, classes), N >= 1.
        predictions: (N,) predicted class numbers in [0, classes).
        classes: number of individuals.

    Raises:
        InputError: there is no label, or one is outside [0, classes).
        RunError: the number of predictions differs from that of labels, or one is outside [0, classes).

    Example:
        >>> scores(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), classes=2).accuracy
        0.75
    """
    accuracy, recall, f1 = _macro(labels, predictions, classes)
    return Scores(accuracy=accuracy, recall=recall, f1=f1, images=len(labels))


def epoch_scores(
    labels: NDArray[np.integer],
    predictions: NDArray[np.integer],
    names: NDArray[np.integer],
    *,
    epoch: int,
    loss: float,
) -> EpochScores:
    """Validation scores after one epoch.

    Args:
        labels: (N,) true individuals, as indices into `names`.
        predictions: (N,) predicted individuals, as indices into `names`.
        names: (C,) class numbers of the individuals that can be the answer.
        epoch: number of the epoch, from 1.
        loss: mean training loss of the epoch, in nats.

    Raises:
        InputError: as `scores`.
        RunError: as `scores`.
    """
    accuracy, recall, f1 = _macro(labels, predictions, len(names))
    answers = tuple(names[predictions].tolist())
    return EpochScores(epoch=epoch, loss=loss, accuracy=accuracy, recall=recall, f1=f1, answers=answers)


def confusion_matrix(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """(classes, classes) numbers of images by true individual (row) and predicted one (column).

    Args:
        labels: as `scores`.
        predictions: as `scores`.
        classes: as `scores`.

    Raises:
        InputError: as `scores`.
        RunError: as `scores`.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=2).tolist()
        [[1, 1], [0, 1]]
    """
    _refuse_unusable(labels, predictions, classes)
    flat = labels.astype(np.int64) * classes + predictions
    return np.bincount(flat, minlength=classes**2).reshape(classes, classes)


def individual_recall(confusion: NDArray[np.integer]) -> tuple[float | None, ...]:
    """Share of each individual's images given its identity; None for an individual without images.

    Args:
        confusion: (classes, classes) from `confusion_matrix`.

    Example:
        >>> individual_recall(np.array([[1, 1], [0, 0]]))
        (0.5, None)
    """
    rows = zip(confusion.diagonal().tolist(), confusion.sum(axis=1).tolist(), strict=True)
    return tuple(hits / images if images else None for hits, images in rows)


def balanced_accuracy(confusion: NDArray[np.integer]) -> float:
    """Mean recall of the individuals that have images.

    Args:
        confusion: (classes, classes) from `confusion_matrix`.

    Example:
        >>> balanced_accuracy(np.array([[1, 1, 0], [0, 3, 0], [0, 0, 0]]))
        0.75
    """
    return float(np.mean([recall for recall in individual_recall(confusion) if recall is not None]))


def _macro(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> tuple[float, float, float]:
    """Accuracy, macro recall and macro F1."""
    from sklearn.metrics import f1_score, recall_score

    _refuse_unusable(labels, predictions, classes)
    macro = {"labels": range(classes), "average": "macro", "zero_division": 0}
    accuracy = int((labels == predictions).sum()) / len(labels)
    return accuracy, float(recall_score(labels, predictions, **macro)), float(f1_score(labels, predictions, **macro))


def _refuse_unusable(labels: NDArray[np.integer], predictions: NDArray[np.integer], classes: int) -> None:
    if len(labels) == 0:
        raise InputError("There is no labelled image to score. Choose a split whose test part is not empty.")
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"The labels run from {labels.min()} to {labels.max()}; with {classes} individuals they must be "
            f"in 0..{classes - 1}. Pack the data set again."
        )
    if predictions.shape != labels.shape:
        raise RunError(
            f"There are {len(predictions)} predictions for {len(labels)} images; "
            "the backbone must answer every image once, in the order of the job."
        )
    bad = np.flatnonzero((predictions < 0) | (predictions >= classes))
    if bad.size:
        raise RunError(
            f"Row {bad[0]} is predicted as class {predictions[bad[0]]}; with {classes} individuals a class "
            f"must be in 0..{classes - 1}. Fix the width of the backbone's head."
        )
