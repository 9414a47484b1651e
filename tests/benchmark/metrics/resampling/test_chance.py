import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark.metrics.resampling import chance
from benchmark.metrics.resampling.chance import better_than_chance, never_better


def test_all_right_in_six_units_is_better_than_a_guess_and_in_five_is_not_known() -> None:
    def verdict(units: int) -> str:
        groups = np.repeat(np.arange(units), 3)
        return better_than_chance(np.ones(3 * units, bool), np.full(3 * units, 0.2), groups, seed=0).verdict

    assert [verdict(units) for units in (5, 6, 40)] == ["cannot_tell", "yes", "yes"]


def test_an_accuracy_that_is_not_above_the_reference_is_not_better() -> None:
    reference = np.arange(10) < 4
    result = better_than_chance(reference[::-1], reference.astype(float), np.arange(10), seed=0)
    assert (result.verdict, result.needed, result.images) == ("no", None, 10)


@pytest.mark.parametrize("seed", range(5))
def test_the_test_is_scipy_s_permutation_of_signs(seed: int) -> None:
    random = np.random.default_rng(seed)
    excess = random.normal(0.3, 1, 9)
    exact = stats.permutation_test(
        (excess,), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert chance._p_value(excess, chance._signs(9, 0)) == pytest.approx(exact.pvalue)
    many = random.normal(0.1, 1, 30)
    sampled = chance._p_value(many, chance._signs(30, 0))
    assert sampled == pytest.approx(stats.norm.sf(many.sum() / np.sqrt((many**2).sum())), abs=0.03)


def test_the_needed_number_is_the_smallest_that_is_enough() -> None:
    reference = np.full(24, 0.25)
    result = better_than_chance(np.arange(24) % 8 < 3, reference, np.arange(24), seed=0)
    assert result.verdict == "cannot_tell"
    assert result.needed is not None

    def enough(right: int) -> bool:
        return chance._p_value((np.arange(24) < right) - reference, chance._signs(24, 0)) <= 0.05

    assert result.needed == max(10, next(right for right in range(24) if enough(right)))


def test_of_six_units_five_are_needed() -> None:
    groups = np.repeat(np.arange(6), 4)
    result = better_than_chance(groups < 3, np.full(24, 0.2), groups, seed=0)
    assert (result.verdict, result.needed) == ("cannot_tell", 20)


def test_no_number_is_enough_if_the_reference_is_right_in_too_many_units() -> None:
    groups = np.arange(6)
    result = better_than_chance(np.ones(6, bool), (groups < 2).astype(float), groups, seed=0)
    assert (result.verdict, result.needed) == ("cannot_tell", None)


def test_above_one_half_a_few_more_right_answers_are_not_enough() -> None:
    """The sign-flip test alone calls it better, but a unit can lack much more than it exceeds."""
    groups = np.repeat(np.arange(12), 6)
    reference = np.full(72, 0.95)
    assert chance._p_value(np.full(12, 0.3), chance._signs(12, 0)) <= 0.05
    assert better_than_chance(np.ones(72, bool), reference, groups, seed=0).verdict == "cannot_tell"
    assert better_than_chance(np.ones(72, bool), np.full(72, 0.7), groups, seed=0).verdict == "yes"


def test_answers_may_be_shares_of_seeds() -> None:
    assert better_than_chance(np.full(12, 0.9), np.full(12, 1 / 3), np.arange(12), seed=0).verdict == "yes"
    assert better_than_chance(np.full(12, 0.2), np.full(12, 1 / 3), np.arange(12), seed=0).verdict == "no"


def test_a_training_is_never_better_if_its_best_epoch_is_not() -> None:
    reference, groups = np.full(12, 1 / 6), np.arange(12)
    wrong, right = np.zeros(12, bool), np.ones(12, bool)
    assert never_better(np.stack([wrong] * 5), reference, groups, seed=0)
    assert not never_better(np.stack([wrong, right, wrong]), reference, groups, seed=0)
    assert not never_better(np.stack([wrong] * 5), reference, groups // 3, seed=0)  # four units: nothing is known


@pytest.mark.slow
def test_the_best_of_many_epochs_without_knowledge_is_rarely_called_better() -> None:
    random, trials, groups = np.random.default_rng(3), 400, np.repeat(np.arange(18), 3)
    labels = groups % 6
    false = sum(
        not never_better(random.integers(0, 6, (10, 18))[:, groups] == labels, np.full(54, 1 / 6), groups, seed=0)
        for _ in range(trials)
    )
    assert false / trials <= 0.07


@pytest.mark.slow
def test_the_best_of_many_epochs_of_a_common_answer_is_rarely_called_better() -> None:
    """A unit lacks more than it exceeds if the reference is mostly right: signs alone say better in half of them."""
    random, trials, groups, reference = np.random.default_rng(5), 400, np.arange(12), np.full(12, 0.9)
    false = sum(not never_better(random.random((10, 12)) < 0.9, reference, groups, seed=0) for _ in range(trials))
    assert false / trials <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("units", [6, 12, 36])
@pytest.mark.parametrize("kind", ["commonest", "equal"])
@pytest.mark.parametrize("seeds", [1, 3])
def test_answers_without_knowledge_are_rarely_called_better(units: int, kind: str, seeds: int) -> None:
    """Every seed gives each unit one individual at random: the answers of a unit are all right or all wrong."""
    random, trials, individuals = np.random.default_rng(6), 800, 6
    groups = np.repeat(np.arange(units), 5)
    labels = groups % individuals
    reference: NDArray[np.float64] = (labels == 0) if kind == "commonest" else np.full(len(labels), 1 / individuals)
    false = sum(
        better_than_chance(
            (random.integers(0, individuals, (seeds, units))[:, groups] == labels).mean(axis=0),
            reference,
            groups,
            seed=1,
        ).verdict
        == "yes"
        for _ in range(trials)
    )
    assert false / trials <= 0.07
