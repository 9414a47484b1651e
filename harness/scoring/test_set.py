"""The test images of a run: labels, groups to resample, and what follows from them for scores."""

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import RECORDING_COLUMNS, TIME_COLUMNS
from benchmark.data.pairing import sightings_of
from benchmark.metrics import group_baselines
from benchmark.metrics.group_baselines import Grouped
from benchmark.metrics.resampling import intervals
from benchmark.metrics.resampling.chance import best_guess, never_better
from benchmark.metrics.resampling.units import Units, units_of
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
        return intervals.of_scores(labels, answered, len(self.train_classes), groups, seed=self.seed)

    def never_above_chance(self, answers: NDArray[np.int64]) -> bool:
        """Whether no epoch of a training is better than chance on the validation images.

        Args:
            answers: (E, M) class number answered for each validation image after each epoch.
        """
        images = self.validation_images()
        labels = np.array(images.labels)
        guess = best_guess(labels, self.train_images)
        return never_better(answers == labels, guess, np.array(images.groups), seed=self.seed)

    def group_baselines(self) -> dict[str, GroupBaseline]:
        """Scores of the commonest individual and of each metadata column; empty if no test image is known."""
        if not self.known.any():
            return {}
        train, positions, classes = self.crops.rows("train"), self.positions[self.known], len(self.train_classes)
        train_labels, test_labels = map(self.numbered, (train.labels, self.labels[self.known]))
        baselines = {"majority": group_baselines.majority_baseline(train_labels, test_labels, classes)}
        for column in BASELINE_COLUMNS:
            train_groups, test_groups = (self.crops.column(at, column) for at in (train.positions, positions))
            if train_groups is not None and test_groups is not None:
                baselines[column] = group_baselines.group_baseline(
                    Grouped(train_labels, train_groups), Grouped(test_labels, test_groups), classes
                )
        return baselines

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
