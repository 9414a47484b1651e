"""Rates that are promised, against simulated ones. `docs/statistics.md` has the whole grids."""

import numpy as np
import pytest

from support.simulation import (
    IMAGES,
    LARGE,
    POINTS,
    SIMULATIONS,
    SMALL,
    Cell,
    Rate,
    answers,
    latent_correlation,
    remark,
)

COVERAGE = [Cell(6, 0.5, 0.6), Cell(12, 0.8, 0.6), Cell(20, 0.3, 0.3), Cell(36, 0.95, 0.6)]
SEEDS = [Cell(36, 0.5, 0.3, 2, LARGE), Cell(12, 0.8, 0.6, 2, SMALL), Cell(36, 0.8, 0.3, 3, LARGE)]
CHANCE = [Cell(6, 0.3, 0.3), Cell(12, 0.8, 0.3), Cell(36, 0.95, 0.6)]
SPLITS = [Cell(36, 0.8, 0.3, 2, LARGE, 2), Cell(12, 0.8, 0.3, 2, SMALL, 2)]


def cases(*chosen: tuple[str, list[Cell]]) -> list[tuple[str, Cell]]:
    return [(name, cell) for name, cells in chosen for cell in cells]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cell"), cases(("coverage", COVERAGE), ("seeds", SEEDS), ("chance", CHANCE), ("splits", SPLITS))
)
def test_a_rate_is_within_two_points_of_its_nominal_value_or_careful(name: str, cell: Cell) -> None:
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
