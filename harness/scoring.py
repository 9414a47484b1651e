"""What is known of a run's test images beside their pixels, and what follows from it for its scores."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import intervals, nuisance
from benchmark.metrics.nuisance import Grouped
from benchmark.moments import RECORDINGS, TIMES
from benchmark.records import ExaminedImages, Interval, Nuisance
from harness.packing import Packer

FEWEST_GROUPS = 6
"""Of fewer recordings no interval can be had (see `benchmark.metrics.ranks`)."""

NUISANCES = (*RECORDINGS, "camera", *TIMES)
"""Columns that may give the identity away."""


class Examination:
    """The test images of one run: labels, classes, and the groups that are resampled."""

    def __init__(self, packer: Packer, classes: int, seed: int) -> None:
        """Args: the data, number of individuals, seed of the resampling."""
        self.packer, self.classes, self.seed = packer, classes, seed
        rows = packer.rows("test")
        self.labels, self.positions = rows.labels, rows.positions
        recordings = self._recordings()
        self.groups: NDArray[np.int64] = np.arange(len(self.labels)) if recordings is None else recordings
        self.by_recordings = recordings is not None

    def images(self) -> ExaminedImages:
        """For the record."""
        by = "recordings" if self.by_recordings else "images"
        return ExaminedImages(labels=tuple(self.labels.tolist()), groups=tuple(self.groups.tolist()), by=by)

    def interval(self, values: NDArray[np.floating]) -> Interval | None:
        """Of the mean over the images; NaN is left out."""
        known = ~np.isnan(values)
        found = intervals.of_mean(values[known], self.groups[known], seed=self.seed) if known.any() else None
        return as_interval(found) if found else None

    def score_intervals(self, answers: NDArray[np.int64]) -> dict[str, Interval]:
        """Of accuracy, balanced accuracy, macro recall and macro F1."""
        found = intervals.of_scores(self.labels, answers, self.classes, self.groups, seed=self.seed)
        return dict(zip(found._fields, map(as_interval, found), strict=True)) if found else {}

    def nuisance(self) -> Mapping[str, Nuisance]:
        """What would be scored without seeing an animal."""
        train = self.packer.rows("train")
        found = {"majority": nuisance.majority_class(train.labels, self.labels, self.classes)}
        for column in NUISANCES:
            seen, asked = (self.packer.column(at, column) for at in (train.positions, self.positions))
            if seen is not None and asked is not None:
                given = Grouped(train.labels, seen), Grouped(self.labels, asked)
                found[column] = nuisance.group_only(*given, self.classes)
        return {name: Nuisance(**one._asdict()) for name, one in found.items()}

    def _recordings(self) -> NDArray[np.int64] | None:
        """Number of each test image's recording; None where they are not known, or too few."""
        columns = (self.packer.column(self.positions, name) for name in RECORDINGS)
        found = next((column for column in columns if column is not None), None)
        if found is None:
            return None
        names, numbers = np.unique(found, return_inverse=True)
        return numbers if len(names) >= FEWEST_GROUPS else None


def as_interval(found: intervals.Interval) -> Interval:
    """For the record."""
    return Interval(**found._asdict())
