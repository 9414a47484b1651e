from collections import Counter, defaultdict

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.splitting.group_assignment import assign_groups


def _keep_all(parts: NDArray[np.int8]) -> NDArray[np.int8]:
    return parts


def _counts(identities: list[str], parts: NDArray[np.int8]) -> dict[str, list[int]]:
    counted = Counter(zip(identities, parts.tolist(), strict=True))
    return {identity: [counted[identity, part] for part in range(3)] for identity in dict.fromkeys(identities)}


def test_groups_stay_whole_and_every_individual_gets_near_its_shares() -> None:
    rng = np.random.default_rng(3)
    identities, groups = [], []
    for group in range(60):  # 2 of 5 individuals in each group, 4 images of each
        for individual in rng.choice(5, 2, replace=False):
            identities += [f"i{individual}"] * 4
            groups += [f"g{group}"] * 4
    parts = assign_groups(identities, groups, 0, _keep_all)
    parts_of = defaultdict(set)
    for name, part in zip(groups, parts.tolist(), strict=True):
        parts_of[name].add(part)
    assert all(len(parts_of_group) == 1 for parts_of_group in parts_of.values())
    for counts in _counts(identities, parts).values():
        target = np.array([0.8, 0.112, 0.088]) * sum(counts)
        assert (np.abs(counts - target) <= 8).all()  # two groups
        assert min(counts) >= 4


@pytest.mark.parametrize("seed", range(5))
def test_three_groups_are_one_for_each_part(seed: int) -> None:
    identities = ["fox"] * 12 + ["owl"] * 9
    groups = [*"aaaabbbbcccc", *"dddeeefff"]
    counts = _counts(identities, assign_groups(identities, groups, seed, _keep_all))
    assert counts == {"fox": [4, 4, 4], "owl": [3, 3, 3]}


def test_the_draw_follows_the_seed_alone() -> None:
    identities = ["fox", "owl"] * 100
    groups = [f"{number // 4}" for number in range(200)]
    draws = [assign_groups(identities, groups, seed, _keep_all) for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()
    tested = np.concatenate(
        [np.flatnonzero(assign_groups(identities, groups, seed, _keep_all) == 2) for seed in range(20)]
    )
    assert 70 < tested.mean() < 130  # of 0..199


def test_the_draws_are_compared_after_images_are_dropped() -> None:
    identities = ["fox"] * 40
    groups = [f"{number // 4}" for number in range(40)]
    late = np.arange(40) >= 20

    def drop_images(parts: NDArray[np.int8]) -> NDArray[np.int8]:
        return np.where((parts > 0) & ~late, np.int8(-1), parts)

    parts = assign_groups(identities, groups, 0, drop_images)
    assert [int((parts[late] == part).sum()) for part in (1, 2)] == [4, 4]  # what is left of a share of 4 each
    assert (parts[~late] == 0).all()  # nothing was lost


def test_an_individual_in_one_group_is_in_one_part() -> None:
    parts = assign_groups(["fox"] * 9 + ["owl"] * 5, [*"aaabbbccc", *"ddddd"], 0, _keep_all)
    assert len(set(parts[9:].tolist())) == 1
