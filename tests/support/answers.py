"""Simulated answers of a classifier, right or wrong."""

import numpy as np
from numpy.typing import NDArray

UNIT_SPREAD = 0.7
INTERACTION_SPREAD = 0.3
"""Standard deviations of the effects in `crossed_answers`."""


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


def crossed_answers(
    random: np.random.Generator, level: float, *, seed_spread: float, shape: tuple[int, int, int, int]
) -> NDArray[np.bool_]:
    """Right or wrong of equally good rows, each with training seeds that answer the same units, (R, S, units * images).

    An answer is right if a normal variable is below a threshold (probit); units, seeds, their interaction and the
    interaction of rows and units have normal effects on it.

    Args:
        random: generator.
        level: threshold.
        seed_spread: standard deviation of the effects of seeds.
        shape: numbers of rows, seeds, units, and images of a unit.
    """
    rows, seeds, units, images = shape
    effects = (
        random.normal(0, seed_spread, (rows, seeds, 1, 1))
        + random.normal(0, UNIT_SPREAD, (1, 1, units, 1))
        + random.normal(0, INTERACTION_SPREAD, (rows, 1, units, 1))
        + random.normal(0, INTERACTION_SPREAD, (rows, seeds, units, 1))
    )
    return (random.normal(0, 1, shape) < level + effects).reshape(rows, seeds, units * images)
