import numpy as np
import pytest

from benchmark.metrics.resampling.intervals import of_mean, of_scores, of_share
from benchmark.metrics.score_intervals import of_answers, of_average_precision, of_difference, of_hits
from benchmark.records.base import Interval

UNITS = np.arange(40) // 4
LABELS = np.arange(40) % 3
ANSWERS = np.where(np.random.default_rng(0).random(40) < 0.7, LABELS, 0)


def test_a_share_has_the_interval_that_the_tables_print() -> None:
    right = LABELS == ANSWERS
    assert of_hits(right, UNITS, seed=0) == of_share(right, UNITS)
    found = of_answers(LABELS, ANSWERS, 3, UNITS, seed=4)
    assert found["accuracy"] == of_share(right, UNITS)
    bootstrap = of_scores(LABELS, ANSWERS, 3, UNITS, seed=4)
    assert {name: found[name] for name in ("recall", "f1")} == {name: bootstrap[name] for name in ("recall", "f1")}


def test_few_units_and_no_images_have_no_interval() -> None:
    assert of_hits(np.ones(40, bool), UNITS // 2, seed=0) is None
    assert of_answers(LABELS, ANSWERS, 3, UNITS // 2, seed=0) == {}
    assert of_hits(np.zeros(0, bool), np.zeros(0, int), seed=0) is None
    assert of_average_precision(np.zeros(0), np.zeros(0, int), seed=0) is None


def test_average_precisions_have_the_interval_of_a_bounded_mean() -> None:
    values = np.random.default_rng(1).random(40)
    assert of_average_precision(values, UNITS, seed=2) == of_mean(values, UNITS, seed=2, bounds=(0, 1))


def test_the_interval_of_a_difference_of_independent_means_covers_it() -> None:
    random, covered = np.random.default_rng(3), 0
    for _ in range(300):
        one, other = random.normal(0.6, 0.2, 40), random.normal(0.5, 0.3, 25)
        ends = [of_mean(values, seed=0) for values in (one, other)]
        assert ends[0] is not None
        assert ends[1] is not None
        between = of_difference(one.mean(), ends[0], other.mean(), ends[1])
        covered += between.low <= 0.1 <= between.high
    assert 0.92 <= covered / 300 <= 0.98


def test_equal_intervals_around_a_number_make_one_around_the_difference() -> None:
    one = Interval(low=0.4, high=0.6, groups=9)
    between = of_difference(0.5, one, 0.5, one)
    assert (between.low, between.high) == pytest.approx((-np.sqrt(0.02), np.sqrt(0.02)))
