"""Scores of the classifiers: on validation and test images, and by region variant."""

import csv
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.calibration import confidences, expected_calibration_error
from benchmark.metrics.classification import (
    balanced_accuracy,
    confusion_matrix,
    epoch_scores,
    individual_recall,
    predict,
    scores,
)
from benchmark.protocol import ResolvedProtocol
from benchmark.records.classification import Classification, VariantScores
from benchmark.splitting.sampling import first_of_each
from benchmark.vocabulary import Mode, RegionVariant
from harness.execution import job_files
from harness.execution.results import Classifier, StageResult
from harness.scoring import localisation
from harness.scoring.test_set import TestSet

Classifiers = Mapping[Mode, Mapping[RegionVariant, Classifier]]
"""Classifiers by mode and region variant."""


def score(classifier: Classifier, test_set: TestSet, protocol: ResolvedProtocol) -> Classification:
    """Validation scores after every epoch, test scores, and the localisation of the CAMs.

    Only test images of individuals in training are scored: no other can be named.

    Args:
        classifier: trained on whole images.
        test_set: the test images.
        protocol: of the run.
    """
    training, prediction = classifier.training, classifier.prediction
    crops, classes, known = test_set.crops, test_set.train_classes, test_set.known
    validation = test_set.numbered(crops.rows("val").labels)
    validated = [predict(logits[:, classes]) for logits in np.load(training.file(job_files.VALIDATION_LOGITS))]
    epochs = tuple(
        epoch_scores(validation, answers, classes, epoch=int(row["epoch"]), loss=float(row["loss"]))
        for row, answers in zip(history(training), validated, strict=True)
    )
    answers = _answers(prediction, test_set)
    confidence = confidences(_logits(prediction, test_set))
    labels, answered = (test_set.numbered(numbers[known]) for numbers in (test_set.labels, answers))
    confusion = confusion_matrix(test_set.labels[known], answers[known], test_set.classes)
    probes = crops.probes(protocol.cam.probes_per_individual)
    return Classification(
        test=scores(labels, answered, len(classes)),
        validation=epochs,
        probe_localisation=localisation.on_probes(training, crops, probes, protocol.cam.method),
        answers=tuple(answers.tolist()),
        confidences=tuple(confidence.tolist()),
        balanced_accuracy=balanced_accuracy(confusion),
        individual_recall=individual_recall(confusion),
        intervals=test_set.score_intervals(answers),
        never_above_chance=test_set.never_above_chance(classes[np.stack(validated)]),
        localisations=localisation.on_test_images(prediction, test_set, protocol.cam.methods),
        calibration_error=expected_calibration_error(confidence[known], (answers == test_set.labels)[known]),
    )


def ablated(test_set: TestSet, most: int) -> NDArray[np.int64]:
    """Indices of the test images of the region ablation: the first `most` known ones of each individual."""
    known = np.flatnonzero(test_set.known)
    rows: NDArray[np.int64] = known[first_of_each(test_set.labels[known], most)]
    return rows


def ablation(
    classifiers: Classifiers, test_set: TestSet, rows: NDArray[np.int64]
) -> dict[Mode, dict[RegionVariant, VariantScores]]:
    """Test scores by mode and region variant.

    Args:
        classifiers: by mode and region variant.
        test_set: the test images.
        rows: indices of those that are scored.

    Returns:
        Nothing for a mode that is trained on whole images alone.
    """

    def of(classifier: Classifier) -> VariantScores:
        answers = _answers(classifier.prediction, test_set)
        return _variant_scores(classifier, test_set, test_set.labels, answers, rows)

    return {
        mode: {name: of(one) for name, one in variants.items()}
        for mode, variants in classifiers.items()
        if len(variants) > 1
    }


def validation(classifiers: Classifiers, test_set: TestSet) -> dict[Mode, dict[RegionVariant, VariantScores]]:
    """Validation scores after the last epoch by mode and region variant; they were used for no choice."""
    labels = test_set.crops.rows("val").labels

    def of(classifier: Classifier) -> VariantScores:
        logits = np.load(classifier.training.file(job_files.VALIDATION_LOGITS))[-1]
        answers = test_set.train_classes[predict(logits[:, test_set.train_classes])]
        return _variant_scores(classifier, test_set, labels, answers, np.arange(len(labels)))

    return {mode: {name: of(one) for name, one in variants.items()} for mode, variants in classifiers.items()}


def _variant_scores(
    classifier: Classifier,
    test_set: TestSet,
    labels: NDArray[np.int64],
    answers: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> VariantScores:
    """Scores on some images, with the answers to all of them and the training losses.

    Args:
        classifier: trained on a region variant.
        test_set: gives the individuals in training.
        labels: (N,) class numbers.
        answers: (N,) class numbers.
        rows: indices of the images that are scored.
    """
    truth, answered = (test_set.numbered(numbers[rows]) for numbers in (labels, answers))
    return VariantScores(
        **scores(truth, answered, len(test_set.train_classes)).model_dump(),
        answers=tuple(answers.tolist()),
        losses=tuple(float(row["loss"]) for row in history(classifier.training)),
    )


def history(training: StageResult) -> list[dict[str, str]]:
    """The rows of a training's history.csv."""
    with training.file(job_files.HISTORY).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _logits(prediction: StageResult, test_set: TestSet) -> NDArray[np.float32]:
    """(N, K) logits of the individuals in training for each test image."""
    logits: NDArray[np.float32] = np.load(prediction.file(job_files.LOGITS))[:, test_set.train_classes]
    return logits


def _answers(prediction: StageResult, test_set: TestSet) -> NDArray[np.int64]:
    """(N,) class number answered for each test image; only individuals in training are answered."""
    answers: NDArray[np.int64] = test_set.train_classes[predict(_logits(prediction, test_set))]
    return answers
