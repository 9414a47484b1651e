import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.metrics.classification import scores
from benchmark.metrics.resampling.intervals import of_mean, of_share, share_ends, unseen
from benchmark.metrics.score_intervals import of_answers, of_average_precision, of_difference, of_hits
from benchmark.records.base import Interval

UNITS = np.arange(40) // 4
LABELS = np.arange(40) % 3
ANSWERS = np.where(np.random.default_rng(0).random(40) < 0.7, LABELS, 0)


def test_a_share_has_the_interval_that_the_tables_print() -> None:
    right = LABELS == ANSWERS
    assert of_hits(right, UNITS) == of_share(right, UNITS)
    assert of_answers(LABELS, ANSWERS, 3, UNITS)["accuracy"] == of_share(right, UNITS)


def test_a_mean_over_equally_common_individuals_has_the_interval_of_the_share() -> None:
    labels = np.repeat(np.arange(3), 12)
    found = of_answers(labels, ANSWERS[:36], 3, np.arange(36) // 3)
    assert found["recall"].model_dump() == pytest.approx(found["accuracy"].model_dump())
    assert found["balanced_accuracy"] == found["recall"]


def test_an_individual_without_images_lowers_recall_and_f1_but_not_the_balanced_accuracy() -> None:
    found, larger = (of_answers(LABELS, ANSWERS, classes, UNITS) for classes in (3, 4))
    assert larger["balanced_accuracy"] == found["balanced_accuracy"]
    for name in ("recall", "f1"):
        ends = found[name].low * 3 / 4, found[name].high * 3 / 4
        assert (larger[name].low, larger[name].high) == pytest.approx(ends)


def test_an_answer_that_no_image_has_costs_only_its_own_individual() -> None:
    """Two individuals with six images and three right namings each; their F1 is 2 * 3 / (6 + 3)."""
    labels, groups = np.array([0, 1] * 6), np.arange(12)
    found = of_answers(labels, np.where(groups < 6, labels, 2), 3, groups)
    counts = np.ones(12) / 9 + (groups < 6) / 9  # a wrong image is named as an individual without images
    assert counts.sum() == pytest.approx(2)
    low, high = share_ends((groups < 6) * counts, counts, level=0.95)
    assert low <= 2 / 3 <= high
    assert (found["f1"].low, found["f1"].high) == pytest.approx((low * 2 / 3, high * 2 / 3))


@pytest.mark.parametrize("classes", [4, 6])
def test_the_score_is_within_its_interval(classes: int) -> None:
    random = np.random.default_rng(6)
    groups = random.integers(0, 12, 90)
    labels = np.where(groups < 3, 3, random.integers(0, 3, 90))
    answers = np.where(random.random(90) < 0.6, labels, random.integers(0, 4, 90))
    found, truth = of_answers(labels, answers, classes, groups), scores(labels, answers, classes)
    for name in ("accuracy", "recall", "f1"):
        assert found[name].low < getattr(truth, name) < found[name].high
    assert {interval.groups for interval in found.values()} == {12}


def test_an_individual_of_few_images_makes_the_mean_over_individuals_less_sure() -> None:
    labels = np.where(np.arange(60) < 6, 1, 0)
    answers = np.where(np.random.default_rng(1).random(60) < 0.6, labels, 1 - labels)
    found = of_answers(labels, answers, 2, np.arange(60))
    length = {name: one.high - one.low for name, one in found.items()}
    assert length["balanced_accuracy"] > 1.5 * length["accuracy"]


def test_all_right_and_all_wrong_have_the_exact_interval_of_units() -> None:
    groups = np.repeat(np.arange(12), 3)
    labels = groups % 3
    right, wrong = (of_answers(labels, given, 4, groups) for given in (labels, labels + 1))
    reach = unseen(12, 0.95)
    assert (right["f1"].low, right["f1"].high) == pytest.approx(((1 - reach) * 3 / 4, 3 / 4))
    assert (wrong["recall"].low, wrong["recall"].high) == pytest.approx((0, reach * 3 / 4))


def test_answers_of_other_images_are_refused() -> None:
    with pytest.raises(InputError, match="2 answers for 3 images"):
        of_answers(np.arange(3), np.arange(2), 3, np.arange(3))


def test_few_units_and_no_images_have_no_interval() -> None:
    assert of_hits(np.ones(40, bool), UNITS // 2) is None
    assert of_answers(LABELS, ANSWERS, 3, UNITS // 2) == {}
    assert of_hits(np.zeros(0, bool), np.zeros(0, int)) is None
    assert of_average_precision(np.zeros(0), np.zeros(0, int)) is None


def test_average_precisions_have_the_interval_of_a_bounded_mean() -> None:
    values = np.random.default_rng(1).random(40)
    assert of_average_precision(values, UNITS) == of_mean(values, UNITS, bounds=(0, 1))


def test_the_interval_of_a_difference_of_independent_means_covers_it() -> None:
    random, covered = np.random.default_rng(3), 0
    for _ in range(300):
        one, other = random.normal(0.6, 0.2, 40), random.normal(0.5, 0.3, 25)
        ends = [of_mean(values) for values in (one, other)]
        assert ends[0] is not None
        assert ends[1] is not None
        between = of_difference(one.mean(), ends[0], other.mean(), ends[1])
        covered += between.low <= 0.1 <= between.high
    assert 0.92 <= covered / 300 <= 0.98


def test_equal_intervals_around_a_number_make_one_around_the_difference() -> None:
    one = Interval(low=0.4, high=0.6, groups=9)
    between = of_difference(0.5, one, 0.5, one)
    assert (between.low, between.high) == pytest.approx((-np.sqrt(0.02), np.sqrt(0.02)))
