import numpy as np
import pytest

from benchmark.cross_validation.folding import DRAWS, FOLDS, Folding, folding
from benchmark.cross_validation.schemes import Scheme


def _scheme(photos: int, groups: int, seed: int = 0) -> tuple[np.ndarray, Scheme]:
    """Photos of six individuals in groups, of which some individuals have one alone."""
    random = np.random.default_rng(seed)
    labels = np.arange(photos) % 6
    labels[:2] = 6, 7  # two individuals with one photo each
    group = random.permutation(np.arange(photos) % groups)
    testable = np.array([len(set(group[labels == label])) > 1 for label in labels])
    return labels, Scheme("grouped", "encounter", group, testable)


@pytest.mark.parametrize(
    ("photos", "groups", "draws", "folds", "one_group_each"),
    [
        (299, 50, 1, 50, True),
        (299, 51, DRAWS, FOLDS, False),
        (299, 3, 1, 3, True),
        (300, 50, 1, FOLDS, False),
        (300, 10, 1, 10, True),
        (300, 300, 1, FOLDS, False),
        (80, 80, DRAWS, FOLDS, False),
    ],
)
def test_few_photos_are_folded_more_than_once_or_by_single_groups(
    photos: int, groups: int, draws: int, folds: int, one_group_each: bool
) -> None:
    found = folding(*_scheme(photos, groups), seed=0)
    assert (len(found.draws), found.one_group_each) == (draws, one_group_each)
    assert {len(draw) for draw in found.draws} == {folds}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("photos", "groups"), [(90, 25), (90, 70), (310, 40)])
def test_each_draw_tests_every_testable_photo_once_and_keeps_groups_whole(photos: int, groups: int, seed: int) -> None:
    labels, scheme = _scheme(photos, groups, seed)
    for draw in folding(labels, scheme, seed).draws:
        tested = np.concatenate([fold.test for fold in draw])
        assert sorted(tested.tolist()) == np.flatnonzero(scheme.testable).tolist()
        for fold in draw:
            assert not set(scheme.groups[fold.fit]) & set(scheme.groups[fold.test])


def test_draws_and_seeds_differ_and_one_seed_repeats() -> None:
    labels, scheme = _scheme(200, 120)

    def tests(found: Folding) -> list[tuple[int, ...]]:
        return [tuple(draw[0].test.tolist()) for draw in found.draws]

    first, again, other = (tests(folding(labels, scheme, seed)) for seed in (0, 0, 1))
    assert first == again
    assert len({*first, *other}) == 2 * DRAWS
