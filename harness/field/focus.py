"""Focus: where in some photos the linear probe finds its evidence, and how much of it lies on the pattern."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.cross_validation.activation_maps import activation_maps
from benchmark.cross_validation.answers import Photos
from benchmark.cross_validation.folding import Fold
from benchmark.data.catalogue import PATTERN
from benchmark.metrics.cams.grid import REGION_CODES, Laid, lay
from benchmark.metrics.cams.swap import compare, pair
from benchmark.records.field import FieldFocus, PhotoFocus

SAMPLE = 48
"""Photos that are drawn."""

SHOWN = 12
"""Photos of the sample that a report shows."""

COLUMN = REGION_CODES.index(PATTERN)


@dataclass(frozen=True)
class FocusSample:
    """Photos drawn at random, with what the encoder makes of them.

    Attributes:
        photos: (P,) int64, their indices.
        feature_maps: (P, C, h, w) of the whole photos.
        regions: (P, H, W) uint8, their region masks; all 0 without masks.
    """

    photos: NDArray[np.int64]
    feature_maps: NDArray[np.floating]
    regions: NDArray[np.uint8]


def focus(
    sample: FocusSample,
    photos: Photos,
    folds: tuple[Fold, ...],
    strength: NDArray[np.float64],
    units: NDArray[np.int64],
) -> FieldFocus | None:
    """Class activation maps of the photos of a sample that are tested.

    Args:
        sample: of the photos, in random order.
        photos: what the probes are fitted on.
        folds: one draw of folds.
        strength: (N,) inverse strength of the penalty of the probe that answers each photo; NaN = not tested.
        units: (N,) the unit of each photo.

    Returns:
        None if no photo of the sample is tested, or the feature maps have a single position.
    """
    tested = ~np.isnan(strength[sample.photos])
    if not tested.any() or sample.feature_maps[0, 0].size == 1:
        return None
    chosen = sample.photos[tested]
    maps = activation_maps(photos, folds, strength, chosen, sample.feature_maps[tested])
    laid = lay(maps.cams, sample.regions[tested])
    own, swapped = densities(laid, units[chosen])
    measured = np.flatnonzero(~np.isnan(own))
    overall = None
    if measured.size:
        relative = laid.parts[measured, COLUMN] / laid.area[measured, COLUMN][:, None]
        groups = units[chosen[measured]]
        overall = compare(pair(laid.weights[measured], relative, groups), groups)
    return FieldFocus(
        examples=tuple(
            PhotoFocus(
                photo=int(chosen[row]),
                answer=int(maps.answers[row]),
                cam=_scaled(maps.cams[row]),
                density=_known(own[row]),
                swap=_known(swapped[row]),
            )
            for row in of_different_individuals(photos.labels[chosen])[:SHOWN]
        ),
        images=measured.size,
        density=overall.own if overall else None,
        swap=overall.swap if overall else None,
        excess=overall.excess if overall else None,
    )


def densities(laid: Laid, units: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(P,) density of each map on the pattern of its photo, and (P,) its mean density on those of other units.

    NaN for an empty map, for a photo without a pattern, and without photos of other units.

    Args:
        laid: maps and region masks.
        units: (P,) the unit of each photo.
    """
    area = laid.area[:, COLUMN]
    relative = laid.parts[:, COLUMN] / np.where(area > 0, area, np.nan)[:, None]
    scores = laid.weights @ relative.T  # (P, P): map i on photo j
    own = np.diagonal(scores).copy()
    others = (units[:, None] != units[None, :]) & ~np.isnan(scores)
    count = others.sum(axis=1)
    sums = np.where(others, scores, 0).sum(axis=1)
    swapped = np.divide(sums, count, out=np.full(len(own), np.nan), where=(count > 0) & ~np.isnan(own))
    return own, swapped


def of_different_individuals(labels: NDArray[np.integer]) -> list[int]:
    """Rows in their order, the first of each individual before the second of any.

    >>> of_different_individuals(np.array([4, 4, 2, 4, 2, 7]))
    [0, 2, 5, 1, 4, 3]
    """
    turns = [int((labels[:row] == label).sum()) for row, label in enumerate(labels)]
    return sorted(range(len(labels)), key=lambda row: (turns[row], row))


def _scaled(cam: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    highest = float(cam.max())
    shares = cam / highest if highest > 0 else cam
    return tuple(tuple(row) for row in shares.round(3).tolist())


def _known(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
