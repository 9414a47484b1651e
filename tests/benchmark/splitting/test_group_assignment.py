from collections import Counter, defaultdict

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.splitting.group_assignment import assign


def _as_drawn(zones: NDArray[np.int8]) -> NDArray[np.int8]:
    return zones


def _counts(identities: list[str], zones: NDArray[np.int8]) -> dict[str, list[int]]:
    counted = Counter(zip(identities, zones.tolist(), strict=True))
    return {identity: [counted[identity, zone] for zone in range(3)] for identity in dict.fromkeys(identities)}


def test_groups_stay_whole_and_every_individual_gets_near_its_shares() -> None:
    rng = np.random.default_rng(3)
    identities, groups = [], []
    for group in range(60):  # 2 of 5 individuals in each group, 4 images of each
        for who in rng.choice(5, 2, replace=False):
            identities += [f"i{who}"] * 4
            groups += [f"g{group}"] * 4
    zones = assign(identities, groups, 0, _as_drawn)
    where = defaultdict(set)
    for name, zone in zip(groups, zones.tolist(), strict=True):
        where[name].add(zone)
    assert all(len(found) == 1 for found in where.values())
    for counts in _counts(identities, zones).values():
        wanted = np.array([0.8, 0.112, 0.088]) * sum(counts)
        assert (np.abs(counts - wanted) <= 8).all()  # two groups
        assert min(counts) >= 4


@pytest.mark.parametrize("seed", range(5))
def test_three_groups_are_one_for_each_part(seed: int) -> None:
    identities = ["fox"] * 12 + ["owl"] * 9
    groups = [*"aaaabbbbcccc", *"dddeeefff"]
    counts = _counts(identities, assign(identities, groups, seed, _as_drawn))
    assert counts == {"fox": [4, 4, 4], "owl": [3, 3, 3]}


def test_the_draw_follows_the_seed_alone() -> None:
    identities = ["fox", "owl"] * 100
    groups = [f"{number // 4}" for number in range(200)]
    draws = [assign(identities, groups, seed, _as_drawn) for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()
    tested = np.concatenate([np.flatnonzero(assign(identities, groups, seed, _as_drawn) == 2) for seed in range(20)])
    assert 70 < tested.mean() < 130  # of 0..199


def test_the_draw_is_chosen_by_what_settling_leaves() -> None:
    identities = ["fox"] * 40
    groups = [f"{number // 4}" for number in range(40)]
    late = np.arange(40) >= 20

    def settle(zones: NDArray[np.int8]) -> NDArray[np.int8]:
        return np.where((zones > 0) & ~late, np.int8(-1), zones)

    zones = assign(identities, groups, 0, settle)
    assert [int((zones[late] == zone).sum()) for zone in (1, 2)] == [4, 4]  # what is left of a share of 4 each
    assert (zones[~late] == 0).all()  # nothing was lost


def test_an_individual_in_one_group_is_in_one_part() -> None:
    zones = assign(["fox"] * 9 + ["owl"] * 5, [*"aaabbbccc", *"ddddd"], 0, _as_drawn)
    assert len(set(zones[9:].tolist())) == 1
