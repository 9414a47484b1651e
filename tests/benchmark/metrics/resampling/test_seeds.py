import numpy as np
import pytest
from scipy import special, stats

from benchmark.metrics.resampling.intervals import of_mean, of_share, unseen
from benchmark.metrics.resampling.seeds import of_seed_means, seed_variance


def test_one_seed_and_equal_seeds_have_the_interval_over_units() -> None:
    row = np.random.default_rng(0).random(60) < 0.7
    groups = np.repeat(np.arange(12), 5)
    assert of_seed_means(row[None], groups) == of_share(row, groups)
    assert of_seed_means(np.stack([row] * 3), groups) == of_share(row, groups)
    assert of_seed_means(row[None], groups, bounds=(-1, 1)) == of_mean(row, groups, bounds=(-1, 1))


def test_fewer_than_six_units_have_no_interval_whatever_the_seeds() -> None:
    assert of_seed_means(np.ones((5, 10)), np.repeat(np.arange(5), 2)) is None


def test_seeds_without_any_spread_over_units_have_student_s_interval() -> None:
    values = np.array([0.2, 0.5, 0.6])[:, None] * np.ones(2000)
    interval = of_seed_means(values, np.arange(2000), bounds=None)
    low, high = stats.t.interval(0.95, 2, values[:, 0].mean(), stats.sem(values[:, 0]))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_seeds_without_any_spread_over_units_have_the_interval_of_their_logits() -> None:
    shares = np.array([0.99, 0.95, 0.6])
    values = (np.arange(2000) % 100 < 100 * shares[:, None]).astype(float)
    interval = of_seed_means(values, np.arange(2000) // 100)
    logits, mean = special.logit((2000 * shares + 0.5) / 2001), shares.mean()
    reach = stats.t.ppf(0.975, 2) * stats.sem(logits)
    below, above = (abs(mean - special.expit(special.logit(mean) + way * reach)) for way in (-1, 1))
    assert interval is not None
    units = of_share(values.mean(axis=0), np.arange(2000) // 100)
    assert units is not None
    assert interval.low == pytest.approx(mean - np.hypot(below, mean - units.low))
    assert interval.high == pytest.approx(min(1, mean + np.hypot(above, units.high - mean)))
    assert mean - interval.low > 2 * (interval.high - mean)


def test_an_interval_ends_at_the_bounds_and_has_a_width_where_all_is_right() -> None:
    values = np.ones((3, 40), bool)
    right = of_seed_means(values, np.arange(40))
    assert right is not None
    assert (right.low, right.high) == pytest.approx((1 - unseen(40, 0.95), 1))
    values[0] = False
    mixed = of_seed_means(values, np.arange(40))
    assert mixed is not None
    assert (mixed.low, mixed.high) == (0, 1)


def test_the_variance_between_seeds_is_that_of_a_two_way_analysis() -> None:
    random = np.random.default_rng(0)
    seeds, units = 400, 30
    effects = random.normal(0, 0.3, (seeds, 1)) + random.normal(0, 1, (1, units)) + random.normal(0, 2, (seeds, units))
    result = seed_variance([effects, effects[:1]], np.arange(units))
    assert result.freedom == seeds - 1
    assert result.variance == pytest.approx(0.09, rel=0.35)
    assert effects.mean(axis=1).var() > 0.2
    assert seed_variance([effects[:1]], np.arange(units)) == (0.0, 0.0, 0)


def test_the_spread_of_two_seeds_counts_whole_if_it_is_clear_and_else_not() -> None:
    random, groups = np.random.default_rng(2), np.repeat(np.arange(30), 5)
    first, second = random.random((2, 150)) < 0.6
    alike = np.stack([first, second])
    assert alike.mean(axis=1).std() > 0
    assert of_seed_means(alike, groups) == of_share(alike.mean(axis=0), groups)
    apart = np.stack([random.random(150) < 0.3, random.random(150) < 0.9])
    interval = of_seed_means(apart, groups)
    assert interval is not None
    assert interval.high - interval.low > 0.9
