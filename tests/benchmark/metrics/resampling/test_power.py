import numpy as np
import pytest
from scipy import stats

from benchmark.metrics.resampling.power import (
    agreement_within,
    detectable_difference,
    detectable_mean,
    effective_images,
    mean_discordance,
    studentised_range,
)
from benchmark.metrics.resampling.significance import shared_ranks
from support.answers import clustered_answers


def test_the_agreement_of_simulated_answers_is_found() -> None:
    random = np.random.default_rng(0)
    for agreement in (0.05, 0.3, 0.7):
        rows = np.stack([clustered_answers(random, 0.7, agreement, 400, 6) for _ in range(3)])
        assert agreement_within(rows, np.repeat(np.arange(400), 6)) == pytest.approx(agreement, abs=0.05)


def test_the_agreement_by_hand() -> None:
    values, groups = np.array([[1.0, 0, 1, 1, 0]]), np.array([0, 0, 1, 1, 2])
    # means 1/2, 1, 0 around 3/5: between (2 x 0.01 + 2 x 0.16 + 0.36) / 2 = 0.35, within 0.5 / 2; typical size 1.6
    assert agreement_within(values, groups) == pytest.approx((0.35 - 0.25) / (0.35 + 0.6 * 0.25))


def test_the_agreement_is_between_zero_and_one_and_unknown_agreement_is_one() -> None:
    groups = np.array([0, 0, 1, 1])
    assert agreement_within(np.array([[1, 0, 1, 0]]), groups) == 0
    assert agreement_within(np.array([[1, 1, 1, 1]]), groups) == 1
    assert agreement_within(np.array([[1, 0, 1, 0]]), np.zeros(4)) == 1
    assert agreement_within(np.array([[1, 0, 1, 0]]), np.arange(4)) == 0


def test_the_effective_number_is_between_units_and_images() -> None:
    groups = np.array([0, 0, 0, 1])
    assert effective_images(groups, 0) == 4
    assert effective_images(groups, 1) == pytest.approx(4 / (10 / 4))  # an image's unit has (9 + 1) / 4 images
    assert effective_images(np.repeat(np.arange(5), 3), 0.5) == pytest.approx(7.5)


def test_the_effective_number_is_that_of_the_variance_of_the_accuracy() -> None:
    random, groups = np.random.default_rng(1), np.repeat(np.arange(10), 6)
    means = [clustered_answers(random, 0.7, 0.4, 10, 6).mean() for _ in range(4000)]
    assert 0.7 * 0.3 / np.var(means) == pytest.approx(effective_images(groups, 0.4), rel=0.1)


def test_the_discordance_of_pairs_and_of_one_row() -> None:
    rows = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1]], dtype=bool)
    assert mean_discordance(rows) == pytest.approx((0.25 + 1.0 + 0.75) / 3)
    assert mean_discordance(rows[1:2]) == pytest.approx(2 * 0.25 * 0.75)


def test_without_discordance_all_images_of_a_difference_favour_one_row() -> None:
    many = 10**6
    one_sided = detectable_difference(35, 0.0, many)
    assert one_sided is not None
    error = np.sqrt(one_sided * (1 - one_sided) / 35)
    assert one_sided / error == pytest.approx(1.96 + 0.8416, rel=1e-3)
    assert detectable_difference(3, 0.4, many) is None
    assert detectable_difference(1e6, 0.4, many) == pytest.approx(2.8016 * np.sqrt(0.4e-6), rel=1e-3)


@pytest.mark.parametrize("units", [6, 20])
def test_few_units_detect_by_student_s_t(units: int) -> None:
    reach = stats.t.ppf(0.975, units - 1) + stats.t.ppf(0.8, units - 1)
    assert detectable_difference(1000, 0.4, units) == pytest.approx(reach * np.sqrt(0.4 / 1000))


def test_among_many_rows_the_largest_pair_counts() -> None:
    exact = stats.studentized_range.ppf(0.95, 9, 19) / np.sqrt(2) + stats.t.ppf(0.8, 19)
    assert detectable_difference(1000, 0.4, 20, 9) == pytest.approx(exact * np.sqrt(0.4 / 1000), rel=3e-3)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [2, 9])
@pytest.mark.parametrize(("units", "size"), [(60, 1), (40, 5)])
def test_a_difference_of_the_smallest_detectable_size_is_found_in_four_of_five_tables(
    rows: int, units: int, size: int
) -> None:
    """One row is better than the others, which are equally good; all rows err independently of each other."""
    random, groups = np.random.default_rng(2), np.repeat(np.arange(units), size)
    agreement, middle = 0.3, 0.6
    images = effective_images(groups, agreement)
    difference = detectable_difference(images, 2 * middle * (1 - middle), units, rows)
    assert difference is not None
    better, other = middle + difference / 2, middle - difference / 2
    found = 0
    for trial in range(150):
        accuracies = [better] + [other] * (rows - 1)
        table = np.stack([clustered_answers(random, accuracy, agreement, units, size) for accuracy in accuracies])
        found += shared_ranks(table, groups, seed=trial, resamples=1000).better[0, 1]
    assert 0.7 <= found / 150 <= 0.9


@pytest.mark.parametrize(("units", "size"), [(77, 1), (14, 6), (8, 3)])
def test_the_detectable_mean_is_found_in_eighty_percent_of_simulations(units: int, size: int) -> None:
    """Two-sided t tests over the means of equal units. Squared errors, which have no bias, are averaged."""
    draws = np.random.default_rng(units)
    groups = np.repeat(np.arange(units), size)

    def simulated(count: int) -> np.ndarray:
        of_units = draws.normal(0, 1.5, (count, units))[:, groups]
        return of_units + draws.normal(0, 0.5, (count, units * size))

    samples = simulated(4000)
    smallest = float(np.sqrt(np.mean(np.square([detectable_mean(sample, groups) for sample in samples]))))
    p_values = stats.ttest_1samp((samples + smallest).reshape(len(samples), units, size).mean(axis=2), 0, axis=1).pvalue
    assert np.mean(p_values < 0.05) == pytest.approx(0.8, abs=0.02)
    means = simulated(4000).reshape(4000, units, size).mean(axis=2)
    assert np.mean(stats.ttest_1samp(means, 0, axis=1).pvalue < 0.05) == pytest.approx(0.05, abs=0.02)


def test_the_detectable_mean_by_hand() -> None:
    values = 1.54 * np.tile([1.0, -1.0], 39)  # standard deviation 1.55 of 78 photos
    assert detectable_mean(values, np.arange(78)) == pytest.approx((1.9913 + 0.8464) * 1.55 / np.sqrt(78), abs=1e-3)
    assert detectable_mean(np.repeat(values, 4), np.repeat(np.arange(78), 4)) == detectable_mean(values, np.arange(78))
    assert detectable_mean(values[:5], np.arange(5)) is None
    assert detectable_mean(np.ones(6), np.arange(6)) == 0


@pytest.mark.parametrize(
    ("probability", "numbers", "freedom"),
    [(0.95, 2, 5), (0.95, 9, 19), (0.95, 40, 11), (0.5, 7, 30), (0.9, 3, 10), (0.95, 3, 10**6)],
)
def test_the_studentised_range_is_that_of_scipy(probability: float, numbers: int, freedom: int) -> None:
    expected = stats.studentized_range.ppf(probability, numbers, freedom)
    assert studentised_range(probability, numbers, freedom) == pytest.approx(expected, rel=3e-3)
