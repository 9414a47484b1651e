import numpy as np
import pytest
from scipy import stats

from benchmark.errors import InputError
from benchmark.metrics.resampling.intervals import (
    FEWEST_GROUPS,
    PRIOR_GROUPS,
    of_mean,
    of_share,
    unseen,
)
from benchmark.records.base import Interval


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_without_groups_and_bounds_it_is_student_s_interval_of_symmetric_values(level: float) -> None:
    deviations = np.random.default_rng(0).normal(0, 3, 10)
    values = 25 + np.concatenate([deviations, -deviations])
    expected = stats.ttest_1samp(values, 0).confidence_interval(level)
    interval = of_mean(values, level=level)
    assert interval is not None
    assert (interval.low, interval.high, interval.groups) == pytest.approx((*expected, 20))


def test_six_groups_of_unequal_size_by_hand() -> None:
    values, groups = np.array([1.0, 1, 1, 4, 2, 3, 2, 3]), np.array(list("aaabcdef"))
    weights = np.array([3, 1, 1, 1, 1, 1]) / 8
    mean, concentration = 17 / 8, 14 / 64
    residuals = weights * ([1 - mean, 4 - mean, 2 - mean, 3 - mean, 2 - mean, 3 - mean])
    variance = (residuals**2 / (1 - 2 * weights + concentration)).sum()
    unlike = np.eye(6) - weights
    form = unlike.T @ np.diag(weights**2 / (1 - 2 * weights + concentration)) @ unlike
    critical = stats.t.ppf(0.975, np.trace(form) ** 2 / np.trace(form @ form))
    skewness = (residuals**3).sum() / (residuals**2).sum() ** 1.5 * np.sqrt(6 * 5) / 4

    def transformed(t: float) -> float:
        return float(t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / 6)

    interval = of_mean(values, groups)
    assert interval is not None
    assert interval.groups == 6
    assert transformed((mean - interval.low) / np.sqrt(variance)) == pytest.approx(critical)
    assert transformed((mean - interval.high) / np.sqrt(variance)) == pytest.approx(-critical)


def test_groups_of_one_size_have_one_degree_of_freedom_less_than_groups() -> None:
    symmetric = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4)
    interval = of_mean(symmetric, np.repeat(np.arange(6), 4))
    assert interval is not None
    assert interval.high - 3.5 == pytest.approx(stats.t.ppf(0.975, 5) * stats.sem(np.arange(6)))


def test_the_interval_of_skewed_values_is_longer_towards_the_rare_ones() -> None:
    values = np.exp(np.random.default_rng(2).normal(0, 1, 30))
    interval, mirrored = of_mean(values), of_mean(-values)
    assert interval is not None
    assert mirrored is not None
    mean = values.mean()
    assert interval.high - mean > 1.2 * (mean - interval.low)
    assert (mirrored.low, mirrored.high) == pytest.approx((-interval.high, -interval.low))


def test_copies_of_an_image_in_its_recording_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(1).random(30)
    single = of_mean(values)
    assert single is not None
    copies = of_mean(np.tile(values, 7), np.tile(np.arange(30), 7))
    assert copies is not None
    assert copies.model_dump() == pytest.approx(single.model_dump())


def test_units_cover_the_truth_and_images_do_not() -> None:
    random = np.random.default_rng(9)
    groups = np.repeat(np.arange(30), 4)
    covered = np.zeros(2)
    for _ in range(80):
        values = random.normal(0.7, 0.1, 30)[groups] + random.normal(0, 0.05, 120)
        for kind, units in enumerate((groups, None)):
            interval = of_mean(values, units)
            assert interval is not None
            covered[kind] += interval.low <= 0.7 <= interval.high
    assert 0.88 <= covered[0] / 80 <= 0.99
    assert covered[1] / 80 < 0.75


def test_fewer_than_six_groups_have_no_interval() -> None:
    assert of_mean(np.arange(5)) is None
    assert of_mean(np.arange(10), np.arange(10) // 2) is None
    assert of_mean(np.arange(FEWEST_GROUPS)) is not None


def test_one_group_or_none_has_no_interval() -> None:
    assert of_mean(np.arange(5), np.zeros(5)) is None
    assert of_mean(np.zeros(0)) is None


@pytest.mark.parametrize("units", [6, 12, 36])
def test_all_right_and_all_wrong_have_the_exact_interval_of_units(units: int) -> None:
    groups = np.repeat(np.arange(units), 3)
    exact = stats.binomtest(units, units).proportion_ci(method="exact")
    right, wrong = (of_mean(np.full(3 * units, value), groups, bounds=(0, 1)) for value in (True, False))
    assert right is not None
    assert wrong is not None
    assert (right.low, right.high) == pytest.approx((exact.low, 1))
    assert (wrong.low, wrong.high) == pytest.approx((0, 1 - exact.low))


@pytest.mark.parametrize(("share", "bounds"), [(0.5, (0, 1)), (0.25, (-1, 1))])
def test_groups_of_one_mean_may_be_joined_by_others_at_either_bound(share: float, bounds: tuple[int, int]) -> None:
    values, groups = np.tile([1, 1, 0, 0] if share == 0.5 else [1, 0, 0, 0], 8), np.repeat(np.arange(8), 4)
    interval, others = of_mean(values, groups, bounds=bounds), unseen(8, 0.95)
    assert interval is not None
    assert interval.low == pytest.approx((1 - others) * share + others * bounds[0])
    assert interval.high == pytest.approx((1 - others) * share + others * bounds[1])


def test_rows_that_never_differ_may_differ_in_units_not_seen() -> None:
    interval = of_mean(np.zeros(12), bounds=(-1, 1))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((-unseen(12, 0.95), unseen(12, 0.95)))


def test_equal_values_without_bounds_have_an_interval_of_width_zero() -> None:
    assert of_mean(np.ones(9, bool)) == Interval(low=1.0, high=1.0, groups=9)


def test_unusable_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="value in row 1 is nan"):
        of_mean(np.array([0.0, np.nan]))
    with pytest.raises(InputError, match=r"shape \(2,\); \(3,\) is needed"):
        of_mean(np.arange(3), np.arange(2))


def test_the_interval_of_a_share_of_many_single_images_is_wilson_s() -> None:
    interval = of_share(np.arange(4000) < 2800, np.arange(4000))
    assert interval is not None
    wilson = stats.binomtest(2800, 4000).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == pytest.approx((wilson.low, wilson.high), abs=1e-5)


def test_the_interval_of_a_share_by_hand() -> None:
    right, groups = np.repeat([1, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0], 2), np.repeat(np.arange(12), 2)
    seen = 7 * 5 / 12**2 / 11  # the groups agree: variance of the mean of 12 right or wrong answers
    weight = 4 * (7 / 12) * (5 / 12) * 11
    variance = (weight * seen + PRIOR_GROUPS * 7 * 5 / 12**3) / (weight + PRIOR_GROUPS)
    images = 7 * 5 / 12**2 / variance
    z = 1.959964
    middle = (7 / 12 + z**2 / images / 2) / (1 + z**2 / images)
    reach = z * np.sqrt(7 * 5 / 12**2 / images + z**2 / images**2 / 4) / (1 + z**2 / images)
    interval = of_share(right, groups)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((middle - reach, middle + reach), abs=1e-6)


def test_few_groups_that_differ_are_not_taken_for_certainty() -> None:
    """One wrong image of 36 photos of six groups says less than one of 36 independent photos."""
    interval = of_share(np.arange(36) > 0, np.repeat(np.arange(6), 6))
    assert interval is not None
    assert interval.low < stats.binomtest(35, 36).proportion_ci(method="wilson").low - 0.1


def test_groups_of_unequal_size_have_a_longer_interval() -> None:
    equal, unequal = (
        of_share(np.arange(6).repeat(sizes) % 2 == 0, np.arange(6).repeat(sizes))
        for sizes in ([6] * 6, [13, 13, 3, 3, 2, 2])
    )
    assert equal is not None
    assert unequal is not None
    assert unequal.high - unequal.low > 1.2 * (equal.high - equal.low)


def test_a_mean_of_shares_has_the_interval_of_a_share_and_a_difference_one_around_it() -> None:
    random, groups = np.random.default_rng(4), np.repeat(np.arange(15), 4)
    values = random.random(60)
    assert of_mean(values, groups, bounds=(0, 1)) == of_share(values, groups)
    difference = of_mean(2 * values - 1, groups, bounds=(-1, 1))
    assert difference is not None
    assert (difference.low + difference.high) / 2 == pytest.approx((2 * values - 1).mean())
    error = stats.sem((2 * values - 1).reshape(15, 4).mean(axis=1))
    assert difference.high - difference.low > 2 * 1.96 * error


def test_the_interval_of_a_share_is_mirrored_for_wrong_answers() -> None:
    right, groups = np.random.default_rng(0).random(60) < 0.8, np.repeat(np.arange(10), 6)
    one, other = of_share(right, groups), of_share(~right, groups)
    assert one is not None
    assert other is not None
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))


def test_images_of_a_group_count_once() -> None:
    right = np.array([True, False, True, True, False, True, True, False])
    one, many = of_share(right, np.arange(8)), of_share(np.repeat(right, 9), np.repeat(np.arange(8), 9))
    assert one is not None
    assert many is not None
    assert (many.low, many.high, many.groups) == pytest.approx((one.low, one.high, 8))
