import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmark.errors import InputError
from benchmark.metrics.matches import Images
from benchmark.metrics.open_set import (
    CURVE_POINTS,
    Answers,
    Scores,
    answers_of,
    at_threshold,
    threshold_accepting,
    threshold_curve,
)
from benchmark.metrics.retrieval import retrieve

HAND = Answers(
    similarity=np.array([0.9, 0.8, 0.3, 0.7, 0.6, 0.2, 0.8]),
    right=np.array([True, False, True, True, False, False, False]),
    labels=np.array([0, 0, 0, 1, 5, 5, 6]),
    known=np.array([True, True, True, True, False, False, False]),
)


def random_answers(images: int, seed: int) -> Answers:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 8, images)
    known = labels < 5
    right = known & (random.random(images) < 0.8)
    similarity = np.round(random.normal(0.3 * known, 0.4), 1)  # with ties
    return Answers(similarity, right, labels, known)


def scores_at(answers: Answers, threshold: float) -> Scores:
    scores = at_threshold(answers, threshold)
    assert scores is not None
    return scores


def test_a_hand_case() -> None:
    scores = scores_at(HAND, 0.5)
    # known: individual 0 has one of three images accepted and right, individual 1 its one
    # unknown: individual 5 has one of two called new, individual 6 none
    assert scores.baks == pytest.approx((1 / 3 + 1) / 2)
    assert scores.baus == pytest.approx((1 / 2 + 0) / 2)
    assert scores.geometric == pytest.approx(math.sqrt(2 / 3 / 4))
    assert scores.threshold == 0.5


def test_a_similarity_at_the_threshold_is_accepted() -> None:
    assert scores_at(HAND, 0.7).baks == scores_at(HAND, 0.61).baks
    assert scores_at(HAND, 0.8).baus == scores_at(HAND, 0.71).baus


def test_accepting_all_and_none() -> None:
    all_accepted, none_accepted = scores_at(HAND, -np.inf), scores_at(HAND, np.inf)
    assert (all_accepted.baks, all_accepted.baus) == (pytest.approx((2 / 3 + 1) / 2), 0)
    assert (none_accepted.baks, none_accepted.baus, none_accepted.geometric) == (0, pytest.approx(1), 0)


def test_the_curve_holds_the_scores_at_every_threshold() -> None:
    answers = random_answers(120, seed=1)
    curve = threshold_curve(answers)
    assert curve is not None
    assert len(curve.thresholds) == len(np.unique(answers.similarity)) + 1
    for threshold, baks, baus in zip(curve.thresholds, curve.baks, curve.baus, strict=True):
        scores = scores_at(answers, threshold)
        assert (baks, baus) == pytest.approx((scores.baks, scores.baus), abs=1e-12)
    assert scores_at(answers, 0.5).curve == tuple(zip(curve.baus.tolist(), curve.baks.tolist(), strict=True))


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    similarity = np.linspace(0, 1, 1000)
    known = np.arange(1000) % 2 == 0
    answers = Answers(similarity, known, known.astype(int), known)
    curve = scores_at(answers, 0.5).curve
    assert len(curve) == CURVE_POINTS
    assert (curve[0], curve[-1]) == (pytest.approx((0, 1)), pytest.approx((1, 0)))


def test_the_area_is_the_probability_that_a_known_image_is_right_and_more_similar() -> None:
    answers = random_answers(90, seed=2)
    weights = {label: 1 / (answers.labels == label).sum() for label in np.unique(answers.labels)}
    area = total = 0.0
    for one in np.flatnonzero(answers.known):
        for other in np.flatnonzero(~answers.known):
            weight = weights[answers.labels[one]] * weights[answers.labels[other]]
            gap = answers.similarity[one] - answers.similarity[other]
            area += weight * answers.right[one] * (0.5 if gap == 0 else gap > 0)
            total += weight
    score = scores_at(answers, 0.5).area
    assert 0.2 < score < 0.8
    assert score == pytest.approx(area / total)


def test_if_all_known_images_are_named_rightly_the_area_is_that_of_the_roc_curve() -> None:
    answers = random_answers(150, seed=3)
    answers = answers._replace(right=answers.known)
    weights = 1 / np.bincount(answers.labels)[answers.labels]
    expected = roc_auc_score(answers.known, answers.similarity, sample_weight=weights)
    assert scores_at(answers, 0.5).area == pytest.approx(expected)


def test_equal_similarities_have_half_the_area() -> None:
    answers = random_answers(60, seed=4)
    answers = answers._replace(similarity=np.zeros(60), right=answers.known)
    assert scores_at(answers, 0.5).area == pytest.approx(0.5)


def test_without_unknown_or_without_known_individuals_there_are_no_scores() -> None:
    for same in (np.ones(7, bool), np.zeros(7, bool)):
        assert at_threshold(HAND._replace(known=same), 0.5) is None
        assert threshold_curve(HAND._replace(known=same)) is None


def test_no_images() -> None:
    no_images = Answers(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), np.zeros(0, bool))
    assert at_threshold(no_images, 0.5) is None
    assert threshold_curve(no_images) is None


def test_the_answers_of_a_retrieval() -> None:
    gallery = Images(np.eye(3), np.array([0, 1, 1]))
    queries = Images(np.array([[2.0, 0, 0], [0.9, 0.1, 0], [0, 0, -1.0]]), np.array([0, 1, 9]))
    answers = answers_of(retrieve(queries, gallery)["cosine"], queries.labels, gallery.labels)
    assert answers.right.tolist() == [True, False, False]
    assert answers.known.tolist() == [True, True, False]
    scores = scores_at(answers, 0.5)
    assert (scores.baks, scores.baus) == (0.5, 1.0)


def test_known_individuals_without_a_visible_match_are_no_answers() -> None:
    gallery = Images(np.eye(3), np.array([0, 1, 1]))
    queries = Images(np.eye(3)[[0, 1, 2]], np.array([0, 1, 9]))
    hidden = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], bool)
    answers = answers_of(
        retrieve(queries, gallery, lambda query: hidden[query])["cosine"], queries.labels, gallery.labels
    )
    assert answers.labels.tolist() == [1, 9]  # the first one's only match is hidden, of the second one another is left
    assert answers.known.tolist() == [True, False]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("images", [1, 10, 20, 33])
def test_the_threshold_accepts_the_share_and_no_higher_one_does(share: float, images: int) -> None:
    similarity = np.random.default_rng(images).permutation(images) / 100
    threshold = threshold_accepting(similarity, share)
    count = math.ceil(round(share * images, 6))
    assert (similarity >= threshold).sum() == count
    assert (similarity >= threshold + 0.01).sum() < count


def test_unusable_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="similarity in row 2 is nan"):
        at_threshold(HAND._replace(similarity=np.array([0, 1, np.nan, 0, 0, 0, 0])), 0.5)
    with pytest.raises(InputError, match=r"\[7, 6, 7, 7\] values"):
        threshold_curve(HAND._replace(right=np.ones(6, bool)))
    with pytest.raises(InputError, match=r"share of 1\.5 of 3 images"):
        threshold_accepting(np.zeros(3), 1.5)
    with pytest.raises(InputError, match="of 0 images"):
        threshold_accepting(np.zeros(0))
    with pytest.raises(InputError, match="row 1 is -inf"):
        threshold_accepting(np.array([0.0, -np.inf]))
