"""Rates that are promised, against simulated ones; another seed than that of the grids in `docs/statistics.md`."""

from typing import Any

import numpy as np
import pytest

from benchmark.metrics.resampling.seeds import of_seed_means
from support.probit_answers import (
    HUGE,
    IMAGES,
    LARGE,
    SMALL,
    Cell,
    Sizes,
    answers,
    latent_correlation,
    right_answers,
    unit_sizes,
)
from support.simulation import POINTS, SIMULATIONS, CamCell, MeanCell, Rate, covered, remark, true_excess

CELLS: dict[str, list[Any]] = {
    "coverage": [Cell(6, 0.5, 0.6), Cell(12, 0.8, 0.6), Cell(20, 0.3, 0.3), Cell(36, 0.95, 0.6)],
    "unequal": [Cell(20, 0.3, 0.6, sizes="unequal"), Cell(12, 0.8, 0.6, sizes="dominant")],
    "seeds": [Cell(36, 0.5, 0.3, 2, LARGE), Cell(12, 0.8, 0.6, 2, SMALL), Cell(36, 0.8, 0.3, 3, LARGE)],
    "chance": [Cell(6, 0.3, 0.3), Cell(12, 0.8, 0.3), Cell(36, 0.95, 0.6)],
    "splits": [Cell(36, 0.8, 0.3, 2, LARGE, 2), Cell(12, 0.8, 0.3, 2, SMALL, 2)],
    "recall": [Cell(6, 0.5, 0.6), Cell(12, 0.8, 0.6)],
    "f1": [Cell(6, 0.8, 0.6), Cell(20, 0.5, 0.3)],
    "means": [MeanCell(6, "unequal", "normal"), MeanCell(12, "equal", "skewed"), MeanCell(36, "unequal", "skewed")],
    "focus": [CamCell(6, 0.0), CamCell(12, 0.8)],
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "cell"), [(name, cell) for name, cells in CELLS.items() for cell in cells])
def test_a_rate_is_within_two_points_of_its_nominal_value_or_careful(name: str, cell: Any) -> None:
    simulation = SIMULATIONS[name]
    rate = simulation.rate(cell, trials=2000)
    assert rate.error <= 0.006
    away = (rate.share - simulation.nominal) * simulation.safe
    assert away >= -POINTS / 100 - 2 * rate.error


@pytest.mark.slow
@pytest.mark.parametrize("cell", [Cell(12, 0.5, 0.3), Cell(20, 0.8, 0.6), Cell(36, 0.3, 0.6)])
def test_from_twelve_units_on_an_interval_is_not_too_long_either(cell: Cell) -> None:
    rate = SIMULATIONS["coverage"].rate(cell, trials=2000)
    assert rate.share == pytest.approx(0.95, abs=POINTS / 100 + rate.error)


@pytest.mark.parametrize("name", SIMULATIONS)
def test_a_simulation_gives_the_same_answer_again(name: str) -> None:
    simulation = SIMULATIONS[name]
    one, again = (simulation.happened(simulation.cells[0], 20, 3) for _ in range(2))
    assert one.shape == (20,)
    assert (one == again).all()


def test_another_seed_draws_other_answers() -> None:
    cell = Cell(12, 0.8, 0.3)
    assert (covered(cell, 300, 1) != covered(cell, 300, 2)).any()


@pytest.mark.parametrize("cell", [Cell(12, 0.8, 0.3), Cell(8, 0.3, 0.6, 2, LARGE), Cell(12, 0.95, 0.6, 3, HUGE)])
def test_intervals_of_many_trials_are_those_of_each(cell: Cell) -> None:
    found = [of_seed_means(table[0], cell.groups) for table in answers(np.random.default_rng(2), cell, 60)]
    single = [interval is not None and interval.low <= cell.accuracy <= interval.high for interval in found]
    assert any(single)
    assert covered(cell, 60, 2).tolist() == single


@pytest.mark.parametrize(
    ("sizes", "expected"), [("equal", [6] * 5), ("unequal", [1, 4, 7, 10, 13]), ("dominant", [48, 6, 6, 6, 6])]
)
def test_units_have_their_sizes(sizes: Sizes, expected: list[int]) -> None:
    assert unit_sizes(5, sizes).tolist() == expected
    cell = Cell(5, 0.8, 0.3, seeds=2, sizes=sizes)
    counts = right_answers(np.random.default_rng(0), cell, 3)
    table = answers(np.random.default_rng(0), cell, 3)
    assert table.shape == (3, 1, 2, sum(expected))
    for unit in range(5):
        assert (table[..., cell.groups == unit].sum(axis=-1) == counts[..., unit]).all()


def test_the_true_excess_of_cams_grows_with_what_they_follow() -> None:
    excess = [true_excess(correlation) for correlation in (0.0, 0.4, 0.8)]
    assert excess == sorted(excess)
    assert excess[0] == 0 < excess[1]


@pytest.mark.parametrize("accuracy", [0.3, 0.95])
@pytest.mark.parametrize("agreement", [0.3, 0.6])
def test_simulated_answers_have_their_accuracy_and_agreement(accuracy: float, agreement: float) -> None:
    cell = Cell(units=100, accuracy=accuracy, agreement=agreement)
    right = answers(np.random.default_rng(0), cell, 300).reshape(-1, IMAGES)
    assert right.mean() == pytest.approx(accuracy, abs=0.01)
    pairs = (right.sum(axis=1) * (right.sum(axis=1) - 1)).mean() / (IMAGES * (IMAGES - 1))
    assert (pairs - accuracy**2) / (accuracy * (1 - accuracy)) == pytest.approx(agreement, abs=0.03)


def test_seeds_differ_by_their_spread_and_keep_the_accuracy() -> None:
    cell = Cell(units=40, accuracy=0.8, agreement=0.3, seeds=3, spread=LARGE)
    right = answers(np.random.default_rng(0), cell, 2000)
    assert right.mean() == pytest.approx(0.8, abs=0.01)
    assert (
        right.mean(axis=3).std()
        > 1.5 * answers(np.random.default_rng(0), cell._replace(spread=0.0), 500).mean(axis=3).std()
    )


def test_the_latent_correlation_of_even_odds_is_known() -> None:
    assert latent_correlation(0.5, 1 / 3) == pytest.approx(0.5, abs=1e-4)  # two signs agree in 2/3 of the cases


def test_a_rate_off_on_the_wrong_side_is_named() -> None:
    coverage, chance = SIMULATIONS["coverage"], SIMULATIONS["chance"]
    assert remark(coverage, Rate(0.96, 0.004)) == ""
    assert remark(coverage, Rate(0.925, 0.004)) == "within two standard errors"
    assert remark(coverage, Rate(0.90, 0.004)) == "OFF"
    assert remark(coverage, Rate(0.99, 0.002)) == "careful"
    assert remark(chance, Rate(0.01, 0.002)) == "careful"
    assert remark(chance, Rate(0.20, 0.008)) == "OFF"
