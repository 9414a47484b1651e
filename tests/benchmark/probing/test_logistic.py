"""Logistic regression against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from benchmark.probing.logistic import fit_logistic


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("individuals", [2, 5])
@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
def test_equals_scikit_learn(individuals: int, strength: float, balanced: bool) -> None:
    random = np.random.default_rng(individuals)
    labels = 3 * np.minimum(random.integers(0, individuals + 2, 60), individuals - 1)  # the last is the commonest
    points = random.normal(size=(60, 12)) + random.normal(size=(20, 12))[labels]
    theirs = LogisticRegression(
        C=strength, tol=1e-10, max_iter=5000, class_weight="balanced" if balanced else None
    ).fit(points, labels)
    ours = fit_logistic(points, labels, strength=strength, tolerance=1e-10, balanced=balanced)
    shown = random.normal(size=(30, 12))
    assert ours.classes.tolist() == theirs.classes_.tolist()
    np.testing.assert_allclose(ours.log_probabilities(shown), theirs.predict_log_proba(shown), atol=1e-3, rtol=1e-3)
    if individuals > 2:
        np.testing.assert_allclose(ours.logits(shown), theirs.decision_function(shown), atol=1e-3, rtol=1e-3)


def test_logits_of_two_add_up_to_zero() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    fitted = fit_logistic(points, np.arange(20) % 2, strength=1.0, tolerance=1e-6, balanced=False)
    assert fitted.logits(points).sum(axis=1) == pytest.approx(0)
    assert fitted.converged


def test_far_points_have_finite_log_probabilities() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    fitted = fit_logistic(points, np.arange(20) % 4, strength=1e3, tolerance=1e-6, balanced=False)
    assert np.isfinite(fitted.log_probabilities(1e6 * points)).all()
