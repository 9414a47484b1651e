"""The folds of a cross-validation, in one draw or several."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.cross_validation.schemes import Scheme

FOLDS = 10
DRAWS = 5

FEW_PHOTOS = 300
"""Number of photos below which one draw of ten folds depends too much on chance."""

FEW_GROUPS = FOLDS * DRAWS
"""Groups up to which, with few photos, each group is a fold: no more folds than in `DRAWS` draws."""


class Fold(NamedTuple):
    """Photos to fit on, and photos to test.

    Attributes:
        fit: indices of all photos of other groups.
        test: indices of the testable photos of the fold's groups; may be empty.
        block: number of the block. The folds of a block share what is chosen by photos that none of them tests.
    """

    fit: NDArray[np.int64]
    test: NDArray[np.int64]
    block: int


class Folding(NamedTuple):
    """How photos are folded.

    Attributes:
        draws: one or several draws of folds; each tests every testable photo once.
        one_group_each: whether a fold is a single group, so that nothing is drawn.
    """

    draws: tuple[tuple[Fold, ...], ...]
    one_group_each: bool


def folding(labels: NDArray[np.integer], scheme: Scheme, seed: int) -> Folding:
    """The folds of a scheme: as many as the number of photos makes necessary.

    With 300 photos and more, groups are drawn into ten folds once. Below, the accuracy would depend on that draw: with
    at most 50 groups each group is left out in turn, which needs no draw; with more groups there are five draws of ten
    folds, over which accuracies are averaged. Folds of single groups are in ten blocks: with so many folds, one choice
    each would take most of the time.

    Args:
        labels: (N,) class numbers.
        scheme: whose groups stay whole.
        seed: of the draws.
    """
    few = len(labels) < FEW_PHOTOS
    groups = np.unique(scheme.groups[scheme.testable])
    if len(groups) <= (FEW_GROUPS if few else FOLDS):
        block_of = np.random.default_rng(seed).permutation(len(groups)) % FOLDS
        alone = (_without(group, scheme, int(block)) for group, block in zip(groups, block_of, strict=True))
        return Folding((tuple(alone),), one_group_each=True)
    draws = DRAWS if few else 1
    return Folding(
        tuple(_drawn(labels, scheme, seed * DRAWS + draw) for draw in range(draws)),
        one_group_each=False,
    )


def described(folds: Folding) -> str:
    """The folds in words.

    >>> one = Fold(np.array([1]), np.array([0]), 0)
    >>> described(Folding(((one, one),), one_group_each=True))
    'each of 2 groups left out in turn'
    """
    count, draws = len(folds.draws[0]), len(folds.draws)
    if folds.one_group_each:
        return f"each of {count} groups left out in turn"
    return f"{count} folds" if draws == 1 else f"{draws} draws of {count} folds"


def _without(group: np.int64, scheme: Scheme, block: int) -> Fold:
    """The fold that tests one group."""
    inside = scheme.groups == group
    return Fold(np.flatnonzero(~inside), np.flatnonzero(inside & scheme.testable), block)


def _drawn(labels: NDArray[np.integer], scheme: Scheme, seed: int) -> tuple[Fold, ...]:
    """One draw of ten folds, in which individuals are spread as evenly as their groups allow."""
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    few = np.bincount(labels).max() < FOLDS  # no individual has a photo for every fold
    kind = GroupKFold if few else StratifiedGroupKFold
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The (least|number of unique)", UserWarning)  # individuals with few photos
        parts = list(kind(FOLDS, shuffle=True, random_state=seed).split(labels, labels, scheme.groups))
    return tuple(Fold(fit, test[scheme.testable[test]], number) for number, (fit, test) in enumerate(parts))
