"""How often intervals, ranks and tests are right, by simulation of numbers whose true value is known.

Prints the tables of `docs/statistics.md`:

    PYTHONPATH=.:tests python -m support.simulation [--trials 2000] [--seed 1] [NAME ...]
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.cams.swap import compare, pair
from benchmark.metrics.resampling.chance import better_than_chance
from benchmark.metrics.resampling.intervals import LEVEL, SHARE, of_mean, share_ends
from benchmark.metrics.resampling.power import detectable_difference, effective_images
from benchmark.metrics.resampling.seeds import add_seeds
from benchmark.metrics.resampling.significance import shared_ranks
from benchmark.metrics.score_intervals import of_answers
from support.answers import clustered_answers
from support.probit_answers import HUGE, IMAGES, LARGE, SMALL, Cell, Sizes, answers, right_answers, unit_sizes

SEED = 1
"""Of the simulated numbers."""

MOST_TRIALS = 10**6
"""Trials of one seed; those of all seeds are numbered, and a trial resamples by its number."""

POINTS = 2
"""Points by which a rate may differ from its nominal value."""

INDIVIDUALS = 6
"""Individuals whose images are named, in the simulation of recall and F1."""

Happened = NDArray[np.bool_]

Shape = Literal["normal", "skewed"]


class Rate(NamedTuple):
    """A simulated rate.

    Attributes:
        share: how often the event happened, in [0, 1].
        error: its standard error.
    """

    share: float
    error: float


class Simulation(NamedTuple):
    """One question.

    Attributes:
        title: what is counted.
        nominal: rate that is promised, in [0, 1].
        safe: 1 if a higher rate is only careful, -1 if a lower one is.
        cells: the simulated cases, all of one type.
        happened: whether the event happened, (trials,), of a case, the number of trials and the seed.
    """

    title: str
    nominal: float
    safe: int
    cells: list[Any]
    happened: Callable[[Any, int, int], Happened]

    def rate(self, cell: NamedTuple, trials: int, seed: int = SEED) -> Rate:
        """How often the event happens in a case; the same seed for all cases."""
        share = float(self.happened(cell, trials, seed).mean())
        return Rate(share, math.sqrt(max(share, 1 / trials) * (1 - min(share, 1 - 1 / trials)) / trials))


def covered(cell: Cell, trials: int, seed: int) -> Happened:
    """Whether the interval of a row covers the true accuracy."""
    right = right_answers(np.random.default_rng(seed), cell, trials)[:, 0]  # (trials, seeds, units)
    sizes = unit_sizes(cell.units, cell.sizes)
    ends = share_ends(right.mean(axis=1), sizes, level=LEVEL)
    low, high = ends if cell.seeds == 1 else add_seeds(ends, right, sizes, bounds=SHARE, level=LEVEL)
    return (low <= cell.accuracy) & (cell.accuracy <= high)


def difference_covered(cell: Cell, trials: int, seed: int) -> Happened:
    """Whether the interval of the difference of two equally good rows covers 0."""

    def is_covered(table: NDArray[np.bool_]) -> bool:
        gaps = table[0].mean(axis=0) - table[1].mean(axis=0)
        interval = of_mean(gaps, cell.groups, bounds=(-1, 1))
        assert interval is not None
        return interval.low <= 0 <= interval.high

    return np.array([is_covered(table) for table in answers(np.random.default_rng(seed), cell, trials)])


def split(cell: Cell, trials: int, seed: int) -> Happened:
    """Whether any two of the equally good rows have different ranks."""
    drawn = enumerate(answers(np.random.default_rng(seed), cell, trials), seed * MOST_TRIALS)
    ranks = (shared_ranks(list(table), cell.groups, seed=trial, resamples=1000) for trial, table in drawn)
    return np.array([ranking.better.any() for ranking in ranks])


def called_better(cell: Cell, trials: int, seed: int) -> Happened:
    """Whether answers no better than the reference are called better."""
    drawn = answers(np.random.default_rng(seed), cell, trials)
    reference = np.full(drawn.shape[-1], cell.accuracy)
    tests = (better_than_chance(table[0].mean(axis=0), reference, cell.groups, seed=1) for table in drawn)
    return np.array([test.verdict == "yes" for test in tests])


def found(cell: Cell, trials: int, seed: int) -> Happened:
    """Whether a row that is better by the smallest detectable difference is found better than the next one.

    All rows err independently, and all but the first are equally good.
    """
    random = np.random.default_rng(seed)
    discordance = 2 * cell.accuracy * (1 - cell.accuracy)
    difference = detectable_difference(
        effective_images(cell.groups, cell.agreement), discordance, cell.units, cell.rows
    )
    assert difference is not None
    accuracies = [cell.accuracy + difference / 2] + [cell.accuracy - difference / 2] * (cell.rows - 1)

    def is_found(trial: int) -> bool:
        table = [clustered_answers(random, accuracy, cell.agreement, cell.units, IMAGES) for accuracy in accuracies]
        return bool(shared_ranks(table, cell.groups, seed=trial, resamples=1000).better[0, 1])

    return np.array([is_found(seed * MOST_TRIALS + trial) for trial in range(trials)])


def score_covered(name: Literal["recall", "f1"]) -> Callable[[Cell, int, int], Happened]:
    """Whether the interval of a mean over individuals covers its true value.

    The first six units are one of each individual; of the others every second is of the first individual. All images
    of a unit that are named wrongly are named as the same other individual, any of them being as likely.
    """

    def happened(cell: Cell, trials: int, seed: int) -> Happened:
        random = np.random.default_rng(seed)
        unit = np.arange(cell.units)
        own = np.where((unit >= INDIVIDUALS) & (unit % 2 == 1), 0, unit % INDIVIDUALS)
        images = np.bincount(own) / cell.units
        namings = cell.accuracy * images + (1 - cell.accuracy) * (1 - images) / (INDIVIDUALS - 1)
        truth = {"recall": cell.accuracy, "f1": float((2 * cell.accuracy * images / (images + namings)).mean())}[name]

        def is_covered(right: NDArray[np.bool_]) -> bool:
            other = (own + random.integers(1, INDIVIDUALS, cell.units)) % INDIVIDUALS
            given = np.where(right, own[cell.groups], other[cell.groups])
            interval = of_answers(own[cell.groups], given, INDIVIDUALS, cell.groups)[name]
            return interval.low <= truth <= interval.high

        return np.array([is_covered(table[0, 0]) for table in answers(random, cell, trials)])

    return happened


class MeanCell(NamedTuple):
    """A mean of numbers without bounds, such as errors of holes.

    Attributes:
        units: number of units.
        sizes: of the units.
        shape: distribution of the numbers between and within units: normal, or its exponential.
    """

    units: int
    sizes: Sizes
    shape: Shape


def mean_covered(cell: MeanCell, trials: int, seed: int) -> Happened:
    """Whether the interval of a mean covers it; units differ about as much as images of a unit."""
    random = np.random.default_rng(seed)
    sizes = unit_sizes(cell.units, cell.sizes)
    groups = np.repeat(np.arange(cell.units), sizes)
    between, within = {"normal": (1.0, 0.7), "skewed": (0.6, 0.4)}[cell.shape]
    truth = 0.0 if cell.shape == "normal" else math.exp((between**2 + within**2) / 2)

    def is_covered() -> bool:
        values = random.normal(0, between, cell.units)[groups] + random.normal(0, within, len(groups))
        interval = of_mean(values if cell.shape == "normal" else np.exp(values), groups)
        assert interval is not None
        return interval.low <= truth <= interval.high

    return np.array([is_covered() for _ in range(trials)])


class CamCell(NamedTuple):
    """CAMs and patterns that are round spots near the middle of their image.

    Attributes:
        units: number of units, of two images each.
        correlation: of the places of the spots of CAM and pattern; 0 = CAMs ignore their image.
    """

    units: int
    correlation: float


def excess_covered(cell: CamCell, trials: int, seed: int) -> Happened:
    """Whether the interval of the excess density covers its true value."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(cell.units), 2)
    truth = true_excess(cell.correlation)

    def is_covered() -> bool:
        swap = compare(pair(*spots(random, cell.units, 2, cell.correlation), groups), groups)
        assert swap is not None
        assert swap.excess is not None
        return swap.excess.low <= truth <= swap.excess.high

    return np.array([is_covered() for _ in range(trials)])


def spots(
    random: np.random.Generator, units: int, images: int, correlation: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """CAMs and patterns, both (units * images, 64) with rows that add up to 1: spots on 8 x 8 cells."""
    place = (np.arange(8) + 0.5) / 8
    pattern = random.normal(0, 0.1, (units, 2))
    cam = correlation * pattern + math.sqrt(1 - correlation**2) * random.normal(0, 0.1, (units, 2))

    def drawn(centres: NDArray[np.float64], width: float) -> NDArray[np.float64]:
        moved = 0.5 + np.repeat(centres, images, axis=0) + random.normal(0, 0.01, (units * images, 2))
        down, across = (np.exp(-((place - moved[:, axis, None]) ** 2) / (2 * width**2)) for axis in (0, 1))
        spot = (down[:, :, None] * across[:, None, :]).reshape(len(moved), -1)
        total: NDArray[np.float64] = spot.sum(axis=1, keepdims=True)
        return spot / total

    return drawn(cam, 0.15), drawn(pattern, 0.1)


@lru_cache
def true_excess(correlation: float) -> float:
    """Mean score of a CAM on its own image less that on the image of another unit, of 100 000 units."""
    if not correlation:
        return 0.0
    cams, patterns = spots(np.random.default_rng(0), 100_000, 1, correlation)
    own = float((cams * patterns).sum(axis=1).mean())
    return (own - float(cams.mean(axis=0) @ patterns.mean(axis=0))) * len(cams) / (len(cams) - 1)


ACCURACIES = (0.3, 0.5, 0.8, 0.95)
AGREEMENTS = (0.3, 0.6)
UNEQUAL: tuple[Sizes, ...] = ("unequal", "dominant")
EQUAL_AND_NOT: tuple[Sizes, ...] = ("equal", "unequal")
SHAPES: tuple[Shape, ...] = ("normal", "skewed")
ONE_SEED = [Cell(*case) for case in product((6, 8, 12, 20, 36), ACCURACIES, AGREEMENTS)]
NAMED = [Cell(*case) for case in product((6, 12, 20, 36), ACCURACIES, AGREEMENTS)]

SIMULATIONS = {
    "coverage": Simulation("Intervals that cover the accuracy, one seed", 0.95, 1, ONE_SEED, covered),
    "unequal": Simulation(
        "Intervals that cover the accuracy, units of unequal size",
        0.95,
        1,
        [
            Cell(units, accuracy, agreement, sizes=sizes)
            for sizes, units, accuracy, agreement in product(UNEQUAL, (6, 12, 20, 36), ACCURACIES, AGREEMENTS)
        ],
        covered,
    ),
    "seeds": Simulation(
        "Intervals that cover the accuracy, several seeds",
        0.95,
        1,
        [
            Cell(units, accuracy, agreement, seeds, spread)
            for seeds, spread, units, accuracy, agreement in product(
                (2, 3, 5), (SMALL, LARGE, HUGE), (6, 12, 36), (0.5, 0.8, 0.95), AGREEMENTS
            )
        ],
        covered,
    ),
    "differences": Simulation(
        "Intervals that cover the difference of two equally good rows",
        0.95,
        1,
        [cell._replace(rows=2) for cell in ONE_SEED],
        difference_covered,
    ),
    "recall": Simulation("Intervals that cover the recall", 0.95, 1, NAMED, score_covered("recall")),
    "f1": Simulation("Intervals that cover F1", 0.95, 1, NAMED, score_covered("f1")),
    "means": Simulation(
        "Intervals that cover a mean without bounds",
        0.95,
        1,
        [MeanCell(units, sizes, shape) for shape, sizes, units in product(SHAPES, EQUAL_AND_NOT, (6, 12, 36, 80))],
        mean_covered,
    ),
    "focus": Simulation(
        "Intervals that cover the excess density",
        0.95,
        1,
        [CamCell(*case) for case in product((6, 12, 36), (0.0, 0.4, 0.8))],
        excess_covered,
    ),
    "splits": Simulation(
        "Tables of equally good rows in which any two are told apart",
        0.05,
        -1,
        [
            Cell(units, accuracy, 0.3, seeds, spread, rows)
            for (rows, accuracy), (seeds, spread), units in product(
                ((8, 0.5), (2, 0.8)), ((1, 0.0), (2, SMALL), (2, LARGE), (3, LARGE), (5, SMALL)), (6, 12, 36)
            )
        ],
        split,
    ),
    "chance": Simulation("Guesses that are called better than chance", 0.05, -1, ONE_SEED, called_better),
    "power": Simulation(
        "Differences of the smallest detectable size that are found",
        0.8,
        1,
        [Cell(units, 0.6, 0.3, rows=rows) for rows, units in product((2, 8), (20, 36, 60))],
        found,
    ),
}
"""By the name on the command line."""


def remark(simulation: Simulation, rate: Rate) -> str:
    """How a rate compares with its nominal value: within `POINTS` and two standard errors, careful, or off."""
    away = (rate.share - simulation.nominal) * 100
    if abs(away) <= POINTS + 200 * rate.error:
        return "" if abs(away) <= POINTS else "within two standard errors"
    return "careful" if away * simulation.safe > 0 else "OFF"


def lines(simulation: Simulation, trials: int, seed: int) -> Iterator[str]:
    """A Markdown table with one row a case."""
    columns = [*simulation.cells[0]._fields, "%", ""]
    yield f"### {simulation.title}\n"
    yield f"{trials} trials a row, seed {seed}; nominal {100 * simulation.nominal:.0f} %.\n"
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for cell in simulation.cells:
        rate = simulation.rate(cell, trials, seed)
        yield f"| {' | '.join(map(str, cell))} | {100 * rate.share:.1f} | {remark(simulation, rate)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SIMULATIONS)}; none: all")
    parser.add_argument("--trials", type=int, default=2000, help="of each case (default: 2000)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the simulated numbers (default: {SEED})")
    arguments = parser.parse_args()
    for name in arguments.names or SIMULATIONS:
        if name not in SIMULATIONS:
            parser.error(f"there is no simulation {name!r}; take some of {', '.join(SIMULATIONS)}")
        for line in lines(SIMULATIONS[name], arguments.trials, arguments.seed):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
