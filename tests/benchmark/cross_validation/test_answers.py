from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.cross_validation import answers as module
from benchmark.cross_validation.answers import NO_ANSWER, OutOfFoldAnswers, Photos, cross_validate, settled
from benchmark.cross_validation.folding import folding
from benchmark.cross_validation.schemes import Scheme, schemes
from benchmark.data.catalogue import Row
from benchmark.vocabulary import RegionVariant

INDIVIDUALS, ENCOUNTERS, PHOTOS = 5, 4, 3


def _photos() -> tuple[list[Row], NDArray[np.int64]]:
    """Each individual in four encounters of three photos."""
    labels = np.repeat(np.arange(INDIVIDUALS), ENCOUNTERS * PHOTOS)
    encounters = np.repeat(np.arange(INDIVIDUALS * ENCOUNTERS), PHOTOS)
    rows = [
        Row(f"{number}", f"{label}", Path("p"), groups={"encounter": f"{encounter}"})
        for number, (label, encounter) in enumerate(zip(labels, encounters, strict=True))
    ]
    return rows, labels


def _embeddings(pattern: float, place: float, seed: int = 0) -> NDArray[np.float64]:
    """Embeddings that carry the individual, and the place of the encounter, with a strength each."""
    random = np.random.default_rng(seed)
    rows, labels = _photos()
    encounters = np.array([int(row.groups["encounter"]) for row in rows])
    own = random.normal(size=(INDIVIDUALS, 16))[labels]
    places = random.normal(size=(INDIVIDUALS * ENCOUNTERS, 16))[encounters]
    return np.hstack([pattern * own, place * places]) + 0.3 * random.normal(size=(len(labels), 32))


def _schemes() -> tuple[Scheme, Scheme]:
    grouped, random = schemes(*_photos())
    return grouped, random


def _answers(
    embeddings: NDArray[np.float64],
    scheme: Scheme,
    labels: NDArray[np.int64],
    regions: dict[RegionVariant, NDArray[np.float64]] | None = None,
    seed: int = 0,
) -> OutOfFoldAnswers:
    photos = Photos(embeddings, regions or {}, labels, scheme.groups)
    return cross_validate(photos, folding(labels, scheme, seed), seed=seed)


def test_a_place_that_only_its_encounter_has_helps_random_folds_alone() -> None:
    _, labels = _photos()
    embeddings = _embeddings(pattern=0, place=3)
    grouped, random = (_answers(embeddings, one, labels) for one in _schemes())
    assert (random.linear == labels).mean() > 0.6
    assert (grouped.linear == labels).mean() < 0.45
    assert (random.nearest == labels).mean() > 0.95
    assert (grouped.nearest == labels).mean() < 0.45


def test_a_pattern_is_recognised_in_other_encounters() -> None:
    _, labels = _photos()
    answers = _answers(_embeddings(pattern=3, place=3), _schemes()[0], labels)
    assert (answers.linear == labels).mean() > 0.95
    assert ((answers.confidence > 0) & (answers.confidence <= 1)).all()


def test_the_two_questions_about_a_region_differ_where_they_should() -> None:
    _, labels = _photos()
    whole = _embeddings(pattern=3, place=0)
    shifted = whole[:, ::-1].copy()  # the region identifies, but not in the way that whole photos do
    answers = _answers(whole, _schemes()[0], labels, {"pattern": shifted, "background": 0 * whole})
    assert (answers.information["pattern"] == labels).mean() > 0.95
    assert (answers.reliance["pattern"] == labels).mean() < 0.6
    assert (answers.information["background"] == labels).mean() <= 1 / INDIVIDUALS + 0.15


def test_photos_that_cannot_be_tested_have_no_answer() -> None:
    rows, labels = _photos()
    alone = [Row(row.image_id, row.identity, row.path, groups={"encounter": "one"}) for row in rows[-12:]]
    grouped, _ = schemes([*rows[:-12], *alone], labels)
    answers = _answers(_embeddings(3, 0), grouped, labels)
    assert (answers.linear[:, -12:] == NO_ANSWER).all()
    assert np.isnan(answers.confidence[:, -12:]).all()
    assert (answers.linear[:, :-12] != NO_ANSWER).all()


def test_the_settled_answer_is_that_of_most_draws_and_as_sure_as_all_of_them() -> None:
    answers = np.array([[2, 0, NO_ANSWER], [2, 1, NO_ANSWER], [0, 1, NO_ANSWER]])
    chosen, confidence = settled(answers, np.array([[0.6, 0.9, np.nan], [0.6, 0.4, np.nan], [0.9, 0.5, np.nan]]))
    assert chosen.tolist() == [2, 1, NO_ANSWER]
    assert confidence[:2] == pytest.approx([0.4, 0.3])
    assert np.isnan(confidence[2])


def _simulated(encounters: int, distance: float, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64], Scheme]:
    """Two individuals whose photos lie around two points, in encounters of two photos."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(encounters) % 2, 2)
    groups = np.repeat(np.arange(encounters), 2)
    embeddings = random.normal(size=(len(labels), 2))
    embeddings[:, 0] += distance * labels
    return embeddings, labels, Scheme("grouped", "encounter", groups, np.ones(len(labels), bool))


@pytest.fixture
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """One strength and one neighbour, so that many data sets take seconds."""
    monkeypatch.setattr(module, "choose_strength", lambda *_args, **_options: 1.0)
    monkeypatch.setattr(module, "choose_neighbours", lambda *_args: 1)


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_chosen")
@pytest.mark.parametrize(("distance", "truth"), [(0, 0.5), (2, 0.841)])
@pytest.mark.parametrize(("encounters", "sets"), [(24, 20), (60, 8)], ids=["each encounter left out", "five draws"])
def test_a_simulated_accuracy_is_found(encounters: int, sets: int, distance: float, truth: float) -> None:
    """The best rule for two unit normals at this distance is right with probability Phi(distance / 2).

    The mean accuracy over 480 encounters has a standard error of about 0.02.
    """
    accuracies = []
    for seed in range(sets):
        embeddings, labels, scheme = _simulated(encounters, distance, seed)
        accuracies.append((_answers(embeddings, scheme, labels, seed=seed).linear == labels).mean())
    assert float(np.mean(accuracies)) == pytest.approx(truth, abs=0.05)


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_chosen")
def test_embeddings_that_know_nothing_are_right_as_often_as_a_uniform_guess() -> None:
    _, labels = _photos()
    accuracies = [
        (_answers(_embeddings(0, 0, seed), _schemes()[0], labels, seed=seed).linear == labels).mean()
        for seed in range(20)
    ]
    assert abs(float(np.mean(accuracies)) - 1 / INDIVIDUALS) < 0.05


def test_folds_of_a_block_share_a_choice_by_photos_that_none_of_them_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, labels = _photos()
    chosen_by: list[set[int]] = []
    number = {tuple(row): index for index, row in enumerate(_embeddings(3, 3))}

    def choose(points: NDArray[np.float64], *_args: object, **_options: object) -> float:
        chosen_by.append({number[tuple(row)] for row in points})
        return 1.0

    monkeypatch.setattr(module, "choose_strength", choose)
    monkeypatch.setattr(module, "choose_neighbours", lambda *_args: 1)
    monkeypatch.setattr(module, "_standardised", lambda embeddings: embeddings)
    scheme = _schemes()[0]
    folds = folding(labels, scheme, 0)
    assert folds.one_group_each
    cross_validate(Photos(_embeddings(3, 3), {}, labels, scheme.groups), folds, seed=0)
    blocks = {fold.block for fold in folds.draws[0]}
    assert len(chosen_by) == len(blocks) == 10
    for block in blocks:
        tested = {int(photo) for fold in folds.draws[0] if fold.block == block for photo in fold.test}
        assert any(not tested & photos and len(tested | photos) == len(rows) for photos in chosen_by)
