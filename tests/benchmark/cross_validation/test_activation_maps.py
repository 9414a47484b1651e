"""Maps of out-of-fold probes on feature maps with a known place of the evidence."""

import numpy as np
import pytest

from benchmark.cross_validation.activation_maps import activation_maps
from benchmark.cross_validation.answers import Photos, cross_validate
from benchmark.cross_validation.folding import folding
from benchmark.cross_validation.schemes import Scheme
from benchmark.probing.coordinates import reduce
from benchmark.probing.probes import linear_logits

INDIVIDUALS, PHOTOS, CHANNELS, SIDE = 3, 36, 12, 4


def _feature_maps() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Feature maps in which one cell, at another place in each photo, holds the individual."""
    random = np.random.default_rng(0)
    labels, places = np.arange(PHOTOS) % INDIVIDUALS, random.integers(0, SIDE * SIDE, PHOTOS)
    maps = np.abs(random.normal(size=(PHOTOS, CHANNELS, SIDE * SIDE))) * 0.1 + 0.2
    maps[np.arange(PHOTOS), labels, places] += 8
    return maps.reshape(PHOTOS, CHANNELS, SIDE, SIDE), labels, places


def test_the_map_lies_where_the_evidence_is_and_is_that_of_the_weights() -> None:
    maps, labels, places = _feature_maps()
    embeddings = maps.mean(axis=(2, 3))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    groups = np.arange(PHOTOS) // 3
    photos = Photos(embeddings, {}, labels, groups)
    folds = folding(labels, Scheme("grouped", "encounter", groups, np.ones(PHOTOS, bool)), 0)
    answers = cross_validate(photos, folds, seed=0)
    chosen = np.array([7, 3, 20])
    found = activation_maps(photos, folds.draws[0], answers.strength[0], chosen, maps[chosen])
    assert found.answers.tolist() == answers.linear[0, chosen].tolist() == labels[chosen].tolist()
    assert found.cams.reshape(3, -1).argmax(axis=1).tolist() == places[chosen].tolist()
    fit = np.flatnonzero(groups != groups[7])
    at_units, zero = linear_logits(
        reduce(embeddings[fit], np.eye(CHANNELS), np.zeros((1, CHANNELS))),
        labels[fit],
        float(answers.strength[0, 7]),
        balanced=True,
    )
    weights = (at_units - zero)[:, labels[7]]  # the probe is linear in the embedding
    features = maps[7] / np.linalg.norm(maps[7].mean(axis=(1, 2)))
    assert found.cams[0] == pytest.approx(np.maximum(np.einsum("c,chw->hw", weights, features), 0), abs=1e-6)
