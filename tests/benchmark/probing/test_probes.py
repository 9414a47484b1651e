"""Probes on embeddings with a known answer."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmark.errors import InputError, RunError
from benchmark.probing.coordinates import reduce
from benchmark.probing.folds import grouped_folds
from benchmark.probing.probes import NEIGHBOURS, STRENGTHS, linear_probe, nearest_neighbour_probe

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
        assert reduced.predict_proba(pair.shown[0].points) == pytest.approx(full.predict_proba(full_test), abs=1e-4)
    assert (pair.train**2).sum(axis=1).mean() == pytest.approx(1)


def test_neighbours_equal_scikit_learn_s() -> None:
    found = nearest_neighbour_probe(reduce(TRAIN, TEST), LABELS, GROUPS, 0)
    reference = KNeighborsClassifier(1, metric="cosine").fit(TRAIN, LABELS)
    pair = reduce(TRAIN, TEST)
    assert np.array_equal(LABELS[pair.shown[0].similarity.argmax(axis=1)], reference.predict(TEST))
    assert found.choice in NEIGHBOURS


def test_wide_embeddings_are_read_in_blocks() -> None:
    whole, blocks = reduce(TRAIN, TEST), reduce(TRAIN, TEST, block_columns=7)
    products = [one.train @ one.shown[0].points.T for one in (blocks, whole)]
    assert np.abs(products[0] - products[1]).max() < 1e-10
    assert blocks.shown[0].similarity == pytest.approx(whole.shown[0].similarity)


def test_several_sets_of_test_images_are_each_seen_as_if_alone() -> None:
    """They share the training images, which are read once, and may have other numbers of images."""
    together, alone = reduce(TRAIN, TEST, TEST[:7] * 2, block_columns=64), reduce(TRAIN, TEST[:7] * 2)
    assert together.shown[1].points == pytest.approx(alone.shown[0].points)
    assert together.shown[1].similarity == pytest.approx(alone.shown[0].similarity)
    for probe in (linear_probe, nearest_neighbour_probe):
        both, one = (probe(coordinates, LABELS, GROUPS, 0) for coordinates in (together, alone))
        assert [len(answers) for answers in both.answers] == [80, 7]
        assert np.array_equal(both.answers[1], one.answers[0])


def test_constant_dimensions_say_nothing() -> None:
    padded = [np.hstack([part, np.full((len(part), 3), 5.0)]) for part in (TRAIN, TEST)]
    assert reduce(*padded).train == pytest.approx(reduce(TRAIN, TEST).train)


def test_embeddings_that_are_all_equal_give_one_answer() -> None:
    """Such as a region that no image has: all are black."""
    pair = reduce(np.ones((60, 5)), np.ones((80, 5)))
    labels = np.where(LABELS == 2, 1, LABELS)  # the commonest is 1
    for probe in (linear_probe, nearest_neighbour_probe):
        assert len(set(probe(pair, labels, GROUPS, 0).answers[0])) == 1
    assert set(linear_probe(pair, labels, GROUPS, 0).answers[0]) == {1}


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
