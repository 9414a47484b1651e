"""What a label that says nothing of the animal would score: the video, camera or date alone, or nothing at all.

Where identity is nested in video, knowing the video is worth much; a score means what it has above this.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.metrics.classification import averages
from benchmark.metrics.retrieval import DEEPEST, Retrieval


class Grouped(NamedTuple):
    """The images of one part.

    Attributes:
        labels: (N,) class numbers in [0, classes).
        groups: (N,) the video, camera or date of each image.
    """

    labels: NDArray[np.integer]
    groups: NDArray[np.generic]


class GroupBaseline(NamedTuple):
    """Expected scores of someone who knows only the group (scores as `benchmark.metrics.classification.Averages`).

    Attributes:
        accuracy: of naming the individual commonest in the image's group in training.
        balanced_accuracy: of the same.
        recall: of the same.
        f1: of the expected confusion matrix of the same.
        adjusted_rand: of the groups taken as clusters.
        mutual_information: of the groups taken as clusters, nats.
    """

    accuracy: float
    balanced_accuracy: float
    recall: float
    f1: float
    adjusted_rand: float
    mutual_information: float


def group_only(train: Grouped, test: Grouped, classes: int) -> GroupBaseline:
    """What the group alone would score.

    Raises:
        InputError: as `group_answers`.
    """
    from sklearn import metrics

    answers = group_answers(train, test, classes)
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, test.labels, answers)
    figures = averages(confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0))
    return GroupBaseline(
        accuracy=float(figures.accuracy),
        balanced_accuracy=float(figures.balanced_accuracy),
        recall=float(figures.recall),
        f1=float(figures.f1),
        adjusted_rand=float(metrics.adjusted_rand_score(test.labels, test.groups)),
        mutual_information=max(0.0, float(metrics.mutual_info_score(test.labels, test.groups))),
    )


def majority_class(train: NDArray[np.integer], test: NDArray[np.integer], classes: int) -> GroupBaseline:
    """What always naming the commonest individual of the training images would score; labels (N,) and (M,).

    Raises:
        InputError: as `group_answers`.
    """
    return group_only(
        Grouped(train, np.zeros(len(train), np.int64)), Grouped(test, np.zeros(len(test), np.int64)), classes
    )


def group_answers(train: Grouped, test: Grouped, classes: int) -> NDArray[np.float64]:
    """How probably each test image is given each identity, (N, classes): the rows add up to 1.

    Named is the individual with the most training images in the image's group; of equals each with the same
    probability. A group without training images is answered from all of them. The expected correctness of the
    images, `answers[range(N), labels]`, can stand as a row of `benchmark.metrics.significance.shared_ranks`.

    Raises:
        InputError: a part has no image, a label is outside [0, classes), or labels and groups differ in length.
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


def retrieval_baselines(queries: Grouped, gallery: Grouped, *, themselves: bool = False) -> Retrieval:
    """Expected rank-1, rank-5 and mean average precision where images of one group are nearest, in random order.

    The means are over the random orders too (average precision: McSherry and Najork 2008, section 3), where
    `benchmark.metrics.retrieval` lets a tie never help: a gallery in which only the group shows would have no
    hits at all.

    Args:
        queries: the test images.
        gallery: the training images, at least one.
        themselves: whether the queries are the gallery, where each misses itself alone.

    Raises:
        InputError: the gallery is empty, or labels and groups differ in length.
    """
    _refuse_lengths(queries, "query")
    _refuse_lengths(gallery, "gallery")
    if not len(gallery.labels):
        raise InputError("The gallery is empty. Choose a split whose train part is not empty.")
    asked = len(queries.labels)
    label, group = (
        np.unique(np.concatenate(both), return_inverse=True)[1] for both in zip(queries, gallery, strict=True)
    )
    table = np.zeros((label.max() + 1, group.max() + 1), np.int64)  # gallery images
    np.add.at(table, (label[asked:], group[asked:]), 1)
    kinds, counts = np.unique(np.stack([label[:asked], group[:asked]], axis=1), axis=0, return_counts=True)
    hidden = int(themselves)
    matched = table.sum(axis=1)[kinds[:, 0]] > hidden
    figures = [
        _expected(
            near=_Tier(int(table[:, of].sum()) - hidden, int(table[who, of]) - hidden),
            far=_Tier(int(np.delete(table, of, axis=1).sum()), int(np.delete(table[who], of).sum())),
        )
        for who, of in kinds[matched]
    ]
    found = int(counts[matched].sum())
    rank1, rank5, precision = np.average(figures, axis=0, weights=counts[matched]).tolist() if found else (None,) * 3
    return Retrieval(rank1, rank5, precision, queries=found, unmatched=asked - found)


class _Tier(NamedTuple):
    """Gallery images that are equally near: how many, and how many of them are matches."""

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
    matches = before.matches + 1 + ahead * (tier.matches - 1) / max(tier.images - 1, 1)  # where a match stands there
    return float((matches / (before.images + 1 + ahead)).sum() * tier.matches / max(tier.images, 1))


def _refuse_unusable(images: Grouped, part: str, classes: int) -> None:
    _refuse_lengths(images, part)
    if not len(images.labels):
        raise InputError(f"There is no {part} image. Choose a split whose {part} part is not empty.")
    if images.labels.min() < 0 or images.labels.max() >= classes:
        raise InputError(
            f"The {part} labels run from {images.labels.min()} to {images.labels.max()}; with {classes} individuals "
            f"they must lie in 0..{classes - 1}. Pack the data set again."
        )


def _refuse_lengths(images: Grouped, part: str) -> None:
    if len(images.labels) != len(images.groups):
        raise InputError(
            f"There are {len(images.groups)} groups for {len(images.labels)} {part} images; each image needs one."
        )
