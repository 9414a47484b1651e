import itertools
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from benchmark.errors import InputError
from benchmark.metrics.group_baselines import (
    Grouped,
    expected_ranking,
    group_answers,
    group_baseline,
    majority_baseline,
    retrieval_baseline,
)
from benchmark.records.classification import GroupBaseline
from benchmark.records.retrieval import RetrievalBaseline


def scores(baseline: GroupBaseline) -> tuple[float, ...]:
    return baseline.accuracy, baseline.balanced_accuracy, baseline.recall, baseline.f1


def two_videos_of_three(images: tuple[int, int]) -> Grouped:
    """Six fish, three in each video, each with as many images as its video has frames."""
    labels = np.repeat(np.arange(6), np.repeat(images, 3))
    return Grouped(labels, np.where(labels < 3, "Vid1", "Vid2"))


def test_the_video_baseline_of_six_fish_nested_in_two_videos() -> None:
    train, test = two_videos_of_three((80, 80)), two_videos_of_three((1000, 1000))
    baseline = group_baseline(train, test, classes=6)
    assert scores(baseline)[:3] == pytest.approx([1 / 3] * 3, abs=1e-12)
    # each video's answer is one of its three fish: precision 1/3 and recall 1 give F1 = 1/2 for two of six fish
    assert baseline.f1 == pytest.approx(1 / 6, abs=1e-12)
    assert baseline.mutual_information == pytest.approx(np.log(2), abs=1e-12)
    # pairs of images of one fish, of one video, and all; each fish is within one video
    fish, videos, pairs = 6 * 1000 * 999 // 2, 2 * 3000 * 2999 // 2, 6000 * 5999 // 2
    chance = Fraction(fish * videos, pairs)
    assert baseline.adjusted_rand == pytest.approx(float((fish - chance) / (Fraction(fish + videos, 2) - chance)))
    assert round(baseline.adjusted_rand, 3) == 0.333


def test_the_video_baseline_of_the_published_frame_counts() -> None:
    train, test = two_videos_of_three((869, 910)), two_videos_of_three((109, 114))  # 80 and 10 % of 1086 and 1138
    baseline = group_baseline(train, test, classes=6)
    assert baseline.accuracy == pytest.approx(1 / 3, abs=1e-12)
    assert round(baseline.adjusted_rand, 2) == 0.33
    assert round(baseline.mutual_information, 3) == 0.693


def test_the_majority_baseline_is_one_group() -> None:
    train, test = np.array([0, 0, 1, 2, 2, 2]), np.array([2, 2, 2, 1, 0])
    baseline = majority_baseline(train, test, classes=3)
    assert baseline.accuracy == pytest.approx(3 / 5)
    assert baseline.balanced_accuracy == pytest.approx(1 / 3)
    assert baseline.f1 == pytest.approx(2 * 3 / (3 + 5) / 3)
    assert (baseline.adjusted_rand, baseline.mutual_information) == (0, 0)


def test_without_ties_it_equals_the_commonest_in_training_scored_by_scikit_learn() -> None:
    random = np.random.default_rng(1)
    train = Grouped(random.integers(0, 7, 301), random.integers(0, 5, 301))
    test = Grouped(random.integers(0, 7, 100), random.integers(0, 5, 100))
    table = metrics.cluster.contingency_matrix(train.groups, train.labels)
    assert (np.sort(table, axis=1)[:, -1] > np.sort(table, axis=1)[:, -2]).all()
    predictions = table.argmax(axis=1)[test.groups]
    baseline = group_baseline(train, test, classes=7)
    assert baseline.accuracy == pytest.approx(metrics.accuracy_score(test.labels, predictions))
    assert baseline.recall == pytest.approx(metrics.recall_score(test.labels, predictions, average="macro"))
    assert baseline.f1 == pytest.approx(metrics.f1_score(test.labels, predictions, average="macro"))
    assert baseline.adjusted_rand == pytest.approx(metrics.adjusted_rand_score(test.labels, test.groups))


def test_equally_common_individuals_are_named_with_equal_probability() -> None:
    train = Grouped(np.array([0, 1, 2, 2]), np.array(["a", "a", "b", "b"]))
    test = Grouped(np.array([1, 2, 0]), np.array(["a", "b", "b"]))
    assert group_answers(train, test, classes=3).tolist() == [[0.5, 0.5, 0], [0, 0, 1], [0, 0, 1]]
    assert group_baseline(train, test, classes=3).accuracy == pytest.approx((0.5 + 1 + 0) / 3)


def test_the_majority_of_equally_common_individuals_names_one_of_them() -> None:
    labels = np.repeat(np.arange(6), 10)
    baseline = majority_baseline(labels, labels, classes=6)
    assert scores(baseline) == pytest.approx((1 / 6, 1 / 6, 1 / 6, 2 * 10 / (10 + 60) / 6), abs=1e-12)


def test_the_majority_of_three_tied_of_six_by_hand() -> None:
    train, test = (np.repeat(np.arange(6), images) for images in ([53, 53, 53, 38, 43, 45], [7, 7, 6, 5, 5, 5]))
    baseline = majority_baseline(train, test, classes=6)
    assert baseline.f1 == pytest.approx((2 * 14 / 42 + 12 / 41) / 3 / 6)  # 2 hits / (images + 35 answers)
    assert round(baseline.f1, 3) == 0.053


@pytest.mark.parametrize("seed", range(5))
def test_the_scores_are_the_means_over_all_ways_to_break_the_ties(seed: int) -> None:
    random = np.random.default_rng(seed)
    classes = 5
    train = Grouped(random.integers(0, 4, 10), np.arange(10) % 5)  # few images: many ties
    test = Grouped(random.integers(0, 5, 40), random.integers(0, 7, 40))  # 5 and 6 have no training image
    group = np.where(np.isin(test.groups, train.groups), test.groups, -1)
    tied = {}
    for name in np.unique(group):
        counts = np.bincount(train.labels[train.groups == name] if name >= 0 else train.labels, minlength=classes)
        tied[name] = np.flatnonzero(counts == counts.max())
    assert any(len(names) > 1 for names in tied.values())
    macro = {"labels": range(classes), "average": "macro", "zero_division": 0}
    draws = []
    for answers in itertools.product(*tied.values()):
        named = dict(zip(tied, answers, strict=True))
        predictions = np.array([named[name] for name in group])
        recall = metrics.recall_score(test.labels, predictions, **macro)
        draws.append(
            (
                metrics.accuracy_score(test.labels, predictions),
                recall * classes / len(np.unique(test.labels)),
                recall,
                metrics.f1_score(test.labels, predictions, **macro),
            )
        )
    assert scores(group_baseline(train, test, classes)) == pytest.approx(np.mean(draws, axis=0), abs=1e-12)


def test_a_group_without_training_images_is_answered_from_all_of_training() -> None:
    train = Grouped(np.array([0, 1, 1]), np.array([10, 11, 11]))
    assert group_answers(train, Grouped(np.array([0, 0]), np.array([10, 12])), classes=2).tolist() == [[1, 0], [0, 1]]


def test_one_individual_and_one_image_each() -> None:
    one = Grouped(np.zeros(4, int), np.arange(4))
    assert scores(group_baseline(one, one, classes=1)) == (1, 1, 1, 1)
    each = Grouped(np.arange(4), np.arange(4))
    assert scores(group_baseline(each, each, classes=4)) == (1, 1, 1, 1)
    assert group_baseline(each, each, classes=4).adjusted_rand is None  # no individual has three images
    three = Grouped(np.arange(12) // 3, np.arange(12) // 3)
    baseline = group_baseline(three, three, classes=4)
    assert (baseline.adjusted_rand, baseline.adjusted_mutual_information) == pytest.approx((1, 1))


def test_the_scores_follow_from_the_codes_that_a_record_stores() -> None:
    random = np.random.default_rng(7)
    train = Grouped(random.integers(0, 4, 12), np.arange(12) % 5)
    test = Grouped(random.integers(0, 4, 40), random.integers(0, 7, 40))
    baseline = group_baseline(train, test, classes=4)
    assert baseline.unseen == (5, 6)
    assert baseline.groups == tuple(test.groups)
    tied = [(code, individual) for code, names in enumerate(baseline.answers) for individual in names]
    codes, individuals = np.array(tied).T
    seen = ~np.isin(codes, baseline.unseen)
    again = group_baseline(Grouped(individuals[seen], codes[seen]), test, classes=4)
    assert [again.answers[code] for code in range(5)] == [baseline.answers[code] for code in range(5)]
    assert baseline.correct == tuple(
        (label in baseline.answers[code]) / len(baseline.answers[code]) for label, code in zip(*test, strict=True)
    )


def ranking_scores(baseline: RetrievalBaseline) -> tuple[float | None, ...]:
    return baseline.rank1, baseline.rank5, baseline.mean_average_precision


def average_precision(right: NDArray[np.bool_]) -> float:
    places = np.flatnonzero(right) + 1
    return float((np.arange(1, len(places) + 1) / places).mean())


def test_the_retrieval_baseline_is_the_mean_over_all_orders() -> None:
    gallery = Grouped(np.array([0, 0, 1, 1, 0, 2, 1]), np.array(["a", "a", "a", "b", "b", "b", "b"]))
    queries = Grouped(np.array([0, 0, 1, 2, 0]), np.array(["a", "b", "b", "a", "unseen"]))
    by_query = []
    for label, group in zip(*queries, strict=True):
        near, far = (np.flatnonzero((gallery.groups == group) == same) for same in (True, False))
        orders = [
            gallery.labels[[*first, *second]] == label
            for first in itertools.permutations(near)
            for second in itertools.permutations(far)
        ]
        by_query.append([(order[0], order[:5].any(), average_precision(order)) for order in orders])
    expected = np.mean([np.mean(orders, axis=0) for orders in by_query], axis=0)
    assert ranking_scores(retrieval_baseline(queries, gallery)) == pytest.approx(tuple(expected))


def test_hidden_images_count_as_absent() -> None:
    images = Grouped(np.array([0, 0, 1, 1, 0, 2, 1]), np.array(["a", "a", "a", "b", "b", "b", "c"]))
    by_query = []
    for query in np.flatnonzero(images.labels != 2):  # that individual has no other image
        others = np.delete(np.arange(7), query)
        same = images.groups[others] == images.groups[query]
        near, far = others[same], others[~same]
        orders = [
            images.labels[[*first, *second]] == images.labels[query]
            for first in itertools.permutations(near)
            for second in itertools.permutations(far)
        ]
        by_query.append(np.mean([(order[0], order[:5].any(), average_precision(order)) for order in orders], axis=0))
    assert len(by_query) == 6  # the mean leaves the other image out
    baseline = retrieval_baseline(images, images, lambda query: np.arange(7) == query)
    assert ranking_scores(baseline) == pytest.approx(tuple(np.mean(by_query, axis=0)))
    assert len(baseline.tiers) == 7
    assert expected_ranking(baseline.tiers) == baseline


def test_the_retrieval_baseline_by_video_of_six_fish_has_rank_1_of_one_third() -> None:
    parts = two_videos_of_three((30, 30)), two_videos_of_three((50, 50))
    assert retrieval_baseline(*parts).rank1 == pytest.approx(1 / 3)


def test_queries_without_a_match_are_left_out() -> None:
    gallery = Grouped(np.array([0, 1]), np.array([0, 0]))
    baseline = retrieval_baseline(Grouped(np.array([0, 5, 5]), np.array([0, 0, 1])), gallery)
    assert (baseline.rank1, baseline.rank5) == (0.5, 1)  # of the first query alone
    for queries in (Grouped(np.array([5]), np.array([0])), Grouped(np.zeros(0, int), np.zeros(0, int))):
        assert ranking_scores(retrieval_baseline(queries, gallery)) == (None, None, None)


def test_unusable_arguments_are_refused() -> None:
    good, empty = Grouped(np.array([0, 1]), np.array([0, 0])), Grouped(np.zeros(0, int), np.zeros(0, int))
    with pytest.raises(InputError, match="no train image"):
        group_baseline(empty, good, classes=2)
    with pytest.raises(InputError, match="no test image"):
        group_baseline(good, empty, classes=2)
    with pytest.raises(InputError, match=r"test labels run from 0 to 1; with 1 .* 0\.\.0"):
        group_baseline(Grouped(np.array([0]), np.array([0])), good, classes=1)
    with pytest.raises(InputError, match="1 groups for 2 train images"):
        group_baseline(good._replace(groups=np.array([0])), good, classes=2)
    with pytest.raises(InputError, match="3 groups for 2 query images"):
        retrieval_baseline(good._replace(groups=np.arange(3)), good)
    with pytest.raises(InputError, match="gallery is empty"):
        retrieval_baseline(good, empty)
