"""Folds of the training images that keep images taken together on one side."""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FOLDS = 5


def grouped_folds(
    labels: NDArray[np.integer], groups: NDArray[np.integer], seed: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows to fit on and rows to validate on, for each fold of a cross-validation.

    Groups stay whole, so an individual with a single group is never fitted and validated in the same fold. If no
    individual has two groups, single images are folded instead. There is no fold if then an individual has one image.

    Args:
        labels: (N,) class numbers.
        groups: (N,) group of each image, such as a stretch of a recording.
        seed: of the order of the groups.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    counts = [len(np.unique(groups[labels == label])) for label in np.unique(labels)]
    if max(counts) >= 2:  # noqa: PLR2004 - one side each
        folds = min(FOLDS, max(counts))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The (least|number of unique)", UserWarning)  # few images
            yield from StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(labels, labels, groups)
        return
    smallest = int(np.bincount(labels)[np.unique(labels)].min())
    if smallest >= 2:  # noqa: PLR2004 - one side each
        yield from StratifiedKFold(min(FOLDS, smallest), shuffle=True, random_state=seed).split(labels, labels)
