from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.cross_validation.answers import NO_ANSWER, cross_validate
from benchmark.cross_validation.schemes import Scheme, schemes
from benchmark.data.catalogue import Row

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


def test_a_place_that_only_its_encounter_has_helps_random_folds_alone() -> None:
    _, labels = _photos()
    embeddings = _embeddings(pattern=0, place=3)
    grouped, random = (cross_validate(embeddings, {}, labels, one, seed=0) for one in _schemes())
    assert (random.linear == labels).mean() > 0.6
    assert (grouped.linear == labels).mean() < 0.45
    assert (random.nearest == labels).mean() > 0.95
    assert (grouped.nearest == labels).mean() < 0.45


def test_a_pattern_is_recognised_in_other_encounters() -> None:
    _, labels = _photos()
    answers = cross_validate(_embeddings(pattern=3, place=3), {}, labels, _schemes()[0], seed=0)
    assert (answers.linear == labels).mean() > 0.95
    assert ((answers.confidence > 0) & (answers.confidence <= 1)).all()


def test_the_two_questions_about_a_region_differ_where_they_should() -> None:
    _, labels = _photos()
    whole = _embeddings(pattern=3, place=0)
    shifted = whole[:, ::-1].copy()  # the region identifies, but not in the way that whole photos do
    answers = cross_validate(whole, {"pattern": shifted, "background": 0 * whole}, labels, _schemes()[0], seed=0)
    assert (answers.information["pattern"] == labels).mean() > 0.95
    assert (answers.reliance["pattern"] == labels).mean() < 0.6
    assert (answers.information["background"] == labels).mean() <= 1 / INDIVIDUALS + 0.15


def test_photos_that_cannot_be_tested_have_no_answer() -> None:
    rows, labels = _photos()
    alone = [Row(row.image_id, row.identity, row.path, groups={"encounter": "one"}) for row in rows[-12:]]
    grouped, _ = schemes([*rows[:-12], *alone], labels)
    answers = cross_validate(_embeddings(3, 0), {}, labels, grouped, seed=0)
    assert (answers.linear[-12:] == NO_ANSWER).all()
    assert np.isnan(answers.confidence[-12:]).all()
    assert (answers.linear[:-12] != NO_ANSWER).all()


@pytest.mark.slow
def test_of_embeddings_that_know_nothing_the_accuracy_is_chance() -> None:
    _, labels = _photos()
    accuracies = [
        (cross_validate(_embeddings(0, 0, seed), {}, labels, _schemes()[0], seed=seed).linear == labels).mean()
        for seed in range(40)
    ]
    assert abs(float(np.mean(accuracies)) - 1 / INDIVIDUALS) < 0.05
