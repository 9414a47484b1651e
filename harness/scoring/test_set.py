"""What is known of a run's test images beside their pixels, and what follows from it for its scores."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import RECORDINGS, TIMES
from benchmark.metrics import group_baselines, intervals
from benchmark.metrics.group_baselines import Grouped
from benchmark.metrics.retrieval import Retrieval
from benchmark.records.base import Interval
from benchmark.records.classification import GroupBaseline, TestImages
from benchmark.records.retrieval import RetrievalBaseline
from harness.execution.packs import Packer

FEWEST_GROUPS = 6
"""Of fewer recordings no interval can be had (see `benchmark.metrics.significance`)."""

BASELINE_COLUMNS = (*RECORDINGS, "camera", *TIMES)
"""Columns that may give the identity away."""


class Examination:
    """The test images of one run: labels, classes, and the groups that are resampled."""

    def __init__(self, packer: Packer, classes: int, seed: int) -> None:
        """Args: the data, number of individuals, seed of the resampling."""
        self.packer, self.classes, self.seed = packer, classes, seed
        rows = packer.rows("test")
        self.labels, self.positions = rows.labels, rows.positions
        self.shown: NDArray[np.int64] = np.unique(packer.rows("train").labels)
        """(K,) class numbers of the individuals in training, ascending."""
        self.known: NDArray[np.bool_] = np.isin(rows.labels, self.shown)
        """(N,) whether training shows the individual: others can be found again, but not named."""
        names, numbers = self._numbered()
        self.by_recordings = len(names) >= FEWEST_GROUPS
        self.groups: NDArray[np.int64] = numbers if self.by_recordings else np.arange(len(self.labels))

    def images(self, identities: tuple[str, ...]) -> TestImages:
        """For the record, with the individuals' names."""
        by = "recordings" if self.by_recordings else "images"
        labels, groups = tuple(self.labels.tolist()), tuple(self.groups.tolist())
        return TestImages(labels=labels, groups=groups, by=by, identities=identities)

    def interval(self, values: NDArray[np.floating]) -> Interval | None:
        """Of the mean over the images; NaN is left out."""
        known = ~np.isnan(values)
        found = intervals.of_mean(values[known], self.groups[known], seed=self.seed) if known.any() else None
        return as_interval(found) if found else None

    def score_intervals(self, answers: NDArray[np.int64]) -> dict[str, Interval]:
        """Of accuracy, balanced accuracy, macro recall and macro F1 on the images that can be named."""
        labels, given = self.numbered(self.labels[self.known]), self.numbered(answers[self.known])
        found = intervals.of_scores(labels, given, len(self.shown), self.groups[self.known], seed=self.seed)
        return dict(zip(found._fields, map(as_interval, found), strict=True)) if found else {}

    def group_baselines(self) -> Mapping[str, GroupBaseline]:
        """What would be scored without seeing an animal, on the images that can be named; nothing where none can."""
        if not self.known.any():
            return {}
        train, positions, classes = self.packer.rows("train"), self.positions[self.known], len(self.shown)
        taught, labels = map(self.numbered, (train.labels, self.labels[self.known]))
        found = {"majority": group_baselines.majority_class(taught, labels, classes)}
        for column in BASELINE_COLUMNS:
            seen, asked = (self.packer.column(at, column) for at in (train.positions, positions))
            if seen is not None and asked is not None:
                found[column] = group_baselines.group_only(Grouped(taught, seen), Grouped(labels, asked), classes)
        return {name: GroupBaseline(**one._asdict()) for name, one in found.items()}

    def retrieval_baselines(self) -> Mapping[str, RetrievalBaseline]:
        """What would be found again without seeing an animal, where `harness.scoring.retrieval.Search` searches."""
        train = self.packer.rows("train")
        themselves = not self.known.any()
        labels, positions = (self.labels, self.positions) if themselves else (train.labels, train.positions)
        groups: dict[str, tuple[NDArray[np.generic], NDArray[np.generic]]] = {
            "random": (np.zeros(len(self.labels), np.int64), np.zeros(len(labels), np.int64))
        }
        for column in BASELINE_COLUMNS:
            asked, searched = (self.packer.column(at, column) for at in (self.positions, positions))
            if asked is not None and searched is not None:
                groups[column] = asked, searched
        return {
            name: _as_guess(
                group_baselines.retrieval_baselines(
                    Grouped(self.labels, asked), Grouped(labels, searched), themselves=themselves
                )
            )
            for name, (asked, searched) in groups.items()
        }

    def numbered(self, classes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Class numbers of individuals that training shows, as places in `shown`: others are never asked about."""
        return np.searchsorted(self.shown, classes)

    def recordings(self, positions: NDArray[np.int64]) -> NDArray[np.str_] | None:
        """(N,) the recording of some crops; None where not every image has one."""
        columns = (self.packer.column(positions, name) for name in RECORDINGS)
        return next((column for column in columns if column is not None), None)

    def _numbered(self) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
        """Names of the test images' recordings, and the number of each image's; no names where they are not known."""
        found = self.recordings(self.positions)
        if found is None:
            return np.array([], np.str_), np.arange(len(self.positions))
        names, numbers = np.unique(found, return_inverse=True)
        return names, numbers


def known_values(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    """For a record, which holds no NaN."""
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _as_guess(found: Retrieval) -> RetrievalBaseline:
    return RetrievalBaseline(rank1=found.rank1, rank5=found.rank5, mean_average_precision=found.mean_average_precision)


def as_interval(found: intervals.Interval) -> Interval:
    """For the record."""
    return Interval(**found._asdict())
