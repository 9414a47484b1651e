"""How often intervals, ranks and tests are right, by simulation of classifiers whose true accuracy is known.

Prints the tables of `docs/statistics.md`:

    PYTHONPATH=.:tests python -m support.simulation [--trials 2000] [NAME ...]
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import ndtr, ndtri

from benchmark.metrics.resampling.chance import better_than_chance
from benchmark.metrics.resampling.intervals import of_mean
from benchmark.metrics.resampling.power import detectable_difference, effective_images
from benchmark.metrics.resampling.seeds import of_seed_means
from benchmark.metrics.resampling.significance import shared_ranks
from support.answers import clustered_answers

IMAGES = 6
"""Images of a unit."""

INTERACTION = 0.2
"""Share of the variance between units that is not common to rows, and as much again that is not common to seeds."""

SMALL, LARGE = 0.15, 0.5
"""Standard deviations of the effects of seeds: accuracies around 0.8 differ by 4 and by 14 points."""

POINTS = 2
"""Points by which a rate may differ from its nominal value."""

Answers = NDArray[np.bool_]


class Cell(NamedTuple):
    """One simulated case.

    Attributes:
        units: number of units, of `IMAGES` images each.
        accuracy: true share of right answers, of all rows and seeds.
        agreement: intraclass correlation of the answers within a unit, of one seed.
        seeds: number of training seeds of each row.
        spread: standard deviation of the effects of seeds, on the probit scale.
        rows: number of rows.
    """

    units: int
    accuracy: float
    agreement: float
    seeds: int = 1
    spread: float = 0.0
    rows: int = 1

    @property
    def groups(self) -> NDArray[np.int64]:
        """The unit of each image, (units * IMAGES,)."""
        return np.repeat(np.arange(self.units), IMAGES)


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
        cells: the simulated cases.
        happens: whether the event happens, of the answers (rows, seeds, N) of a cell.
    """

    title: str
    nominal: float
    safe: int
    cells: list[Cell]
    happens: Callable[[Cell, Answers, int], bool]

    def rate(self, cell: Cell, trials: int) -> Rate:
        """How often the event happens in a case; the same seed for all cases."""
        drawn = answers(np.random.default_rng(1), cell, trials)
        share = sum(self.happens(cell, table, trial) for trial, table in enumerate(drawn)) / trials
        return Rate(share, math.sqrt(max(share, 1 / trials) * (1 - min(share, 1 - 1 / trials)) / trials))


def answers(random: np.random.Generator, cell: Cell, trials: int) -> Answers:
    """Right or wrong answers of equally good rows, (trials, rows, seeds, N).

    An answer is right if a normal variable is below a threshold (probit). Units, rows in units, seeds in units and
    seeds have normal effects. Which images of a unit are right matters to no method, so the first ones are.
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
    right = random.binomial(IMAGES, ndtr((threshold - effects) / math.sqrt(1 - correlation)))
    table: Answers = (np.arange(IMAGES) < right[..., None]).reshape(*shape[:-1], -1)
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


def covered(cell: Cell, table: Answers, _: int) -> bool:
    """Whether the interval of the first row covers the true accuracy."""
    interval = of_seed_means(table[0], cell.groups)
    assert interval is not None
    return interval.low <= cell.accuracy <= interval.high


def difference_covered(cell: Cell, table: Answers, _: int) -> bool:
    """Whether the interval of the difference of two equally good rows covers 0."""
    gaps = table[0].mean(axis=0) - table[1].mean(axis=0)
    interval = of_mean(gaps, cell.groups, bounds=(-1, 1))
    assert interval is not None
    return interval.low <= 0 <= interval.high


def split(cell: Cell, table: Answers, trial: int) -> bool:
    """Whether any two of the equally good rows have different ranks."""
    return bool(shared_ranks(list(table), cell.groups, seed=trial, resamples=1000).better.any())


def called_better(cell: Cell, table: Answers, _: int) -> bool:
    """Whether answers no better than the reference are called better."""
    reference = np.full(table.shape[-1], cell.accuracy)
    return better_than_chance(table[0].mean(axis=0), reference, cell.groups, seed=1).verdict == "yes"


def found(cell: Cell, _: Answers, trial: int) -> bool:
    """Whether a row that is better by the smallest detectable difference is found better than the next one.

    All rows err independently, and all but the first are equally good.
    """
    random = np.random.default_rng(trial)
    discordance = 2 * cell.accuracy * (1 - cell.accuracy)
    difference = detectable_difference(effective_images(cell.groups, cell.agreement), discordance, cell.rows)
    assert difference is not None
    accuracies = [cell.accuracy + difference / 2] + [cell.accuracy - difference / 2] * (cell.rows - 1)
    table = [clustered_answers(random, accuracy, cell.agreement, cell.units, IMAGES) for accuracy in accuracies]
    return bool(shared_ranks(table, cell.groups, seed=trial, resamples=1000).better[0, 1])


ONE_SEED = list(product((6, 8, 12, 20, 36), (0.3, 0.5, 0.8, 0.95), (0.3, 0.6)))

SIMULATIONS = {
    "coverage": Simulation(
        "Intervals that cover the accuracy, one seed", 0.95, 1, [Cell(*case) for case in ONE_SEED], covered
    ),
    "seeds": Simulation(
        "Intervals that cover the accuracy, several seeds",
        0.95,
        1,
        [
            Cell(units, accuracy, agreement, seeds, spread)
            for seeds, spread, units, accuracy, agreement in product(
                (2, 3, 5), (SMALL, LARGE), (6, 12, 36), (0.5, 0.8, 0.95), (0.3, 0.6)
            )
        ],
        covered,
    ),
    "differences": Simulation(
        "Intervals that cover the difference of two equally good rows",
        0.95,
        1,
        [Cell(*case, rows=2) for case in ONE_SEED],
        difference_covered,
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
    "chance": Simulation(
        "Guesses that are called better than chance", 0.05, -1, [Cell(*case) for case in ONE_SEED], called_better
    ),
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


def lines(simulation: Simulation, trials: int) -> Iterator[str]:
    """A Markdown table with one row a case."""
    yield f"### {simulation.title}\n"
    yield f"{trials} trials a row; nominal {100 * simulation.nominal:.0f} %.\n"
    yield "| units | accuracy | agreement | seeds | spread of seeds | rows | % | |"
    yield "|---|---|---|---|---|---|---|---|"
    for cell in simulation.cells:
        rate = simulation.rate(cell, trials)
        yield f"| {' | '.join(map(str, cell))} | {100 * rate.share:.1f} | {remark(simulation, rate)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SIMULATIONS)}; none: all")
    parser.add_argument("--trials", type=int, default=2000, help="of each case (default: 2000)")
    arguments = parser.parse_args()
    for name in arguments.names or SIMULATIONS:
        if name not in SIMULATIONS:
            parser.error(f"there is no simulation {name!r}; take some of {', '.join(SIMULATIONS)}")
        for line in lines(SIMULATIONS[name], arguments.trials):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
