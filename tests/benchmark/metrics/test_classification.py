import numpy as np
import pytest
from sklearn import metrics

from benchmark.errors import InputError, RunError
from benchmark.metrics.classification import (
    balanced_accuracy,
    confusion_matrix,
    epoch_scores,
    individual_recall,
    predict,
    scores,
)


def test_hand_case() -> None:
    result = scores(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), classes=2)
    assert result.accuracy == 0.75
    assert result.recall == pytest.approx((2 / 3 + 1) / 2)
    assert result.f1 == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert result.images == 4


def test_a_class_without_images_counts_as_zero() -> None:
    result = scores(np.array([0, 1, 1]), np.array([0, 1, 1]), classes=4)
    assert (result.accuracy, result.recall, result.f1) == (1.0, 0.5, 0.5)


def test_equals_a_confusion_matrix_by_hand() -> None:
    random = np.random.default_rng(0)
    labels, predictions = random.integers(0, 5, (2, 200))
    matrix = metrics.confusion_matrix(labels, predictions, labels=range(5))
    recall, precision = np.diag(matrix) / matrix.sum(1), np.diag(matrix) / matrix.sum(0)
    result = scores(labels, predictions, classes=5)
    assert result.accuracy == pytest.approx(np.trace(matrix) / 200)
    assert result.recall == pytest.approx(recall.mean())
    assert result.f1 == pytest.approx((2 * precision * recall / (precision + recall)).mean())


def test_no_images_is_refused() -> None:
    with pytest.raises(InputError, match="no labelled image"):
        scores(np.array([], int), np.array([], int), classes=2)


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_outside_the_classes_are_refused(label: int) -> None:
    with pytest.raises(InputError, match=r"0\.\.2"):
        scores(np.array([0, label]), np.array([0, 0]), classes=3)


def test_predictions_outside_the_classes_are_refused_and_their_row_named() -> None:
    with pytest.raises(RunError, match="Row 1 is predicted as class 7"):
        scores(np.array([0, 1]), np.array([0, 7]), classes=2)


def test_another_number_of_predictions_is_refused() -> None:
    with pytest.raises(RunError, match="1 predictions for 2 images"):
        scores(np.array([0, 1]), np.array([0]), classes=2)


def test_predict_takes_the_highest_logit_and_of_equal_ones_the_first() -> None:
    logits = np.array([[0.1, 0.9, 0.3], [2.0, 1.0, 2.0], [-5.0, -5.0, -5.0]], np.float16)
    assert predict(logits).tolist() == [1, 0, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_predict_refuses_a_logit_that_is_not_finite_and_names_its_row(value: float) -> None:
    logits = np.zeros((5, 3), np.float32)
    logits[3, 1] = value
    with pytest.raises(RunError, match="row 3 "):
        predict(logits)


@pytest.mark.parametrize("shape", [(4,), (4, 0), (2, 2, 2)])
def test_predict_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(RunError, match="shape"):
        predict(np.zeros(shape))


def test_an_epoch_has_the_scores_of_its_predictions() -> None:
    labels, predictions = np.random.default_rng(3).integers(0, 4, (2, 60))
    expected = scores(labels, predictions, classes=5)
    names = np.array([2, 3, 5, 7, 11])
    epoch = epoch_scores(labels, predictions, names, epoch=3, loss=1.25)
    assert epoch.answers == tuple(names[predictions])
    assert (epoch.epoch, epoch.loss) == (3, 1.25)
    assert (epoch.accuracy, epoch.recall, epoch.f1) == (expected.accuracy, expected.recall, expected.f1)


def test_confusion_recall_and_balanced_accuracy_equal_scikit_learn() -> None:
    labels, predictions = np.random.default_rng(1).integers(0, 6, (2, 150))
    confusion = confusion_matrix(labels, predictions, classes=6)
    assert (confusion == metrics.confusion_matrix(labels, predictions, labels=range(6))).all()
    assert individual_recall(confusion) == pytest.approx(metrics.recall_score(labels, predictions, average=None))
    assert balanced_accuracy(confusion) == pytest.approx(metrics.balanced_accuracy_score(labels, predictions))


def test_an_individual_without_images_has_no_recall_and_no_part_in_the_balanced_accuracy() -> None:
    confusion = confusion_matrix(np.array([0, 0, 2], np.uint8), np.array([0, 1, 2]), classes=4)
    assert individual_recall(confusion) == (0.5, None, 1.0, None)
    assert balanced_accuracy(confusion) == 0.75
    assert confusion.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_the_confusion_matrix_refuses_what_scores_refuses() -> None:
    with pytest.raises(RunError, match="Row 1 is predicted as class 7"):
        confusion_matrix(np.array([0, 1]), np.array([0, 7]), classes=2)
