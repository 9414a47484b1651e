"""Class activation maps of the linear probes that answered photos they were not fitted on."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.cross_validation.answers import Photos
from benchmark.cross_validation.folding import Fold
from benchmark.probing.coordinates import reduce
from benchmark.probing.probes import linear_logits


class ActivationMaps(NamedTuple):
    """Class activation maps of some photos.

    Attributes:
        answers: (P,) int64, class number that the probe answers.
        cams: (P, h, w) float64, >= 0: what each position adds to that answer's logit. Negative parts are 0.
    """

    answers: NDArray[np.int64]
    cams: NDArray[np.float64]


def activation_maps(
    photos: Photos,
    folds: Sequence[Fold],
    strength: NDArray[np.float64],
    chosen: NDArray[np.int64],
    feature_maps: NDArray[np.floating],
) -> ActivationMaps:
    """Where the probe that answered a photo out of fold finds its evidence, for some photos.

    An embedding is the mean of the feature map over its positions, divided by its length, and the probe is linear in
    it. So the logit of an answer is the mean over positions of what the probe says of the features there, and this is
    the map (Zhou et al. 2016). Grad-CAM and HiResCAM are equal to it here. Standardisation adds a constant to all
    positions, which is left out: a position without features adds 0.

    Args:
        photos: what the probes are fitted on; `whole` is of unit length.
        folds: one draw of folds.
        strength: (N,) inverse strength of the penalty of the probe that answers each photo in that draw.
        chosen: (P,) indices of the photos to explain; each is tested in a fold.
        feature_maps: (P, C, h, w) of these photos, C = D.
    """
    count, channels, height, width = feature_maps.shape
    cells = np.moveaxis(feature_maps.reshape(count, channels, -1).astype(np.float64), 1, 2)  # (P, h w, C)
    lengths = np.linalg.norm(cells.mean(axis=1), axis=1)
    cells = cells / np.where(lengths > 0, lengths, 1)[:, None, None]
    answers, cams = np.zeros(count, np.int64), np.zeros((count, height, width))
    for fold in folds:
        rows = np.flatnonzero(np.isin(chosen, fold.test))
        if rows.size:
            shown = cells[rows].mean(axis=1), cells[rows].reshape(-1, channels), np.zeros((1, channels))
            logits, at_cells, at_zero = linear_logits(
                reduce(photos.whole[fold.fit], *shown),
                photos.labels[fold.fit],
                float(strength[chosen[rows[0]]]),
                balanced=True,
            )
            places = logits.argmax(axis=1)
            answers[rows] = np.unique(photos.labels[fold.fit])[places]
            added = (at_cells - at_zero).reshape(len(rows), height * width, -1)
            own = np.take_along_axis(added, places[:, None, None], axis=2)[:, :, 0]
            cams[rows] = np.maximum(own, 0).reshape(-1, height, width)
    return ActivationMaps(answers, cams)
