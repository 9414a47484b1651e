"""Differences of two numbers in our records, with their intervals: what a claim of the paper is judged by."""

import math
from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.intervals import FEWEST_GROUPS, LEVEL, Bounds
from benchmark.metrics.resampling.seeds import of_seed_means
from benchmark.records.base import Interval
from benchmark.records.classification import TestImages
from benchmark.records.localisation import Localisation
from benchmark.records.record import Record
from benchmark.vocabulary import EncoderState, Mode, RegionVariant
from leaderboard.contestants import Contestant, contestants, without_looking
from leaderboard.derived import excess_density
from leaderboard.record_files import Section
from leaderboard.reproduction import paper

FEWEST_SEEDS = 3
"""Seeds that an interval over seeds alone needs."""


class MissingError(Exception):
    """The records lack what a difference needs; the message says what, to be put behind the verdict."""


class NotRunError(MissingError):
    """No run of a contestant has finished."""


@dataclass(frozen=True)
class Difference:
    """A difference of two numbers.

    Attributes:
        value: None if it cannot be computed.
        interval: of 95 %; None if there is none.
        reason: why there is no value or no interval; empty if there are both.
    """

    value: float | None = None
    interval: Interval | None = None
    reason: str = ""


def contestant(section: Section, backbone: str) -> Contestant:
    """The successful runs of a backbone from its published weights.

    Raises:
        NotRunError: there are none.
    """
    found = [one for one in contestants(section) if one.first.backbone == backbone and one.pool[0] == "published"]
    if not found:
        raise NotRunError(f"no run of {_title(backbone)}")
    best = max(found, key=lambda one: one.first.status == "ok")
    if best.first.status != "ok":
        raise NotRunError(f"the run of {_title(backbone)} failed: {best.first.status}")
    return best


def over_chance(one: Contestant, mode: Mode, variant: RegionVariant) -> Difference:
    """Accuracy minus that of the best answer without looking at the animal.

    Args:
        one: the contestant.
        mode: of the classifier.
        variant: region variant.

    Raises:
        MissingError: the records have no such answers.
    """
    correct, images = _correct(one, mode, variant), _images(one)
    unseen = without_looking(one.first, images.ablated or None)
    assert unseen is not None  # of test images there is one
    bounds = (-float(unseen.correct.max()), 1 - float(unseen.correct.min()))
    return _difference(correct - unseen.correct, images, bounds=bounds)


def between_variants(one: Contestant, mode: Mode, variant: RegionVariant, other: RegionVariant) -> Difference:
    """Accuracy on one region variant minus that on another, paired by seed and image.

    Args:
        one: the contestant.
        mode: of the classifiers.
        variant: region variant of the first accuracy.
        other: region variant of the second.

    Raises:
        MissingError: the records have no such answers.
    """
    return _difference(_correct(one, mode, variant) - _correct(one, mode, other), _images(one))


def between_contestants(one: Contestant, other: Contestant, mode: Mode, variant: RegionVariant) -> Difference:
    """Accuracy of one contestant minus that of another on the same images; seeds of the second are averaged.

    Args:
        one: the first contestant.
        other: the second.
        mode: of the classifiers.
        variant: region variant.

    Raises:
        MissingError: the records have no such answers.
    """
    return _difference(_correct(one, mode, variant) - _correct(other, mode, variant).mean(axis=0), _images(one))


def between_states(one: Contestant, state: EncoderState, before: EncoderState | None) -> Difference:
    """Adjusted Rand index of one encoder state minus that of another, or minus 0, with Student's interval over seeds.

    Args:
        one: the contestant.
        state: of the encoder.
        before: the other state; None = 0, which is what clusters by chance reach.

    Raises:
        MissingError: a record has no such clustering.
    """
    return _over_seeds([_rand(record, state) - (_rand(record, before) if before else 0) for record in one.records])


def excess_on_pattern(one: Contestant, mode: Mode) -> Difference:
    """Density of Grad-CAM on the pattern minus the swap density, that of the same CAMs on other test images.

    With one seed the interval is the record's, over units; with several it is Student's over the seeds.

    Args:
        one: the contestant.
        mode: of the classifier.

    Raises:
        MissingError: a record has no such density.
    """
    found = [_grad_cam(record, mode) for record in one.records]
    values = [value for localisation in found if localisation and (value := excess_density(localisation)) is not None]
    if len(values) < len(one.records):
        raise MissingError(f"no Grad-CAM of {one.first.title} on the pattern")
    if len(values) > 1:
        return _over_seeds(values)
    interval = found[0].pattern_excess if found[0] else None
    return Difference(values[0], interval, "" if interval else f"too few units; an interval needs {FEWEST_GROUPS}")


def _grad_cam(record: Record, mode: Mode) -> Localisation | None:
    trained = record.classification.get(mode)
    localisations = trained.localisations if trained else ()
    return next((one for one in localisations if one.method == "gradcam"), None)


def _over_seeds(values: list[float]) -> Difference:
    """The mean of one number for each seed, with Student's interval."""
    from scipy.special import stdtrit

    if len(values) < FEWEST_SEEDS:
        seeds = f"{len(values)} seed{'s' * (len(values) > 1)}; an interval needs {FEWEST_SEEDS}"
        return Difference(mean(values), reason=seeds)
    reach = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * stdev(values) / math.sqrt(len(values))
    return Difference(mean(values), Interval(low=mean(values) - reach, high=mean(values) + reach, groups=len(values)))


def _rand(record: Record, state: EncoderState) -> float:
    value = record.clustering[state].adjusted_rand if state in record.clustering else None
    if value is None:
        raise MissingError(f"no clustering of the {state} encoder")
    return value


def _difference(values: NDArray[np.float64], images: TestImages, bounds: Bounds = (-1, 1)) -> Difference:
    """The mean over seeds and images, with its interval.

    Args:
        values: (S, K) for each seed and image scored.
        images: the test images.
        bounds: of the values.
    """
    groups = np.array(images.groups)[_rows(images)]
    interval = of_seed_means(values, groups, bounds=bounds)
    reason = "" if interval else f"{len(np.unique(groups))} units; an interval needs {FEWEST_GROUPS}"
    return Difference(float(values.mean()), interval, reason)


def _correct(one: Contestant, mode: Mode, variant: RegionVariant) -> NDArray[np.float64]:
    """(S, K) 1 where a seed answers a scored image correctly, else 0."""
    if any((mode, variant) in file.not_trained for file in one.files):
        raise MissingError(f"the {mode} head of {one.first.title} is not trained")
    images, answers = _images(one), [_answers(record, mode, variant) for record in one.records]
    if any(len(given) != len(images.labels) for given in answers):
        raise MissingError(f"no answers of {one.first.title} for {mode}, {variant.replace('_', ' ')}")
    right: NDArray[np.float64] = (np.array(answers) == np.array(images.labels)).astype(np.float64)
    return right[:, _rows(images)]


def _answers(record: Record, mode: Mode, variant: RegionVariant) -> tuple[int, ...]:
    if variant == "all" and mode in record.classification:
        return record.classification[mode].answers
    variants = record.ablation.get(mode, {})
    return variants[variant].answers if variant in variants else ()


def _images(one: Contestant) -> TestImages:
    if one.first.test_images is None:
        raise MissingError(f"no test images in the record of {one.first.title}")
    return one.first.test_images


def _rows(images: TestImages) -> NDArray[np.int64]:
    """Indices of the test images that the ablation is scored on; of all without one."""
    return np.array(images.ablated or range(len(images.labels)), np.int64)


def _title(backbone: str) -> str:
    """What the tables call a backbone."""
    return paper.TITLES.get(backbone, backbone)
