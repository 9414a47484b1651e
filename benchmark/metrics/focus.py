"""Where a classifier looks: the share of its Grad-CAM maps that falls on each region."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.catalogue import ANIMAL, BACKGROUND, PATTERN
from benchmark.errors import InputError, RunError


class RegionMass(NamedTuple):
    """Shares of a map's mass, each in [0, 1]; the three add up to 1."""

    background: float
    fish: float
    pattern: float


def region_mass(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> RegionMass:
    """Mean share of the maps' mass per region (relevance mass accuracy, Arras et al. 2022).

    A map's cell stands for a rectangle of pixels, over which its value is spread evenly: a region's share is
    sum(cell x the region's part of the cell's area) / sum(cells). This is exact for any two sizes, also where
    a cell's edge cuts a pixel. Enlarging the map by interpolation instead would move mass across the borders
    of regions. A map of zeros counts as uniform: its shares are the regions' areas.

    Args:
        cams: (P, h, w), finite, >= 0; the scale of each map does not matter.
        regions: (P, H, W), values of a region mask (`benchmark.catalogue`), of the same crops in order.

    Raises:
        InputError: a region mask holds another value.
        RunError: the maps do not match the masks, or hold a negative or non-finite value.
    """
    _refuse_unusable(cams, regions)
    maps = cams.astype(np.float64)
    maps[~maps.any(axis=(1, 2))] = 1.0
    maps /= maps.max(axis=(1, 2), keepdims=True)  # subnormal or huge values would spoil the sums
    weights = maps / maps.sum(axis=(1, 2), keepdims=True)  # (P, h, w), each map sums to 1
    rows = _cell_shares(cams.shape[1], regions.shape[1])  # (h, H)
    columns = _cell_shares(cams.shape[2], regions.shape[2])  # (w, W)
    shares = [
        float((weights * (rows @ (regions == region) @ columns.T)).sum(axis=(1, 2)).mean())
        for region in (BACKGROUND, ANIMAL, PATTERN)
    ]
    return RegionMass(*shares)


def _cell_shares(cells: int, pixels: int) -> NDArray[np.float64]:
    """Which part of each cell's length each pixel takes, (cells, pixels); the rows add up to 1."""
    edges = np.linspace(0, pixels, cells + 1)
    pixel = np.arange(pixels)
    ends = np.minimum(edges[1:, None], pixel + 1)
    starts = np.maximum(edges[:-1, None], pixel)
    shares: NDArray[np.float64] = np.clip(ends - starts, 0, None) * (cells / pixels)
    return shares


def _refuse_unusable(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> None:
    if cams.ndim != 3 or len(cams) != len(regions) or 0 in cams.shape:  # noqa: PLR2004 - (P, h, w)
        raise RunError(
            f"The Grad-CAM maps have shape {cams.shape}; ({len(regions)}, height, width) is needed, a map "
            "for each probe image in the order given. Mend the backbone's encode."
        )
    bad = np.flatnonzero(~(np.isfinite(cams) & (cams >= 0)).all(axis=(1, 2)))
    if bad.size:
        raise RunError(
            f"The Grad-CAM map in row {bad[0]} holds a value that is negative or not finite. Mend the backbone."
        )
    unknown = np.setdiff1d(regions, (BACKGROUND, ANIMAL, PATTERN))
    if unknown.size:
        raise InputError(
            f"A region mask holds the value {unknown[0]}; only {BACKGROUND} (background), {ANIMAL} (animal) "
            f"and {PATTERN} (pattern) are known. Export the masks again."
        )
