import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics

from benchmark.errors import InputError, RunError
from benchmark.metrics.classification import predict, scores


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


def test_at_chance_turns_where_the_binomial_tail_falls_below_five_per_cent() -> None:
    labels = np.repeat([0, 1, 2, 3], [40, 20, 20, 20])  # the commonest has a share of 0.4
    threshold = next(correct for correct in range(101) if binom.sf(correct - 1, 100, 0.4) < 0.05)
    for correct, at_chance in ((threshold - 1, True), (threshold, False)):
        predictions = np.where(np.arange(100) < correct, labels, (labels + 1) % 4)
        assert scores(labels, predictions, classes=4).at_chance is at_chance


def test_always_answering_the_commonest_is_chance_even_alone() -> None:
    assert scores(np.zeros(50, int), np.zeros(50, int), classes=1).at_chance


def test_no_images_is_refused() -> None:
    with pytest.raises(InputError, match="no labelled image"):
        scores(np.array([], int), np.array([], int), classes=2)


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_outside_the_classes_are_refused(label: int) -> None:
    with pytest.raises(InputError, match=r"0\.\.2"):
        scores(np.array([0, label]), np.array([0, 0]), classes=3)


def test_predictions_outside_the_classes_are_refused_with_their_row() -> None:
    with pytest.raises(RunError, match="Row 1 is predicted as class 7"):
        scores(np.array([0, 1]), np.array([0, 7]), classes=2)


def test_another_number_of_predictions_is_refused() -> None:
    with pytest.raises(RunError, match="1 predictions for 2 images"):
        scores(np.array([0, 1]), np.array([0]), classes=2)


def test_predict_takes_the_highest_and_of_equals_the_first() -> None:
    logits = np.array([[0.1, 0.9, 0.3], [2.0, 1.0, 2.0], [-5.0, -5.0, -5.0]], np.float16)
    assert predict(logits).tolist() == [1, 0, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_predict_refuses_what_is_not_finite_with_its_row(value: float) -> None:
    logits = np.zeros((5, 3), np.float32)
    logits[3, 1] = value
    with pytest.raises(RunError, match="row 3 "):
        predict(logits)


@pytest.mark.parametrize("shape", [(4,), (4, 0), (2, 2, 2)])
def test_predict_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(RunError, match="shape"):
        predict(np.zeros(shape))
