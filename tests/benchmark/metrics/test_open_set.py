import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmark.errors import InputError
from benchmark.metrics.open_set import Answers, answers, at_threshold, curve, threshold_keeping
from benchmark.metrics.retrieval import Images, retrieve

HAND = Answers(
    similarity=np.array([0.9, 0.8, 0.3, 0.7, 0.6, 0.2, 0.8]),
    right=np.array([True, False, True, True, False, False, False]),
    labels=np.array([0, 0, 0, 1, 5, 5, 6]),
    known=np.array([True, True, True, True, False, False, False]),
)


def draw(images: int, seed: int) -> Answers:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 8, images)
    known = labels < 5
    right = known & (random.random(images) < 0.8)
    similarity = np.round(random.normal(0.3 * known, 0.4), 1)  # with ties
    return Answers(similarity, right, labels, known)


def test_a_hand_case() -> None:
    scores = at_threshold(HAND, 0.5)
    # known: individual 0 has one of three images accepted and right, individual 1 its one
    # unknown: individual 5 has one of two called new, individual 6 none
    assert scores.baks == pytest.approx((1 / 3 + 1) / 2)
    assert scores.baus == pytest.approx((1 / 2 + 0) / 2)
    assert scores.geometric == pytest.approx(math.sqrt(2 / 3 / 4))
    assert scores.threshold == 0.5


def test_a_similarity_at_the_threshold_is_accepted() -> None:
    assert at_threshold(HAND, 0.7).baks == at_threshold(HAND, 0.61).baks
    assert at_threshold(HAND, 0.8).baus == at_threshold(HAND, 0.71).baus


def test_accepting_all_and_none() -> None:
    everyone, no_one = at_threshold(HAND, -np.inf), at_threshold(HAND, np.inf)
    assert (everyone.baks, everyone.baus) == (pytest.approx((2 / 3 + 1) / 2), 0)
    assert (no_one.baks, no_one.baus, no_one.geometric) == (0, pytest.approx(1), 0)


def test_the_curve_holds_the_scores_at_every_threshold() -> None:
    given = draw(120, seed=1)
    found = curve(given)
    assert found is not None
    assert len(found.thresholds) == len(np.unique(given.similarity)) + 1
    for threshold, baks, baus in zip(found.thresholds, found.baks, found.baus, strict=True):
        scores = at_threshold(given, threshold)
        assert (baks, baus) == pytest.approx((scores.baks, scores.baus), abs=1e-12)


def test_the_area_is_the_chance_that_a_known_image_is_right_and_more_similar() -> None:
    given = draw(90, seed=2)
    weights = {label: 1 / (given.labels == label).sum() for label in np.unique(given.labels)}
    area = total = 0.0
    for one in np.flatnonzero(given.known):
        for other in np.flatnonzero(~given.known):
            weight = weights[given.labels[one]] * weights[given.labels[other]]
            gap = given.similarity[one] - given.similarity[other]
            area += weight * given.right[one] * (0.5 if gap == 0 else gap > 0)
            total += weight
    found = curve(given)
    assert found is not None
    assert 0.2 < found.area < 0.8
    assert found.area == pytest.approx(area / total)


def test_where_all_are_named_rightly_the_area_is_that_of_the_roc_curve() -> None:
    given = draw(150, seed=3)
    given = given._replace(right=given.known)
    weights = 1 / np.bincount(given.labels)[given.labels]
    found = curve(given)
    assert found is not None
    assert found.area == pytest.approx(roc_auc_score(given.known, given.similarity, sample_weight=weights))


def test_equal_similarities_leave_half_the_area() -> None:
    given = draw(60, seed=4)
    found = curve(given._replace(similarity=np.zeros(60), right=given.known))
    assert found is not None
    assert found.area == pytest.approx(0.5)


def test_without_unknown_or_without_known_individuals_there_is_no_mean() -> None:
    known = HAND._replace(known=np.ones(7, bool))
    assert at_threshold(known, 0.5)[2:] == (None, None)
    unknown = HAND._replace(known=np.zeros(7, bool))
    assert at_threshold(unknown, 0.5).baks is None
    assert at_threshold(unknown, 0.5).geometric is None
    assert curve(known) is curve(unknown) is None


def test_no_images() -> None:
    nothing = Answers(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), np.zeros(0, bool))
    assert at_threshold(nothing, 0.5)[1:] == (None, None, None)
    assert curve(nothing) is None


def test_the_answers_of_a_retrieval() -> None:
    gallery = Images(np.eye(3), np.array([0, 1, 1]))
    queries = Images(np.array([[2.0, 0, 0], [0.9, 0.1, 0], [0, 0, -1.0]]), np.array([0, 1, 9]))
    found = answers(retrieve(queries, gallery)["cosine"], queries.labels, gallery.labels)
    assert found.right.tolist() == [True, False, False]
    assert found.known.tolist() == [True, True, False]
    scores = at_threshold(found, 0.5)
    assert (scores.baks, scores.baus) == (0.5, 1.0)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("images", [1, 10, 20, 33])
def test_the_threshold_keeps_the_share_and_no_higher_one_does(share: float, images: int) -> None:
    similarity = np.random.default_rng(images).permutation(images) / 100
    threshold = threshold_keeping(similarity, share)
    wanted = math.ceil(round(share * images, 6))
    assert (similarity >= threshold).sum() == wanted
    assert (similarity >= threshold + 0.01).sum() < wanted


def test_what_cannot_be_used_is_refused() -> None:
    with pytest.raises(InputError, match="similarity in row 2 is nan"):
        at_threshold(HAND._replace(similarity=np.array([0, 1, np.nan, 0, 0, 0, 0])), 0.5)
    with pytest.raises(InputError, match=r"\[7, 6, 7, 7\] values"):
        curve(HAND._replace(right=np.ones(6, bool)))
    with pytest.raises(InputError, match=r"share of 1\.5 of 3 images"):
        threshold_keeping(np.zeros(3), 1.5)
    with pytest.raises(InputError, match="of 0 images"):
        threshold_keeping(np.zeros(0))
    with pytest.raises(InputError, match="row 1 is -inf"):
        threshold_keeping(np.array([0.0, -np.inf]))
