"""Simulated answers of a classifier, right or wrong."""

import numpy as np
from numpy.typing import NDArray


def clustered_answers(
    random: np.random.Generator, accuracy: float, agreement: float, units: int, images: int
) -> NDArray[np.bool_]:
    """Right or wrong for each image, unit after unit: shares of right answers in a unit are beta distributed.

    Args:
        random: generator.
        accuracy: expected share of right answers.
        agreement: intraclass correlation of the answers within a unit, in (0, 1).
        units: number of units.
        images: number of images in each unit.
    """
    spread = (1 - agreement) / agreement
    shares = random.beta(accuracy * spread, (1 - accuracy) * spread, units)
    return random.random(units * images) < np.repeat(shares, images)
