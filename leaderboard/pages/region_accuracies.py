"""Accuracies of a contestant's classifiers by region variant: means over seeds, and their paired differences."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.without_looking import Unseen
from benchmark.records.base import Interval
from benchmark.records.classification import TestImages
from benchmark.records.record import Record
from benchmark.vocabulary import REGION_VARIANTS, EncoderState, Mode, RegionQuestion, RegionVariant
from leaderboard import contestants
from leaderboard.classifiers import Gain, gain_of
from leaderboard.contestants import Better, Contestant
from leaderboard.evidence import has_few_units
from leaderboard.formats import bracketed, few_of, not_trained_text


class RegionAccuracy(NamedTuple):
    """Accuracy on the test images in one region variant.

    Attributes:
        accuracy: mean over the seeds.
        right: (S, K) whether each seed answers each scored image correctly; None if a seed has no answers to them.
        interval: of the accuracy; None if it cannot be computed.
        better: whether the accuracy is better than chance; None with few units, or if it is not known.
    """

    accuracy: float
    right: NDArray[np.bool_] | None = None
    interval: Interval | None = None
    better: Better | None = None

    @property
    def mark(self) -> str:
        """` (n.s.)` if the accuracy is not significantly better than chance; empty if it is, or if none can say."""
        return " (n.s.)" if self.better and self.better.verdict != "yes" else ""

    @property
    def note(self) -> str:
        """What follows the accuracy: the count of right answers if it is small, and the interval."""
        images = None if self.right is None else self.right.shape[1]
        return f"{few_of(self.accuracy, images)}{bracketed(self.interval)}"


@dataclass(frozen=True)
class Ablation:
    """What a row shows: the accuracies of one kind of classifier.

    Attributes:
        accuracies: by region variant.
        images: the scored test images; None without scores.
        statuses: why there is no accuracy, by region variant.
        unseen: the best answer without looking at the animal to these images; None without scores.
    """

    accuracies: Mapping[RegionVariant, RegionAccuracy] = field(default_factory=dict)
    images: TestImages | None = None
    statuses: Mapping[RegionVariant, str] = field(default_factory=dict)
    unseen: Unseen | None = None


class Answered(NamedTuple):
    """Accuracy of one seed, and the class numbers that it gave to the scored images."""

    accuracy: float
    answers: Sequence[int]


def probed(one: Contestant, state: EncoderState, question: RegionQuestion) -> Ablation | None:
    """The linear probe of a contestant's encoder; None if a seed has no region ablation by probes for it.

    Args:
        one: the contestant.
        state: of the encoder.
        question: that the probe answers.
    """
    if not all(is_probed(record, state) for record in one.records):
        return None
    images, unseen = one.first.test_images, contestants.without_looking(one.first)

    def answered(record: Record, variant: RegionVariant) -> Answered:
        probes = record.probes[state]
        probe = probes.linear if variant == "all" else probes.regions[variant][question].linear
        return Answered(probe.test.accuracy, probe.answers)

    return Ablation(_accuracies(one, images, unseen, REGION_VARIANTS, answered), images, unseen=unseen)


def is_probed(record: Record, state: EncoderState = "initial") -> bool:
    """Whether a record has the region ablation by probes for an encoder."""
    return state in record.probes and bool(record.probes[state].regions)


def trained(one: Contestant, mode: Mode) -> Ablation | None:
    """The classifiers of one mode that were trained in every region variant; None if a contestant has none.

    Args:
        one: the contestant.
        mode: of the classifiers.
    """
    images = one.first.test_images
    rows = images.ablated if images else ()

    def answered(record: Record, variant: RegionVariant) -> Answered:
        scores = record.ablation[mode][variant]
        return Answered(scores.accuracy, [scores.answers[row] for row in rows])

    heads = {variant: [file.not_trained.get((mode, variant)) for file in one.files] for variant in REGION_VARIANTS}
    losses = {variant: [loss for loss in seeds if loss is not None] for variant, seeds in heads.items()}
    able = [name for name in REGION_VARIANTS if all(name in one.ablation.get(mode, {}) for one in one.records)]
    if not able and not any(losses.values()):
        return None
    scored = _rows(images, rows) if images and rows else None
    unseen = contestants.without_looking(one.first, rows) if scored else None
    statuses = {variant: not_trained_text(max(seeds)) for variant, seeds in losses.items() if seeds}
    return Ablation(_accuracies(one, scored, unseen, able, answered), scored, statuses, unseen)


def difference(ablation: Ablation, first: RegionVariant, second: RegionVariant) -> Gain | None:
    """Accuracy on one variant less accuracy on another, by one classifier; None if one of them is missing.

    Args:
        ablation: the classifier.
        first: variant whose accuracy is the minuend.
        second: variant whose accuracy is subtracted.
    """
    accuracies = ablation.accuracies
    if not {first, second} <= set(accuracies):
        return None
    return _paired(accuracies[first], accuracies[second], ablation.images)


def gain(ablation: Ablation, reference: Ablation, variant: RegionVariant) -> Gain:
    """Accuracy of one classifier less that of another on the same images of one variant.

    Args:
        ablation: the classifier.
        reference: the classifier that is subtracted.
        variant: of the images; both have it.
    """
    return _paired(ablation.accuracies[variant], reference.accuracies[variant], ablation.images)


def _paired(first: RegionAccuracy, second: RegionAccuracy, images: TestImages | None) -> Gain:
    if images is None or first.right is None or second.right is None:
        return Gain(first.accuracy - second.accuracy, None)
    return gain_of(first.right.astype(np.int64) - second.right, images)


def _accuracies(
    one: Contestant,
    images: TestImages | None,
    unseen: Unseen | None,
    variants: Iterable[RegionVariant],
    answered: Callable[[Record, RegionVariant], Answered],
) -> dict[RegionVariant, RegionAccuracy]:
    """The accuracies of a contestant by region variant.

    Args:
        one: the contestant.
        images: the scored test images; None without scores.
        unseen: the best answer without looking at the animal to these images; None without scores.
        variants: that every seed has.
        answered: gives the answers of one seed.
    """
    return {
        variant: _accuracy([answered(record, variant) for record in one.records], images, unseen)
        for variant in variants
    }


def _accuracy(seeds: Sequence[Answered], images: TestImages | None, unseen: Unseen | None) -> RegionAccuracy:
    """Accuracy on one region variant.

    Args:
        seeds: the answers of each seed.
        images: as `_accuracies`.
        unseen: as `_accuracies`.
    """
    accuracy = mean(seed.accuracy for seed in seeds)
    if images is None or any(len(seed.answers) != len(images.labels) for seed in seeds):
        return RegionAccuracy(accuracy)
    given = np.array([seed.answers for seed in seeds])
    right: NDArray[np.bool_] = (given == np.array(images.labels))[:, contestants.known(images)]
    better = None if unseen is None or has_few_units(images) else contestants.better(right, images, unseen)
    return RegionAccuracy(accuracy, right, contestants.interval(right, images), better)


def _rows(images: TestImages, rows: Sequence[int]) -> TestImages:
    """Some of the test images."""
    kept = {"labels": tuple(images.labels[row] for row in rows), "groups": tuple(images.groups[row] for row in rows)}
    return images.model_copy(update=kept)
