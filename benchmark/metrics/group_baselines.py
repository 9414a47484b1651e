"""Group baselines: scores expected of a baseline that sees no animal and knows only one metadata column, or nothing.

Where identity is nested in video, knowing the video alone gives a high score. A score is evidence of recognition only
as far as it exceeds this baseline.
"""

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.clustering import label_agreement, measurable
from benchmark.metrics.matches import DEEPEST, Hide
from benchmark.records.classification import GroupBaseline
from benchmark.records.retrieval import RetrievalBaseline


class Grouped(NamedTuple):
    """The images of one part.

    Attributes:
        labels: (N,) class numbers in [0, classes).
        groups: (N,) the video, camera or date of each image.
    """

    labels: NDArray[np.integer]
    groups: NDArray[np.generic]


def group_baseline(train: Grouped, test: Grouped, classes: int) -> GroupBaseline:
    """Expected scores of naming the commonest individual in the image's group in training.

    The baseline names one individual for each group, for all its images. Equally common individuals are a tie, which is
    broken at random, independently for each group. The scores are exact expectations over these draws. The expected F1
    is not that of the expected confusion matrix, which is higher: an answer that is shared among all tied individuals
    looks as if each was named precisely.

    Adjusted Rand index and mutual information are those of the groups taken as clusters of the test images; None for
    labels that are not `benchmark.metrics.clustering.measurable`.

    Args:
        train: the training images.
        test: the test images.
        classes: number of individuals.

    Raises:
        InputError: as `group_answers`.

    Example:
        >>> train = Grouped(np.array([0, 1]), np.array(["film", "film"]))
        >>> group_baseline(train, train, classes=2).accuracy
        0.5
    """
    by_image, labels = group_answers(train, test, classes), test.labels
    values, first_of_value, groups = np.unique(test.groups, return_index=True, return_inverse=True)
    unseen = np.flatnonzero(~np.isin(values, train.groups))
    _, first, draw = np.unique(np.where(np.isin(groups, unseen), -1, groups), return_index=True, return_inverse=True)
    answers = by_image[first]  # of each draw
    table = np.zeros(answers.shape, np.int64)  # test images by draw and individual
    np.add.at(table, (draw, labels), 1)
    images = table.sum(axis=0)
    present = np.flatnonzero(images)
    hits = (answers * table).sum(axis=0)  # expected
    recalls = hits[present] / images[present]
    f1 = sum(_expected_f1(answers[:, individual], table, individual) for individual in present.tolist())
    rand, information, adjusted_information = (
        label_agreement(labels, groups) if measurable(labels) else (None, None, None)
    )
    return GroupBaseline(
        accuracy=float(hits.sum() / images.sum()),
        balanced_accuracy=float(recalls.mean()),
        recall=float(recalls.sum() / classes),
        f1=f1 / classes,
        adjusted_rand=rand,
        mutual_information=information,
        adjusted_mutual_information=adjusted_information,
        groups=tuple(groups.tolist()),
        answers=tuple(tuple(np.flatnonzero(row).tolist()) for row in by_image[first_of_value]),
        unseen=tuple(unseen.tolist()),
        correct=tuple(by_image[np.arange(len(labels)), labels].tolist()),
    )


def majority_baseline(train: NDArray[np.integer], test: NDArray[np.integer], classes: int) -> GroupBaseline:
    """Expected scores of always naming the commonest individual of the training images.

    Args:
        train: (N,) class numbers of the training images.
        test: (M,) class numbers of the test images.
        classes: number of individuals.

    Raises:
        InputError: as `group_answers`.
    """
    return group_baseline(
        Grouped(train, np.zeros(len(train), np.int64)), Grouped(test, np.zeros(len(test), np.int64)), classes
    )


def group_answers(train: Grouped, test: Grouped, classes: int) -> NDArray[np.float64]:
    """Probability with which the baseline gives each test image each identity, (N, classes); the rows add up to 1.

    The baseline names the individual with the most training images in the image's group; equally common individuals
    share the probability. Groups without training images are one group, which is answered from all training images. The
    expected correctness of the images, `answers[range(N), labels]`, can be a row of
    `benchmark.metrics.resampling.significance.shared_ranks`.

    Args:
        train: the training images.
        test: the test images.
        classes: number of individuals.

    Raises:
        InputError: a part has no image, a label is outside [0, classes), or labels and groups differ in length.

    Example:
        >>> train = Grouped(np.array([0, 0, 1]), np.array([10, 10, 11]))
        >>> group_answers(train, Grouped(np.array([0, 0]), np.array([10, 11])), classes=2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    for part, images in (("train", train), ("test", test)):
        _refuse_unusable(images, part, classes)
    names, number = np.unique(train.groups, return_inverse=True)
    counts = np.zeros((len(names) + 1, classes), np.int64)
    np.add.at(counts, (number, train.labels), 1)
    counts[-1] = np.bincount(train.labels, minlength=classes)  # of all values without training images
    commonest = counts == counts.max(axis=1, keepdims=True)
    place = np.searchsorted(names, test.groups).clip(max=len(names) - 1)
    group = np.where(names[place] == test.groups, place, len(names))
    shares: NDArray[np.float64] = (commonest / commonest.sum(axis=1, keepdims=True))[group]
    return shares


def retrieval_baseline(queries: Grouped, gallery: Grouped, hide: Hide | None = None) -> RetrievalBaseline:
    """Expected rank-1, rank-5 and mean average precision of a ranking by the group alone.

    Gallery images of the query's group come first, in random order, then all others in random order. The means are over
    the random orders too (average precision: McSherry and Najork 2008, section 3). `benchmark.metrics.retrieval` lets a
    tie never help instead, so an embedding that shows only the group has no hits there.

    Args:
        queries: the test images.
        gallery: the images searched, at least one.
        hide: gallery images that are hidden from each query; None = none.

    Returns:
        Means over the queries that have a match; all None if none has.

    Raises:
        InputError: the gallery is empty, or labels and groups differ in length.
    """
    _refuse_lengths(queries, "query")
    _refuse_lengths(gallery, "gallery")
    if not len(gallery.labels):
        raise InputError("The gallery is empty. Choose a split whose train part is not empty.")
    tiers: list[tuple[int, int, int, int]] = []
    for query, (label, group) in enumerate(zip(*queries, strict=True)):
        seen = np.ones(len(gallery.labels), bool) if hide is None else ~hide(query)
        right, near = (gallery.labels == label) & seen, (gallery.groups == group) & seen
        images, matches = int(near.sum()), int((near & right).sum())
        tiers.append((images, matches, int(seen.sum()) - images, int(right.sum()) - matches))
    return expected_ranking(tiers)


def expected_ranking(tiers: Sequence[tuple[int, int, int, int]]) -> RetrievalBaseline:
    """The expected scores of `retrieval_baseline` from its tiers, which a record stores.

    Args:
        tiers: of each query the gallery images of its group, the matches among them, all other images, and the matches
            among those; hidden images are left out.

    Example:
        >>> expected_ranking([(2, 1, 5, 0), (3, 0, 4, 0)]).rank1
        0.5
    """
    pairs = Counter((_Tier(*tier[:2]), _Tier(*tier[2:])) for tier in tiers)
    matched = {pair: count for pair, count in pairs.items() if pair[0].matches + pair[1].matches}
    if not matched:
        return RetrievalBaseline(rank1=None, rank5=None, mean_average_precision=None, tiers=tuple(tiers))
    expected = [_expected(near, far) for near, far in matched]
    rank1, rank5, precision = np.average(expected, axis=0, weights=list(matched.values())).tolist()
    return RetrievalBaseline(rank1=rank1, rank5=rank5, mean_average_precision=precision, tiers=tuple(tiers))


def _expected_f1(probabilities: NDArray[np.float64], table: NDArray[np.int64], individual: int) -> float:
    """Exact expected F1 of one individual, 2 hits / (images + answers), over independent answers of the groups.

    For each number of images that are given the identity, it sums the probability of that number, and the part of the
    expected hits that comes with it, group by group.

    Args:
        probabilities: (groups,) of naming the individual.
        table: (groups, classes) numbers of test images.
        individual: its class number.
    """
    sizes = table.sum(axis=1)
    asked = np.flatnonzero((probabilities > 0) & (sizes > 0))
    chance = np.zeros(sizes[asked].sum() + 1)
    chance[0] = 1.0
    hits = np.zeros_like(chance)
    for group in asked:
        named, size = probabilities[group], sizes[group]
        hits = (1 - named) * hits + named * _shifted(hits + table[group, individual] * chance, size)
        chance = (1 - named) * chance + named * _shifted(chance, size)
    answers = np.arange(len(chance))
    return float((2 * hits / (table[:, individual].sum() + answers)).sum())


def _shifted(values: NDArray[np.float64], places: int) -> NDArray[np.float64]:
    """The values moved up by some places, at least one; zeros come first."""
    return np.concatenate([np.zeros(places), values[:-places]])


class _Tier(NamedTuple):
    """Gallery images that are equally near: their number, and the number of matches among them."""

    images: int
    matches: int


def _expected(near: _Tier, far: _Tier) -> tuple[float, float, float]:
    """Expected rank-1, rank-5 and average precision of a ranking by tiers, in random order within each."""
    precision = _precisions(near, _Tier(0, 0)) + _precisions(far, near)
    return 1 - _miss(1, near, far), 1 - _miss(DEEPEST, near, far), precision / (near.matches + far.matches)


def _miss(depth: int, near: _Tier, far: _Tier) -> float:
    """The probability of no match among the first `depth` images."""
    first = min(depth, near.images)
    second = min(depth - first, far.images)
    miss = Fraction(1)
    for tier, drawn in ((near, first), (far, second)):
        miss *= Fraction(math.comb(tier.images - tier.matches, drawn), math.comb(tier.images, drawn))
    return float(miss)


def _precisions(tier: _Tier, before: _Tier) -> float:
    """The expected sum of precision x relevance over the ranks of a tier."""
    ahead = np.arange(tier.images)  # images of the tier before each rank
    matches = before.matches + 1 + ahead * (tier.matches - 1) / max(tier.images - 1, 1)  # if a match is at this rank
    return float((matches / (before.images + 1 + ahead)).sum() * tier.matches / max(tier.images, 1))


def _refuse_unusable(images: Grouped, part: str, classes: int) -> None:
    _refuse_lengths(images, part)
    if not len(images.labels):
        raise InputError(f"There is no {part} image. Choose a split whose {part} part is not empty.")
    if images.labels.min() < 0 or images.labels.max() >= classes:
        raise InputError(
            f"The {part} labels run from {images.labels.min()} to {images.labels.max()}; with {classes} individuals "
            f"they must be in 0..{classes - 1}. Pack the data set again."
        )


def _refuse_lengths(images: Grouped, part: str) -> None:
    if len(images.labels) != len(images.groups):
        raise InputError(
            f"There are {len(images.groups)} groups for {len(images.labels)} {part} images; each image needs one."
        )
