"""Scores of the classifiers: on validation and test images, and by region variant."""

import csv
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.calibration import expected_calibration_error
from benchmark.metrics.classification import (
    balanced_accuracy,
    confusion_matrix,
    epoch_scores,
    individual_recall,
    never_above_chance,
    predict,
    scores,
)
from benchmark.protocol import ResolvedProtocol
from benchmark.records.classification import Classification, Scores
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
    epochs = tuple(
        epoch_scores(
            validation,
            predict(logits[:, classes]),
            len(classes),
            epoch=int(row["epoch"]),
            loss=float(row["loss"]),
        )
        for row, logits in zip(history(training), np.load(training.file(job_files.VALIDATION_LOGITS)), strict=True)
    )
    answers = _answers(prediction, test_set)
    labels, answered = (test_set.numbered(numbers[known]) for numbers in (test_set.labels, answers))
    confusion = confusion_matrix(test_set.labels[known], answers[known], test_set.classes)
    probes = crops.probes(protocol.cam.probes_per_individual)
    return Classification(
        test=scores(labels, answered, len(classes)),
        validation=epochs,
        probe_localisation=localisation.after_epochs(training, crops, probes),
        probe_area=localisation.probe_area(training, crops, probes),
        answers=tuple(answers.tolist()),
        balanced_accuracy=balanced_accuracy(confusion),
        individual_recall=individual_recall(confusion),
        intervals=test_set.score_intervals(answers),
        never_above_chance=never_above_chance([epoch.accuracy for epoch in epochs], validation),
        localisation=localisation.on_test_images(prediction, test_set, protocol.cam.method),
        better_than_chance=test_set.better_than_chance(answers),
        calibration_error=expected_calibration_error(_logits(prediction, test_set)[known], labels),
    )


def ablation(classifiers: Classifiers, test_set: TestSet, most: int) -> dict[Mode, dict[RegionVariant, Scores]]:
    """Test scores by mode and region variant, on the first `most` known test images of each individual."""
    known = np.flatnonzero(test_set.known)
    rows = known[first_of_each(test_set.labels[known], most)]
    labels = test_set.numbered(test_set.labels[rows])

    def of(classifier: Classifier) -> Scores:
        answers = test_set.numbered(_answers(classifier.prediction, test_set)[rows])
        return scores(labels, answers, len(test_set.train_classes))

    return {mode: {name: of(one) for name, one in variants.items()} for mode, variants in classifiers.items()}


def validation(classifiers: Classifiers, test_set: TestSet) -> dict[Mode, dict[RegionVariant, Scores]]:
    """Validation scores after the last epoch by mode and region variant; they were used for no choice."""
    classes = test_set.train_classes
    labels = test_set.numbered(test_set.crops.rows("val").labels)

    def of(classifier: Classifier) -> Scores:
        logits = np.load(classifier.training.file(job_files.VALIDATION_LOGITS))[-1]
        return scores(labels, predict(logits[:, classes]), len(classes))

    return {mode: {name: of(one) for name, one in variants.items()} for mode, variants in classifiers.items()}


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
