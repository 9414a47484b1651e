"""Multinomial logistic regression with an L2 penalty, for many small fits: no checks, no copies."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_ITERATIONS = 5000
LINE_SEARCHES = 50
LEAST_DECREASE = 64 * float(np.finfo(np.float64).eps)
"""Relative decrease of the loss below which a fit ends."""


class Logistic(NamedTuple):
    """A fitted classifier.

    Attributes:
        classes: (K,) class numbers, ascending.
        weights: (K, R) of the coordinates.
        biases: (K,) logit of each individual where all coordinates are 0.
        converged: whether the fit reached its tolerance.
    """

    classes: NDArray[np.int64]
    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    converged: bool

    def logits(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(M, K) of points (M, R)."""
        return points @ self.weights.T + self.biases

    def log_probabilities(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(M, K), <= 0, of points (M, R)."""
        logits = self.logits(points)
        logits -= logits.max(axis=1, keepdims=True)
        log_probabilities: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return log_probabilities


def fit_logistic(
    points: NDArray[np.float64], labels: NDArray[np.integer], *, strength: float, tolerance: float, balanced: bool
) -> Logistic:
    """Fit by L-BFGS from zero, with the objective, the stopping rule and the result of scikit-learn.

    `sklearn.linear_model.LogisticRegression` spends more time on checking its input than on fitting a few hundred
    images, and a cross-validation within a cross-validation makes thousands of such fits. With two individuals the
    penalty counts twice, because there scikit-learn has one vector of weights, the difference of these two.

    Args:
        points: (N, R) training images.
        labels: (N,) class numbers, K >= 2 different ones.
        strength: inverse strength of the penalty (scikit-learn's `C`), > 0.
        tolerance: largest component of the gradient at which the fit ends, > 0.
        balanced: whether all individuals count the same, however many training images they have.
    """
    from scipy.optimize import minimize

    classes, column = np.unique(labels, return_inverse=True)
    (count, dimensions), individuals, images = points.shape, len(classes), np.arange(len(points))
    share = np.full(count, 1 / count)
    if balanced:
        share = (1 / (individuals * np.bincount(column)))[column]
    penalty = (2 if individuals == 2 else 1) / (strength * count)  # noqa: PLR2004 - see above

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The penalised mean log-loss, and its gradient."""
        weights = values.reshape(individuals, dimensions + 1)
        residuals = points @ weights[:, :-1].T + weights[:, -1]  # (N, K): logits, probabilities, then residuals
        residuals -= residuals.max(axis=1, keepdims=True)
        own = residuals[images, column]
        np.exp(residuals, out=residuals)
        sums = residuals.sum(axis=1)
        residuals /= sums[:, None]
        residuals[images, column] -= 1
        residuals *= share[:, None]
        gradient = np.empty_like(weights)
        np.matmul(residuals.T, points, out=gradient[:, :-1])
        gradient[:, :-1] += penalty * weights[:, :-1]
        gradient[:, -1] = residuals.sum(axis=0)
        return float(share @ (np.log(sums) - own) + penalty / 2 * (weights[:, :-1] ** 2).sum()), gradient.ravel()

    found = minimize(
        loss,
        np.zeros(individuals * (dimensions + 1)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MAX_ITERATIONS, "maxls": LINE_SEARCHES, "gtol": tolerance, "ftol": LEAST_DECREASE},
    )
    weights = found.x.reshape(individuals, dimensions + 1)
    return Logistic(classes.astype(np.int64), weights[:, :-1], weights[:, -1], bool(found.success))
