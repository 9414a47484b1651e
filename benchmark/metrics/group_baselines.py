"""Group baselines: scores expected of a baseline that sees no animal and knows only one metadata column, or nothing.

Where identity is nested in video, knowing the video alone gives a high score. A score is evidence of recognition only
as far as it exceeds this baseline.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.classification import averages
from benchmark.metrics.matches import DEEPEST
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

    Adjusted Rand index and mutual information are those of the groups taken as clusters of the test images.

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
    from sklearn import metrics

    answers = group_answers(train, test, classes)
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, test.labels, answers)
    expected = averages(confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0))
    return GroupBaseline(
        accuracy=float(expected.accuracy),
        balanced_accuracy=float(expected.balanced_accuracy),
        recall=float(expected.recall),
        f1=float(expected.f1),
        adjusted_rand=float(metrics.adjusted_rand_score(test.labels, test.groups)),
        mutual_information=max(0.0, float(metrics.mutual_info_score(test.labels, test.groups))),
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
    share the probability. A group without training images is answered from all training images. The expected
    correctness of the images, `answers[range(N), labels]`, can be a row of
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
    names, number = np.unique(np.concatenate([train.groups, test.groups]), return_inverse=True)
    counts = np.zeros((len(names), classes), np.int64)
    np.add.at(counts, (number[: len(train.labels)], train.labels), 1)
    counts[~counts.any(axis=1)] = np.bincount(train.labels, minlength=classes)
    commonest = counts == counts.max(axis=1, keepdims=True)
    answers: NDArray[np.float64] = (commonest / commonest.sum(axis=1, keepdims=True))[number[len(train.labels) :]]
    return answers


def retrieval_baseline(queries: Grouped, gallery: Grouped, *, self_search: bool = False) -> RetrievalBaseline:
    """Expected rank-1, rank-5 and mean average precision of a ranking by the group alone.

    Gallery images of the query's group come first, in random order, then all others in random order. The means are over
    the random orders too (average precision: McSherry and Najork 2008, section 3). `benchmark.metrics.retrieval` lets a
    tie never help instead, so an embedding that shows only the group has no hits there.

    Args:
        queries: the test images.
        gallery: the training images, at least one.
        self_search: whether the queries are the gallery; each query is then hidden from itself.

    Returns:
        Means over the queries that have a match; all None if none has.

    Raises:
        InputError: the gallery is empty, or labels and groups differ in length.
    """
    _refuse_lengths(queries, "query")
    _refuse_lengths(gallery, "gallery")
    if not len(gallery.labels):
        raise InputError("The gallery is empty. Choose a split whose train part is not empty.")
    count = len(queries.labels)
    label, group = (
        np.unique(np.concatenate(both), return_inverse=True)[1] for both in zip(queries, gallery, strict=True)
    )
    table = np.zeros((label.max() + 1, group.max() + 1), np.int64)  # gallery images by individual and group
    np.add.at(table, (label[count:], group[count:]), 1)
    kinds, counts = np.unique(np.stack([label[:count], group[:count]], axis=1), axis=0, return_counts=True)
    hidden = int(self_search)
    matched = table.sum(axis=1)[kinds[:, 0]] > hidden
    if not matched.any():
        return RetrievalBaseline(rank1=None, rank5=None, mean_average_precision=None)
    expected = [
        _expected(
            near=_Tier(int(table[:, column].sum()) - hidden, int(table[row, column]) - hidden),
            far=_Tier(int(np.delete(table, column, axis=1).sum()), int(np.delete(table[row], column).sum())),
        )
        for row, column in kinds[matched]
    ]
    rank1, rank5, precision = np.average(expected, axis=0, weights=counts[matched]).tolist()
    return RetrievalBaseline(rank1=rank1, rank5=rank5, mean_average_precision=precision)


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
