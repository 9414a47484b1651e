"""Probes on embeddings with a known answer."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmark.errors import InputError, RunError
from benchmark.probing import coordinates as module
from benchmark.probing.coordinates import reduce_pair
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
    return linear_probe(reduce_pair(train, test), LABELS, GROUPS, 0).answers


@pytest.mark.parametrize("factor", [1e-4, 1e4])
def test_neither_scale_nor_shift_of_the_embeddings_changes_an_answer(factor: float) -> None:
    plain = answers(TRAIN, TEST)
    assert np.array_equal(answers(TRAIN * factor, TEST * factor), plain)
    shift = np.random.default_rng(3).normal(size=500) * 5
    assert np.array_equal(answers(TRAIN + shift, TEST + shift), plain)
    assert 0.5 < (plain == TRUTH).mean() < 1


def test_equals_scikit_learn_on_all_dimensions() -> None:
    """The Gram reduction loses nothing: the same probabilities as on 500 standardised dimensions."""
    pair = reduce_pair(TRAIN, TEST)
    scaler = StandardScaler().fit(TRAIN)
    full_train, full_test = (scaler.transform(part) / np.sqrt(500) for part in (TRAIN, TEST))
    for strength in (0.1, 10.0):
        full = LogisticRegression(C=strength, max_iter=5000, tol=1e-8).fit(full_train, LABELS)
        reduced = LogisticRegression(C=strength, max_iter=5000, tol=1e-8).fit(pair.train, LABELS)
        assert reduced.predict_proba(pair.test) == pytest.approx(full.predict_proba(full_test), abs=1e-4)
    assert (pair.train**2).sum(axis=1).mean() == pytest.approx(1)


def test_neighbours_equal_scikit_learn_s() -> None:
    found = nearest_neighbour_probe(reduce_pair(TRAIN, TEST), LABELS, GROUPS, 0)
    reference = KNeighborsClassifier(1, metric="cosine").fit(TRAIN, LABELS)
    pair = reduce_pair(TRAIN, TEST)
    assert np.array_equal(LABELS[pair.similarity.argmax(axis=1)], reference.predict(TEST))
    assert found.choice in NEIGHBOURS


def test_wide_embeddings_are_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reduce_pair(TRAIN, TEST)
    monkeypatch.setattr(module, "BLOCK_COLUMNS", 7)
    blocks = reduce_pair(TRAIN, TEST)
    assert np.abs(blocks.train @ blocks.test.T - whole.train @ whole.test.T).max() < 1e-10
    assert blocks.similarity == pytest.approx(whole.similarity)


def test_constant_dimensions_say_nothing() -> None:
    padded = [np.hstack([part, np.full((len(part), 3), 5.0)]) for part in (TRAIN, TEST)]
    assert reduce_pair(*padded).train == pytest.approx(reduce_pair(TRAIN, TEST).train)


def test_embeddings_that_are_all_equal_give_one_answer() -> None:
    pair = reduce_pair(np.ones((60, 5)), np.ones((80, 5)))
    assert pair.train.shape == (60, 0) or not pair.train.any()


def test_noise_is_at_chance_and_a_group_that_tells_all_is_not_rewarded() -> None:
    """Groups carry a mark of their own: only folds that keep them whole choose a strong penalty."""
    random = np.random.default_rng(5)
    noise = random.normal(size=(60, 200))
    marks = np.random.default_rng(6).normal(size=(15, 200))[GROUPS] * 3
    pair = reduce_pair(noise + marks, random.normal(size=(400, 200)))
    labels = np.random.default_rng(8).permutation(np.arange(15) % CLASSES)[GROUPS]
    probe = linear_probe(pair, labels, GROUPS, 0)
    assert probe.choice == STRENGTHS[0]
    assert (probe.answers == np.arange(400) % CLASSES).mean() == pytest.approx(1 / CLASSES, abs=0.08)


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
        reduce_pair(TRAIN[:1], TEST)
    with pytest.raises(InputError, match="equal dimensions"):
        reduce_pair(TRAIN, TEST[:, :3])
    bad = TEST.copy()
    bad[3, 4] = np.nan
    with pytest.raises(RunError, match="not finite"):
        reduce_pair(TRAIN, bad)
