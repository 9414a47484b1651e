"""Probes on embeddings with a known answer."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmark.errors import InputError, RunError
from benchmark.probing.coordinates import cosines, reduce
from benchmark.probing.folds import grouped_folds
from benchmark.probing.probes import (
    NEIGHBOURS,
    STRENGTHS,
    linear_logits,
    linear_probe,
    nearest_neighbour_probe,
)

CLASSES = 4


def images(
    count: int, dimensions: int, seed: int, signal: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Embeddings of individuals whose means lie apart, with scales that differ by dimension."""
    random = np.random.default_rng(seed)
    means = np.random.default_rng(99).normal(size=(CLASSES, dimensions)) * signal
    labels = np.arange(count) % CLASSES
    scales = np.random.default_rng(7).uniform(0.1, 10, dimensions)
    return (means[labels] + random.normal(size=(count, dimensions))) * scales, labels


TRAIN, LABELS = images(60, 500, 0, 0.15)
TEST, TRUTH = images(80, 500, 1, 0.15)
GROUPS = np.arange(60) // 4


def answers(train: NDArray[np.floating], test: NDArray[np.floating]) -> NDArray[np.int64]:
    return linear_probe(reduce(train, test), LABELS, GROUPS, 0).answers[0]


@pytest.mark.parametrize("factor", [1e-4, 1e4])
def test_neither_scale_nor_shift_of_the_embeddings_changes_an_answer(factor: float) -> None:
    plain = answers(TRAIN, TEST)
    assert np.array_equal(answers(TRAIN * factor, TEST * factor), plain)
    shift = np.random.default_rng(3).normal(size=500) * 5
    assert np.array_equal(answers(TRAIN + shift, TEST + shift), plain)
    assert 0.5 < (plain == TRUTH).mean() < 1


def test_equals_scikit_learn_on_all_dimensions() -> None:
    """The Gram reduction loses nothing: the same probabilities as on 500 standardised dimensions."""
    pair = reduce(TRAIN, TEST)
    scaler = StandardScaler().fit(TRAIN)
    full_train, full_test = (scaler.transform(part) / np.sqrt(500) for part in (TRAIN, TEST))
    for strength in (0.1, 10.0):
        full = LogisticRegression(C=strength, max_iter=5000, tol=1e-8).fit(full_train, LABELS)
        reduced = LogisticRegression(C=strength, max_iter=5000, tol=1e-8).fit(pair.train, LABELS)
        assert reduced.predict_proba(pair.shown[0]) == pytest.approx(full.predict_proba(full_test), abs=1e-4)
    assert (pair.train**2).sum(axis=1).mean() == pytest.approx(1)


def test_neighbours_equal_scikit_learn_s() -> None:
    pair = cosines(TRAIN, TEST)
    found = nearest_neighbour_probe(pair, LABELS, GROUPS, 0)
    reference = KNeighborsClassifier(1, metric="cosine").fit(TRAIN, LABELS)
    assert np.array_equal(LABELS[pair.shown[0].argmax(axis=1)], reference.predict(TEST))
    assert found.choice in NEIGHBOURS


def test_wide_embeddings_are_read_in_blocks() -> None:
    whole, blocks = reduce(TRAIN, TEST), reduce(TRAIN, TEST, block_columns=7)
    products = [one.train @ one.shown[0].T for one in (blocks, whole)]
    assert np.abs(products[0] - products[1]).max() < 1e-10
    near = [cosines(TRAIN, TEST, block_columns=columns) for columns in (7, 500)]
    assert near[0].shown[0] == pytest.approx(near[1].shown[0])
    assert near[0].train == pytest.approx(near[1].train)


def test_several_sets_of_test_images_are_each_seen_as_if_alone() -> None:
    """They share the training images, which are read once, and may have other numbers of images."""
    together, alone = reduce(TRAIN, TEST, TEST[:7] * 2, block_columns=64), reduce(TRAIN, TEST[:7] * 2)
    assert together.shown[1] == pytest.approx(alone.shown[0])
    near, near_alone = cosines(TRAIN, TEST, TEST[:7] * 2, block_columns=64), cosines(TRAIN, TEST[:7] * 2)
    assert near.shown[1] == pytest.approx(near_alone.shown[0])
    for both, one in (
        [linear_probe(coordinates, LABELS, GROUPS, 0) for coordinates in (together, alone)],
        [nearest_neighbour_probe(pair, LABELS, GROUPS, 0) for pair in (near, near_alone)],
    ):
        assert [len(answers) for answers in both.answers] == [80, 7]
        assert np.array_equal(both.answers[1], one.answers[0])


def test_the_matrix_of_the_dimensions_gives_what_the_gram_matrix_gives() -> None:
    """With fewer dimensions than images the smaller matrix is taken, which only turns the signs of coordinates."""
    random = np.random.default_rng(11)
    train, test = random.normal(size=(60, 59)), random.normal(size=(80, 59))
    train[:, 3] = 1.0
    wide = [np.hstack([part, part]) for part in (train, test)]  # the same Gram matrix, by the other way
    small, large = reduce(train, test), reduce(*wide)
    assert small.train.shape == large.train.shape == (60, 58)
    assert np.abs(small.train) == pytest.approx(np.abs(large.train), abs=1e-8)
    probes = [linear_probe(coordinates, LABELS, GROUPS, 0, balanced=True) for coordinates in (small, large)]
    assert np.array_equal(probes[0].answers[0], probes[1].answers[0])
    assert probes[0].confidences[0] == pytest.approx(probes[1].confidences[0], abs=1e-4)


def test_logits_are_those_of_the_probe() -> None:
    pair = reduce(TRAIN, TEST)
    probe = linear_probe(pair, LABELS, GROUPS, 0, balanced=True)
    (logits,) = linear_logits(pair, LABELS, probe.choice, balanced=True)
    assert np.array_equal(logits.argmax(axis=1), probe.answers[0])
    two = LABELS < 2
    (of_two,) = linear_logits(reduce(TRAIN[two], TEST), LABELS[two], 1.0, balanced=False)
    assert of_two.shape == (80, 2)
    assert of_two.sum(axis=1) == pytest.approx(0)


def test_constant_dimensions_say_nothing() -> None:
    padded = [np.hstack([part, np.full((len(part), 3), 5.0)]) for part in (TRAIN, TEST)]
    assert reduce(*padded).train == pytest.approx(reduce(TRAIN, TEST).train)


def test_embeddings_that_are_all_equal_give_one_answer() -> None:
    """Such as a region that no image has: all are black."""
    parts = np.ones((60, 5)), np.ones((80, 5))
    labels = np.where(LABELS == 2, 1, LABELS)  # the commonest is 1
    assert len(set(nearest_neighbour_probe(cosines(*parts), labels, GROUPS, 0).answers[0])) == 1
    assert set(linear_probe(reduce(*parts), labels, GROUPS, 0).answers[0]) == {1}


def test_noise_is_at_chance_and_a_group_that_tells_all_is_not_rewarded() -> None:
    """Groups carry a mark of their own: only folds that keep them whole choose a strong penalty."""
    random = np.random.default_rng(5)
    noise = random.normal(size=(60, 200))
    marks = np.random.default_rng(6).normal(size=(15, 200))[GROUPS] * 3
    pair = reduce(noise + marks, random.normal(size=(400, 200)))
    labels = np.random.default_rng(8).permutation(np.arange(15) % CLASSES)[GROUPS]
    probe = linear_probe(pair, labels, GROUPS, 0)
    assert probe.choice == STRENGTHS[0]
    assert (probe.answers[0] == np.arange(400) % CLASSES).mean() == pytest.approx(1 / CLASSES, abs=0.08)


def test_folds_keep_groups_whole() -> None:
    for fit, held in grouped_folds(LABELS, GROUPS, 0):
        assert not set(GROUPS[fit]) & set(GROUPS[held])
        assert len(fit) + len(held) == len(LABELS)


def test_individuals_of_one_group_each_are_folded_by_image() -> None:
    folds = list(grouped_folds(LABELS, LABELS, 0))
    assert len(folds) == 5
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(60))


def test_what_cannot_be_probed_is_refused() -> None:
    with pytest.raises(InputError, match="at least two training images"):
        reduce(TRAIN[:1], TEST)
    with pytest.raises(InputError, match="equal dimensions"):
        reduce(TRAIN, TEST[:, :3])
    bad = TEST.copy()
    bad[3, 4] = np.nan
    with pytest.raises(RunError, match="not finite"):
        reduce(TRAIN, bad)
