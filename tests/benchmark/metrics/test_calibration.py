import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.calibration import calibration_curve

from benchmark.errors import InputError, RunError
from benchmark.metrics.calibration import BINS, confidences, expected_calibration_error


def error_of(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    return expected_calibration_error(confidences(logits), logits.argmax(axis=1) == labels)


def test_equals_scikit_learns_reliability_curve() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 6, 500)
    logits = random.normal(size=(500, 6)) * 2 + 2 * np.eye(6)[labels]
    probabilities = softmax(logits, axis=1)
    right, confidence = probabilities.argmax(axis=1) == labels, probabilities.max(axis=1)
    accuracy, mean_confidence = calibration_curve(right, confidence, n_bins=BINS)
    counts = np.histogram(confidence, np.linspace(0, 1, BINS + 1))[0]
    expected = (counts[counts > 0] * np.abs(accuracy - mean_confidence)).sum() / 500
    assert expected_calibration_error(confidence, right) == pytest.approx(expected, abs=1e-12)
    assert error_of(logits, labels) == pytest.approx(expected, abs=1e-3)


def test_confident_and_right_is_calibrated_and_confident_and_wrong_is_not() -> None:
    logits = 100.0 * np.eye(3)
    assert error_of(logits, np.arange(3)) == 0
    assert error_of(logits, (np.arange(3) + 1) % 3) == 1


def test_answers_as_often_right_as_confident_are_calibrated() -> None:
    """A known truth: labels drawn from the very probabilities that are given."""
    random = np.random.default_rng(1)
    logits = random.normal(size=(20_000, 4))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1)
    assert error_of(logits, labels) < 0.02
    assert error_of(4 * logits, labels) > 0.2


def test_a_bin_holds_its_upper_edge() -> None:
    """Confidence 0.6 = 9/15 in the bin that ends there, apart from 0.65."""
    logits = np.log([[0.6, 0.4], [0.65, 0.35]])
    assert error_of(logits, np.array([0, 1])) == pytest.approx((0.4 + 0.65) / 2)


def test_shifted_logits_have_the_same_error() -> None:
    random = np.random.default_rng(2)
    logits, labels = random.normal(size=(60, 5)), random.integers(0, 5, 60)
    assert confidences(logits + 1e4) == pytest.approx(confidences(logits), abs=1e-4)
    assert error_of(logits + 1e4, labels) == pytest.approx(error_of(logits, labels), abs=1e-3)


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(InputError, match="no labelled image"):
        expected_calibration_error(np.zeros(0), np.zeros(0, bool))
    with pytest.raises(RunError, match="2 confidences for 3 answers"):
        expected_calibration_error(np.zeros(2), np.ones(3, bool))
