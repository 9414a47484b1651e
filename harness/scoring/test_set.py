"""The test images of a run: labels, groups to resample, and what follows from them for scores."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import RECORDING_COLUMNS, TIME_COLUMNS
from benchmark.data.pairing import sightings_of
from benchmark.metrics import group_baselines
from benchmark.metrics.group_baselines import Grouped
from benchmark.metrics.resampling.chance import never_better
from benchmark.metrics.resampling.units import Units, units_of
from benchmark.metrics.score_intervals import of_answers
from benchmark.metrics.without_looking import best_unseen
from benchmark.records.base import Interval
from benchmark.records.classification import GroupBaseline, ScoredImages, TestImages
from harness.execution.crops import CropSet

BASELINE_COLUMNS = (*RECORDING_COLUMNS, "camera", *TIME_COLUMNS)
"""Metadata columns that may give the identity away."""


class TestSet:
    """The test images of one run.

    Attributes:
        crops: of the whole data set.
        classes: number of individuals.
        seed: of the resampling.
        labels: (N,) int64, class number of each test image.
        positions: (N,) int64, index of each test image in the crops.
        train_images: (classes,) int64, number of training images of each individual.
        train_classes: (K,) int64, class numbers of the individuals in training, ascending.
        known: (N,) bool, whether the individual occurs in training; others can be found again, but not named.
        units: the units of analysis.
        groups: (N,) int64, unit of each test image, which is resampled.
    """

    def __init__(self, crops: CropSet, seed: int) -> None:
        """Args: the crops, and the seed of the resampling."""
        self.crops, self.classes, self.seed = crops, len(crops.catalogue.identities), seed
        rows = crops.rows("test")
        self.labels, self.positions = rows.labels, rows.positions
        self.train_images: NDArray[np.int64] = np.bincount(crops.rows("train").labels, minlength=self.classes)
        self.train_classes: NDArray[np.int64] = np.flatnonzero(self.train_images)
        self.known: NDArray[np.bool_] = np.isin(rows.labels, self.train_classes)
        self.units = units_in(crops, self.labels, self.positions)
        self.groups: NDArray[np.int64] = self.units.numbers

    def images(self, ablated: NDArray[np.int64]) -> TestImages:
        """The record part, with the individuals' names.

        Args:
            ablated: indices of the test images on which the region ablation is scored.
        """
        return TestImages(
            labels=tuple(self.labels.tolist()),
            groups=tuple(self.groups.tolist()),
            by=self.units.kind,
            identities=self.crops.catalogue.identities,
            train_images=tuple(self.train_images.tolist()),
            ablated=tuple(ablated.tolist()),
        )

    def validation_images(self) -> ScoredImages:
        """The record part of the validation images."""
        rows = self.crops.rows("val")
        units = units_in(self.crops, rows.labels, rows.positions)
        return ScoredImages(labels=tuple(rows.labels.tolist()), groups=tuple(units.numbers.tolist()), by=units.kind)

    def score_intervals(self, answers: NDArray[np.int64]) -> dict[str, Interval]:
        """Intervals of accuracy, balanced accuracy, macro recall and macro F1 on the known test images."""
        labels, answered = self.numbered(self.labels[self.known]), self.numbered(answers[self.known])
        groups = self.groups[self.known]
        return of_answers(labels, answered, len(self.train_classes), groups)

    def never_above_chance(self, answers: NDArray[np.int64]) -> bool:
        """Whether no epoch of a training is better on the validation images than the best answer without looking.

        Args:
            answers: (E, M) class number answered for each validation image after each epoch.
        """
        images = self.validation_images()
        labels = np.array(images.labels)
        baselines = {name: one.correct for name, one in self.validation_baselines.items()}
        unseen = best_unseen(labels, self.train_images, baselines)
        return never_better(answers == labels, unseen.correct, np.array(images.groups), seed=self.seed)

    @cached_property
    def group_baselines(self) -> dict[str, GroupBaseline]:
        """Scores of the commonest individual and of each metadata column; empty if no test image is known."""
        return self._baselines(self.labels[self.known], self.positions[self.known]) if self.known.any() else {}

    @cached_property
    def validation_baselines(self) -> dict[str, GroupBaseline]:
        """The same on the validation images."""
        rows = self.crops.rows("val")
        return self._baselines(rows.labels, rows.positions)

    def _baselines(self, labels: NDArray[np.int64], positions: NDArray[np.int64]) -> dict[str, GroupBaseline]:
        """Group baselines on some images of individuals in training.

        Args:
            labels: (N,) class number of each image.
            positions: (N,) index of each image in the crops.
        """
        train, classes = self.crops.rows("train"), len(self.train_classes)
        train_labels, answered = self.numbered(train.labels), self.numbered(labels)
        baselines = {"majority": group_baselines.majority_baseline(train_labels, answered, classes)}
        for column in BASELINE_COLUMNS:
            train_groups, groups = (self.crops.column(at, column) for at in (train.positions, positions))
            if train_groups is not None and groups is not None:
                baselines[column] = group_baselines.group_baseline(
                    Grouped(train_labels, train_groups), Grouped(answered, groups), classes
                )
        return {name: self._named(baseline) for name, baseline in baselines.items()}

    def _named(self, baseline: GroupBaseline) -> GroupBaseline:
        """The baseline with class numbers in place of indices into `train_classes`."""
        answers = tuple(tuple(self.train_classes[list(numbers)].tolist()) for numbers in baseline.answers)
        return baseline.model_copy(update={"answers": answers})

    def numbered(self, classes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Class numbers of individuals in training, as indices into `train_classes`."""
        return np.searchsorted(self.train_classes, classes)

    def recordings(self, positions: NDArray[np.int64]) -> NDArray[np.str_] | None:
        """(N,) the recording of the given crops; None if not every image has one."""
        columns = (self.crops.column(positions, name) for name in RECORDING_COLUMNS)
        return next((column for column in columns if column is not None), None)


def units_in(crops: CropSet, labels: NDArray[np.int64], positions: NDArray[np.int64]) -> Units:
    """The units of some crops; frame numbers that cannot be read count as not known.

    Args:
        crops: of the whole data set.
        labels: (N,) class number of each image.
        positions: (N,) index of each image in the crops.
    """
    sightings = sightings_of(crops.catalogue.rows).at(positions)
    return units_of(labels, sightings.recordings, sightings.frames)
