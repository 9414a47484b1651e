"""Whether a classifier is better than chance, tested by units."""

from bisect import bisect_left
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS, number_groups, share_ends
from benchmark.metrics.resampling.significance import SIGNIFICANCE
from benchmark.vocabulary import ChanceVerdict

MOST_EXACT = 12
"""Units up to which all changes of sign are tried; with more units, a random sample of as many."""


class BetterThanChance(NamedTuple):
    """Whether a classifier is better than chance.

    Attributes:
        verdict: the answer.
        needed: of an accuracy that is not significantly above the reference, the smallest number of right answers
            that would be if all images of a unit are answered alike; None for other answers, with fewer than six
            units, and if no number would be enough.
        images: number of images.
    """

    verdict: ChanceVerdict
    needed: int | None
    images: int


def best_guess(labels: NDArray[np.integer], train_images: NDArray[np.integer]) -> NDArray[np.float64]:
    """Probability that the best answer that is known without an image is right, for each image.

    It is the individual commonest in training, or any individual of training if that is right more often. Equally
    common individuals share the probability.

    Args:
        labels: (N,) class numbers, all of individuals in training.
        train_images: (classes,) number of training images of each individual.

    Example:
        >>> best_guess(np.array([0, 1, 1, 2]), np.array([5, 5, 1]))
        array([0.5, 0.5, 0.5, 0. ])
        >>> best_guess(np.array([2, 2, 1]), np.array([5, 4, 1])).round(2)
        array([0.33, 0.33, 0.33])
    """
    commonest = train_images == train_images.max()
    known: NDArray[np.float64] = (commonest / commonest.sum())[labels]
    share = 1 / int((train_images > 0).sum())
    return known if known.mean() > share else np.full(len(labels), share)


def better_than_chance(
    correct: NDArray[np.number] | NDArray[np.bool_],
    reference: NDArray[np.number],
    groups: NDArray[np.generic],
    *,
    seed: int,
) -> BetterThanChance:
    """Whether answers are right more often than the best answer that is known without an image.

    Two one-sided tests have to agree, each at 5 %. In the sign-flip test the excess of right answers over the reference
    keeps or changes its sign, unit by unit (Good 2005, section 3.2.1); it finds all changes up to 12 units. Units that
    differ in their expected excess, such as those of the commonest individual and the others, make it more careful. It
    assumes that an excess is as likely as a lack of the same size. If the reference is above one half, a unit can lack
    more than it can exceed, and the test alone calls up to half of all guesses better. So the lower end of the interval
    of the accuracy (`intervals.of_share`) has to be above the reference too.

    Args:
        correct: (N,) whether each image is answered correctly, or the share of training seeds that do; N >= 1.
        reference: (N,) in [0, 1], probability that the reference answers each image correctly.
        groups: (N,) the unit of each image.
        seed: of the random signs.

    Returns:
        `cannot_tell` with fewer than six units. Otherwise `no` if the accuracy is not above the reference, `yes` if it
        is significantly above (5 %), else `cannot_tell`, with the smallest number of right answers that would be if
        all images of a unit are answered alike, those first that the reference answers best.

    Example:
        >>> better_than_chance(np.arange(12) < 7, np.full(12, 1 / 3), np.arange(12), seed=0)
        BetterThanChance(verdict='cannot_tell', needed=8, images=12)
    """
    number, count = number_groups(groups, len(correct))
    images = len(correct)
    if count < FEWEST_GROUPS:
        return BetterThanChance(verdict="cannot_tell", needed=None, images=images)
    expected: NDArray[np.float64] = np.bincount(number, reference).astype(np.float64)
    right: NDArray[np.float64] = np.bincount(number, correct).astype(np.float64)  # (units,)
    if right.sum() <= expected.sum():
        return BetterThanChance(verdict="no", needed=None, images=images)
    signs, sizes = _signs(count, seed), np.bincount(number)

    def is_better(right: NDArray[np.floating]) -> bool:
        low, _ = share_ends(right, sizes, level=1 - 2 * SIGNIFICANCE)
        return bool(low > expected.sum() / images) and _p_value(right - expected, signs) <= SIGNIFICANCE

    if is_better(right):
        return BetterThanChance(verdict="yes", needed=None, images=images)
    order = np.argsort(-expected, kind="stable")

    def right_by_unit(units: int) -> NDArray[np.float64]:
        right = np.zeros(count)
        right[order[:units]] = sizes[order[:units]]
        return right

    enough = bisect_left(range(count + 1), True, key=lambda units: is_better(right_by_unit(units)))
    if enough > count:
        return BetterThanChance(verdict="cannot_tell", needed=None, images=images)
    needed = max(int(right_by_unit(enough).sum()), int(correct.sum()) + 1)
    return BetterThanChance(verdict="cannot_tell", needed=needed if needed <= images else None, images=images)


def never_better(
    correct: NDArray[np.bool_], reference: NDArray[np.number], groups: NDArray[np.generic], *, seed: int
) -> bool:
    """Whether no epoch of a training is better than the best answer that is known without an image.

    The tests of `better_than_chance`, corrected for the best of many epochs being above chance by chance: signs change
    for the largest excess of all epochs (Westfall and Young 1993), and the levels of the intervals share the 5 %.

    Args:
        correct: (E, N) whether each image is answered correctly after each epoch.
        reference: as `better_than_chance`.
        groups: as `better_than_chance`.
        seed: as `better_than_chance`.

    Returns:
        False with fewer than six units: nothing is known.

    Example:
        >>> never_better(np.zeros((3, 8), bool), np.full(8, 0.5), np.arange(8), seed=0)
        True
    """
    number, count = number_groups(groups, correct.shape[1])
    if count < FEWEST_GROUPS:
        return False
    sizes = np.bincount(number)
    right = np.stack([np.bincount(number, row) for row in correct], axis=1)  # (units, E)
    level = 1 - 2 * SIGNIFICANCE / len(correct)
    lowest = float(share_ends(right.T, sizes, level=level)[0].max())
    excess = right - np.bincount(number, reference).astype(np.float64)[:, None]
    return lowest <= float(reference.mean()) or _p_value(excess, _signs(count, seed)) > SIGNIFICANCE


@lru_cache(maxsize=16)
def _signs(units: int, seed: int) -> NDArray[np.float64]:
    """Changes of sign, (B, units), not to be written to; the first row changes nothing."""
    if units <= MOST_EXACT:
        signs = np.array(list(product([1.0, -1.0], repeat=units)))
    else:
        signs = np.random.default_rng(seed).choice([1.0, -1.0], (2**MOST_EXACT, units))
        signs[0] = 1
    signs.flags.writeable = False
    return signs


def _p_value(excess: NDArray[np.floating], signs: NDArray[np.float64]) -> float:
    """Share of the changes of sign under which the largest sum is as large as observed.

    Args:
        excess: (units,) or (units, E).
        signs: (B, units).
    """
    rounding = 1e-9
    sums = (signs @ excess).reshape(len(signs), -1).max(axis=1)
    return float((sums >= excess.sum(axis=0).max() - rounding).mean())
