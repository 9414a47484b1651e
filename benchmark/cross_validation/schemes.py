"""Which photos are never on both sides of a fold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import capture_periods, codes, is_filled
from benchmark.data.catalogue import Row
from benchmark.splitting.sequence import SEQUENCE_COLUMNS
from benchmark.vocabulary import FoldScheme

ENOUGH = 1 / 3
"""Share of the photos that must be testable for a column to be kept together."""


@dataclass(frozen=True)
class Scheme:
    """A way to fold photos.

    Attributes:
        name: of the scheme.
        column: the metadata column whose values stay whole; empty for single photos.
        groups: (N,) int64, the value of each photo.
        testable: (N,) bool, whether the photo's individual has a photo with another value; others cannot be tested.
    """

    name: FoldScheme
    column: str
    groups: NDArray[np.int64]
    testable: NDArray[np.bool_]


def schemes(rows: Sequence[Row], labels: NDArray[np.integer]) -> tuple[Scheme, ...]:
    """The schemes that a data set allows: `grouped` first, if a column can be kept together, and `random`.

    A column can be kept together if it is filled on every row, and if at least a third of the photos have a photo of
    their individual with another value. The first such column is taken of sequence, encounter, cluster_id, video,
    camera, then the day of the photo (its month or year where no more is known), then the folder.

    Args:
        rows: of a catalogue.
        labels: (N,) class number of each row.
    """
    single = np.arange(len(rows))
    random = Scheme("random", "", single, _testable(labels, single))
    for column, values in _candidates(rows).items():
        groups = codes(values)
        testable = _testable(labels, groups)
        if testable.mean() >= ENOUGH:
            return Scheme("grouped", column, groups, testable), random
    return (random,)


def _candidates(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The value of each row in every column that can be kept together."""
    candidates = {
        column: [row.groups[column] for row in rows] for column in SEQUENCE_COLUMNS if is_filled(rows, column)
    }
    if (found := capture_periods(rows)) is not None:
        candidates[found.precision] = found.periods
    if is_filled(rows, "folder"):
        candidates["folder"] = [row.groups["folder"] for row in rows]
    return candidates


def _testable(labels: NDArray[np.integer], groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each photo's individual has a photo in another group."""
    values = Counter(label for label, _ in set(zip(labels.tolist(), groups.tolist(), strict=True)))
    return np.array([values[label] > 1 for label in labels.tolist()], dtype=bool)
