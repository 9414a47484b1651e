"""The best answer that is known without looking at the animal: what every accuracy has to beat."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.chance import best_guess


class Unseen(NamedTuple):
    """The best answer that is known without looking at the animal.

    Attributes:
        name: `chance` for any individual of training, `majority` for the commonest one, or a metadata column.
        correct: (N,) probability that it is right, for each image.
    """

    name: str
    correct: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        """Expected share of right answers."""
        return float(self.correct.mean())


def best_unseen(
    labels: NDArray[np.integer],
    train_images: NDArray[np.integer],
    baselines: Mapping[str, Sequence[float] | NDArray[np.float64]],
) -> Unseen:
    """Of the best guess and the baselines that see no image, the one that is right most often.

    Args:
        labels: (N,) class numbers, all of individuals in training, N >= 1.
        train_images: (classes,) number of training images of each individual.
        baselines: by name (N,) the probability that a group baseline is right (`GroupBaseline.correct`).

    Example:
        >>> labels, train_images = np.array([0, 1, 1]), np.array([5, 5])
        >>> best_unseen(labels, train_images, {}).name
        'chance'
        >>> best_unseen(labels, train_images, {"video": (1.0, 0.5, 1.0)}).name
        'video'
    """
    guess = best_guess(labels, train_images)
    share = 1 / int((train_images > 0).sum())
    answers = {"chance" if np.isclose(guess.mean(), share) else "majority": guess} | {
        name: np.array(correct) for name, correct in baselines.items()
    }
    return max((Unseen(name, correct) for name, correct in answers.items()), key=lambda one: one.accuracy)
