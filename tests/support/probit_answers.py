"""Right and wrong answers of classifiers whose true accuracy is known, to simulate how often intervals are right."""

import math
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import ndtr, ndtri

IMAGES = 6
"""Images of a unit, where units are of equal size."""

MOST_IMAGES = 13
"""Images of the largest unit, where units are of unequal size; the smallest has one."""

INTERACTION = 0.2
"""Share of the variance between units that is not common to rows, and as much again that is not common to seeds."""

SMALL, LARGE, HUGE = 0.15, 0.5, 1.0
"""Standard deviations of the effects of seeds: accuracies around 0.8 differ by 4, by 13 and by 22 points."""

Answers = NDArray[np.bool_]

Sizes = Literal["equal", "unequal", "dominant"]
"""Numbers of images of the units: all six, evenly from one to thirteen, or two thirds of all images in one unit."""


class Cell(NamedTuple):
    """One simulated case.

    Attributes:
        units: number of units.
        accuracy: true share of right answers, of all rows and seeds.
        agreement: intraclass correlation of the answers within a unit, of one seed.
        seeds: number of training seeds of each row.
        spread: standard deviation of the effects of seeds, on the probit scale.
        rows: number of rows.
        sizes: of the units.
    """

    units: int
    accuracy: float
    agreement: float
    seeds: int = 1
    spread: float = 0.0
    rows: int = 1
    sizes: Sizes = "equal"

    @property
    def groups(self) -> NDArray[np.int64]:
        """The unit of each image, (images,)."""
        return np.repeat(np.arange(self.units), unit_sizes(self.units, self.sizes))


def unit_sizes(units: int, sizes: Sizes) -> NDArray[np.int64]:
    """Number of images of each unit, (units,)."""
    if sizes == "unequal":
        return np.linspace(1, MOST_IMAGES, units).round().astype(np.int64)
    counts = np.full(units, IMAGES)
    if sizes == "dominant":
        counts[0] = 2 * IMAGES * (units - 1)
    return counts


def right_answers(random: np.random.Generator, cell: Cell, trials: int) -> NDArray[np.int64]:
    """Numbers of right answers of equally good rows in each unit, (trials, rows, seeds, units).

    An answer is right if a normal variable is below a threshold (probit). Units, rows in units, seeds in units and
    seeds have normal effects.
    """
    correlation = latent_correlation(cell.accuracy, cell.agreement)
    shape = (trials, cell.rows, cell.seeds, cell.units)
    effects = (
        random.normal(0, math.sqrt((1 - 2 * INTERACTION) * correlation), (trials, 1, 1, cell.units))
        + random.normal(0, math.sqrt(INTERACTION * correlation), (trials, cell.rows, 1, cell.units))
        + random.normal(0, math.sqrt(INTERACTION * correlation), shape)
        + random.normal(0, cell.spread, (trials, cell.rows, cell.seeds, 1))
    )
    threshold = ndtri(cell.accuracy) * math.hypot(1, cell.spread)
    return random.binomial(unit_sizes(cell.units, cell.sizes), ndtr((threshold - effects) / math.sqrt(1 - correlation)))


def answers(random: np.random.Generator, cell: Cell, trials: int) -> Answers:
    """Whether each answer is right, (trials, rows, seeds, N): the first ones of a unit, as `right_answers` says."""
    right, sizes = right_answers(random, cell, trials), unit_sizes(cell.units, cell.sizes)
    place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    table: Answers = place < right[..., cell.groups]
    return table


@lru_cache
def latent_correlation(accuracy: float, agreement: float) -> float:
    """Correlation of normal variables whose signs have this intraclass correlation."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights /= weights.sum()

    def excess(correlation: float) -> float:
        shares = ndtr((ndtri(accuracy) - math.sqrt(correlation) * nodes) / math.sqrt(1 - correlation))
        return float((weights @ shares**2 - accuracy**2) / (accuracy * (1 - accuracy)) - agreement)

    return float(optimize.brentq(excess, 1e-6, 0.9999))
