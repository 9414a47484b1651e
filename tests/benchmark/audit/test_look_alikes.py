"""Look-alikes against the rate between different individuals, on data with a known answer."""

import itertools

import numpy as np
import pytest

from benchmark.audit.look_alikes import LookAlikes, look_alikes
from benchmark.audit.near_duplicates import VIEWS
from benchmark.data.pairing import Sightings


def _hashes(looks: np.ndarray) -> np.ndarray:
    """Hashes that are alike for equal looks only."""
    random = np.random.default_rng(9).integers(0, 2**64, (int(looks.max()) + 1, VIEWS), dtype=np.uint64)
    return random[looks]


def _parts(queries: int, pool: int) -> tuple[np.ndarray, np.ndarray]:
    is_query = np.arange(queries + pool) < queries
    return is_query, ~is_query


def _data(labels: list[int], looks: list[int], recordings: list[int] | None = None) -> tuple[np.ndarray, Sightings]:
    count = len(labels)
    places = None if recordings is None else np.array(recordings)
    return _hashes(np.array(looks)), Sightings(np.arange(count), np.array(labels), places)


def test_rates_are_those_of_equally_many_images_of_each_individual() -> None:
    labels, looks = [0, 1, 0, 0, 0, 1, 1, 2], [5, 6, 5, 5, 7, 5, 8, 6]
    result = look_alikes(*_data(labels, looks), _parts(2, 6), 4)
    pool = {
        label: [look for own, look in zip(labels[2:], looks[2:], strict=True) if own == label] for label in range(3)
    }

    def any_alike(look: int, label: int, drawn: int) -> float:
        return float(np.mean([look in some for some in itertools.combinations(pool[label], drawn)]))

    own, other = [], []
    for label, look in zip(labels[:2], looks[:2], strict=True):
        sizes = {one: min(len(pool[label]), len(pool[one])) for one in pool if one != label}
        own.append(np.mean([any_alike(look, label, drawn) for drawn in sizes.values()]))
        other.append(np.mean([any_alike(look, one, drawn) for one, drawn in sizes.items()]))
    assert result.share == 1
    assert result.own == pytest.approx(np.mean(own))
    assert result.other == pytest.approx(np.mean(other))
    assert result.probability is None  # two individuals with two others each: at best one in nine


def test_others_are_those_of_the_same_recording_if_there_are_any() -> None:
    labels, looks = [0, 0, 1, 2], [5, 5, 5, 6]
    assert look_alikes(*_data(labels, looks, [7, 7, 7, 8]), _parts(1, 3), 4).other == 1
    assert look_alikes(*_data(labels, looks, [7, 7, 8, 7]), _parts(1, 3), 4).other == 0
    assert look_alikes(*_data(labels, looks, [7, 7, 8, 9]), _parts(1, 3), 4).other == 0.5


def test_images_that_are_hidden_are_not_compared() -> None:
    labels, looks = [0, 0, 1, 1], [5, 5, 6, 6]
    everything = np.ones(4, dtype=bool)
    data = _data(labels, looks)
    assert look_alikes(*data, (everything, everything), 4).own == 1  # each image looks like its other one
    hide = np.kron(np.eye(2, dtype=bool), np.ones((2, 2), dtype=bool))
    hidden = look_alikes(*data, (everything, everything), 4, lambda query: hide[query])
    assert (hidden.share, hidden.own) == (0, None)


def test_without_own_or_other_individuals_there_is_no_rate() -> None:
    strangers = look_alikes(*_data([0, 1], [5, 5]), _parts(1, 1), 4)
    assert (strangers.share, strangers.own, strangers.excess(0.01)) == (1, None, None)  # no animal is found by that
    alone = look_alikes(*_data([0, 0], [5, 5]), _parts(1, 1), 4)
    assert (alone.own, alone.other, alone.excess(0.01)) == (1, None, 1)
    assert look_alikes(*_data([0], [5]), _parts(1, 0), 4) == LookAlikes(share=0)
    assert look_alikes(*_data([0], [5]), _parts(0, 1), 4) == LookAlikes(share=0)


@pytest.mark.parametrize(
    ("other", "probability", "excess"),
    [(0.4, 0.01, 0.2), (0.4, 0.2, None), (0.595, 0.01, None), (0.4, None, None), (0.05, None, 0.55), (None, None, 0.6)],
)
def test_an_excess_counts_if_it_is_large_and_no_chance(
    other: float | None, probability: float | None, excess: float | None
) -> None:
    near = LookAlikes(share=0.9, own=0.6, other=other, probability=probability)
    assert near.excess(0.01) == (excess if excess is None else pytest.approx(excess))


def _tanks(rng: np.random.Generator, looks: int, copied: float = 0.0) -> LookAlikes:
    """Eight fish in two tanks, each tank with looks of its own; a share of test images are copies of train images."""
    labels = np.repeat(np.arange(8), 40)
    is_query = np.tile(np.arange(40) < 20, 8)
    look = rng.integers(0, looks, 320) + looks * (labels // 4)
    for query in np.flatnonzero(is_query & (rng.random(320) < copied)):
        look[query] = rng.choice(look[~is_query & (labels == labels[query])])
    return look_alikes(_hashes(look), Sightings(np.arange(320), labels, labels // 4), (is_query, ~is_query), 4)


def test_before_one_background_nearly_all_look_alike_and_that_is_no_fault() -> None:
    """On the structure of the AAU set: aligned crops, few poses, identity nested in the tank."""
    results = [_tanks(np.random.default_rng(seed), looks=8) for seed in range(40)]
    assert np.mean([result.share for result in results]) > 0.9
    assert np.mean([result.own for result in results]) == pytest.approx(
        np.mean([result.other for result in results]), abs=0.02
    )
    assert np.mean([result.excess(0.01) is not None for result in results]) <= 0.1


@pytest.mark.slow
def test_without_a_leak_at_most_one_in_twenty_is_called_a_fault() -> None:
    results = [_tanks(np.random.default_rng(seed), looks=30) for seed in range(500)]
    assert 0.02 < np.mean([result.probability < 0.05 for result in results]) < 0.07
    assert np.mean([result.excess(0.01) is not None for result in results]) < 0.07


def test_copies_are_a_fault_also_where_some_look_alike_by_chance() -> None:
    results = [_tanks(np.random.default_rng(seed), looks=60, copied=0.5) for seed in range(20)]
    assert all(result.excess(0.01) for result in results)
