"""Contestants of a section: the records of one backbone with one initialisation, which differ only in their seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.chance import better_than_chance
from benchmark.metrics.resampling.intervals import Bounds
from benchmark.metrics.resampling.seeds import of_seed_means
from benchmark.metrics.without_looking import Unseen, best_unseen
from benchmark.records.base import Interval
from benchmark.records.classification import Classification, Probe, ScoredImages, TestImages
from benchmark.records.record import Record
from benchmark.vocabulary import ChanceVerdict, ClassifierKind, EncoderState
from leaderboard.record_files import RecordFile, Section

SEED = 0
"""Seed of every bootstrap of the tables: the same records always give the same numbers."""


@dataclass(frozen=True)
class Contestant:
    """Records that differ only in their seed; a failed run is its own.

    Attributes:
        files: in ascending order of their seeds.
    """

    files: tuple[RecordFile, ...]

    @property
    def records(self) -> list[Record]:
        """The records without their files."""
        return [file.record for file in self.files]

    @property
    def first(self) -> Record:
        """The record of the lowest seed."""
        return self.files[0].record

    @property
    def pool(self) -> tuple[str, int | None]:
        """What rows must share to be ranked together: the kind of their initial weights, and the image size."""
        start = self.first.init if self.first.init in {"random", "none"} else "published"
        return start, self.first.encoder.image_size if self.first.encoder else None


def contestants(section: Section) -> list[Contestant]:
    """The contestants of a section, in its order."""
    order = {file.path: place for place, file in enumerate(section.files)}
    grouped = groupby(sorted(section.files, key=_identity), key=lambda file: _identity(file)[:-1])
    found = [Contestant(tuple(files)) for _, files in grouped]
    return sorted(found, key=lambda one: min(order[file.path] for file in one.files))


def classifier(record: Record, kind: ClassifierKind, state: EncoderState = "initial") -> Classification | Probe | None:
    """A classifier of a record; None if it has no such classifier, or if its head is not trained.

    Args:
        record: the record.
        kind: of the classifier.
        state: of the encoder before the classifier is trained; of heads `initial` or `untrained`.
    """
    if kind in ("linear", "nearest"):
        probes = record.probes.get(state)
        return None if probes is None else probes.linear if kind == "linear" else probes.nearest
    if state == "untrained":
        return record.untrained if kind == "shallow" else None
    return next((trained for mode, trained in record.classification.items() if mode == kind), None)


@lru_cache(maxsize=64)
def known(images: TestImages) -> NDArray[np.bool_]:
    """(N,) whether each test image shows an individual of training, read-only."""
    shown: NDArray[np.bool_] = np.array(images.train_images)[np.array(images.labels)] > 0
    shown.flags.writeable = False
    return shown


@lru_cache(maxsize=64)
def known_groups(images: TestImages) -> NDArray[np.generic]:
    """(K,) number of the unit of each known test image, read-only."""
    groups = np.unique(np.array(images.groups)[known(images)], return_inverse=True)[1]
    groups.flags.writeable = False
    return groups


def correct(
    one: Contestant, images: TestImages, kind: ClassifierKind, state: EncoderState = "initial"
) -> NDArray[np.bool_] | None:
    """(S, K) whether each seed answers each known test image correctly; None if one has no answers.

    Args:
        one: the contestant.
        images: the test images.
        kind: of the classifier.
        state: see `classifier`.
    """
    given = [found.answers if (found := classifier(record, kind, state)) else () for record in one.records]
    if any(len(answers) != len(images.labels) for answers in given):
        return None
    right: NDArray[np.bool_] = np.array(given) == np.array(images.labels)
    return right[:, known(images)]


def interval(
    values: NDArray[np.number] | NDArray[np.bool_], images: TestImages, bounds: Bounds = (0, 1)
) -> Interval | None:
    """Interval of a mean over seeds and known test images; None with few units.

    Args:
        values: (S, K).
        images: the test images.
        bounds: of the values.
    """
    return _interval(values.tobytes(), values.dtype, len(values), images, bounds)


@lru_cache(maxsize=4096)
def _interval(
    content: bytes, dtype: np.dtype[np.generic], seeds: int, images: TestImages, bounds: Bounds
) -> Interval | None:
    """`interval` of an array by its content: several tables, columns and legends ask for the same ones."""
    values = np.frombuffer(content, dtype).reshape(seeds, -1)
    return of_seed_means(values, known_groups(images), bounds=bounds)


def difference_interval(differences: NDArray[np.number], images: TestImages) -> Interval | None:
    """Interval of a mean difference of two shares over seeds and known test images; None with few units.

    Args:
        differences: (S, K), each in [-1, 1].
        images: the test images.
    """
    return interval(differences, images, (-1, 1))


def accuracy_interval(record: Record, answers: Sequence[int]) -> Interval | None:
    """Interval of the accuracy of one record's answers to its known test images; None without answers or six units.

    Args:
        record: whose test images were answered.
        answers: class number given to each test image.
    """
    images = record.test_images
    if images is None or len(answers) != len(images.labels):
        return None
    right = np.array(answers) == np.array(images.labels)
    return interval(right[known(images)][None], images)


def without_looking(record: Record, rows: Sequence[int] | None = None) -> Unseen | None:
    """Of the best guess and the baselines that see no image, the one that is right most often.

    None if no test image is scored, as in a split whose test individuals are not in training.

    Args:
        record: whose test images are scored.
        rows: indices of the test images that are scored; None = all.
    """
    images = record.test_images
    if images is None:
        return None
    shown, trained = known(images), np.array(images.train_images)
    scored = np.arange(len(shown)) if rows is None else np.array(rows, np.int64)
    scored = scored[shown[scored]]
    if not len(scored):
        return None
    place = (np.cumsum(shown) - 1)[scored]  # among the known test images, which a baseline answers
    baselines = {name: np.array(baseline.correct)[place] for name, baseline in record.group_baselines.items()}
    return best_unseen(np.array(images.labels)[scored], trained, baselines)


def without_looking_validation(record: Record, images: ScoredImages) -> Unseen | None:
    """The same of the validation images; None without scores or without such images.

    Args:
        record: whose validation images are scored.
        images: the validation images.
    """
    if record.test_images is None or not images.labels:
        return None
    baselines = {name: one.correct for name, one in record.validation_baselines.items()}
    return best_unseen(np.array(images.labels), np.array(record.test_images.train_images), baselines)


class Better(NamedTuple):
    """Whether a classifier is better than chance, and why that cannot be told.

    Attributes:
        verdict: `yes` if it is significantly better, `no` if the whole interval of its accuracy is below chance, else
            `cannot_tell`.
        chance: accuracy of the best answer without looking at the animal.
        above: whether the accuracy is above it.
        possible: whether right answers to all images would show that it is better.
        needed: see `BetterThanChance`.
        images: number of images.
    """

    verdict: ChanceVerdict
    chance: float
    above: bool
    possible: bool
    needed: int | None
    images: int


def better(right: NDArray[np.bool_], images: TestImages, unseen: Unseen) -> Better:
    """Whether answers are better than the best that is known without looking at the animal.

    Args:
        right: (S, K) from `correct`.
        images: the test images that are scored.
        unseen: from `without_looking`, of the same images.
    """
    groups, found = known_groups(images), interval(right, images)
    result = better_than_chance(right.mean(axis=0), unseen.correct, groups, seed=SEED)
    above = bool(right.mean() > unseen.accuracy)
    possible = better_than_chance(np.ones(len(groups)), unseen.correct, groups, seed=SEED).verdict == "yes"
    verdict: ChanceVerdict = "yes" if result.verdict == "yes" else "cannot_tell"
    if found and found.high < unseen.accuracy:
        verdict = "no"
    return Better(verdict, unseen.accuracy, above, possible, result.needed, result.images)


def _identity(file: RecordFile) -> tuple[str, str, str, str, int]:
    """Backbone, initial weights, experiment, path of a failed run, and seed of a record.

    Records that differ in the seed alone belong to one contestant. The path keeps each failed run apart.
    """
    record = file.record
    return record.backbone, record.init, str(record.experiment), "" if record.status == "ok" else file.path, record.seed
