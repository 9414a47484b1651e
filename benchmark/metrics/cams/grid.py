"""CAMs and region masks on one grid, that of the CAMs.

A CAM is coarser than its image: each cell covers a rectangle of pixels. The cell's value is spread evenly over that
rectangle, and a region receives the share of the rectangle that belongs to the region. A pixel on the border of two
cells is divided between them by area, so the two sizes need not be multiples of each other. The CAM is not enlarged by
interpolation, because that would move mass across the borders of regions.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN
from benchmark.errors import InputError, RunError

REGION_CODES = (BACKGROUND, BODY, PATTERN)


class Laid(NamedTuple):
    """CAMs and region masks on the CAMs' grid of n cells.

    Attributes:
        weights: (P, n) share of the CAM's mass in each cell; they add up to 1. NaN for an empty CAM.
        parts: (P, 3, n) part of each cell's area that is background, body and pattern; the three add up to 1.
    """

    weights: NDArray[np.float64]
    parts: NDArray[np.float64]

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Whether each CAM is not empty, (P,)."""
        return ~np.isnan(self.weights[:, 0])

    @property
    def area(self) -> NDArray[np.float64]:
        """Share of each image that each region takes, (P, 3)."""
        area: NDArray[np.float64] = self.parts.mean(axis=2)
        return area


def lay(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> Laid:
    """CAMs and region masks on one grid.

    Args:
        cams: (P, h, w), finite, >= 0; the scale of each CAM does not matter.
        regions: (P, H, W), values of a region mask (`benchmark.data.catalogue`), of the same crops in order.

    Raises:
        InputError: a region mask holds another value.
        RunError: the CAMs do not match the masks, or hold a negative or non-finite value.
    """
    _refuse_unusable(cams, regions)
    return Laid(_weights(cams), _cell_parts(cams.shape, regions))


def _weights(cams: NDArray[np.floating]) -> NDArray[np.float64]:
    """The CAMs, each scaled to the sum 1, (P, n); NaN for an empty one."""
    cells = cams.reshape(len(cams), -1).astype(np.float64)
    highest = cells.max(axis=1, keepdims=True)
    cells /= np.where(highest > 0, highest, np.nan)  # subnormal or huge values would spoil the sums
    weights: NDArray[np.float64] = cells / cells.sum(axis=1, keepdims=True)
    return weights


def _cell_parts(shape: tuple[int, ...], regions: NDArray[np.integer]) -> NDArray[np.float64]:
    """Part of each cell's area that each region takes, (P, 3, n)."""
    codes = np.array(REGION_CODES)[:, None, None]
    cells = shape[1] * shape[2]
    parts = np.empty((len(regions), len(REGION_CODES), cells))
    for part, mask in zip(parts, regions, strict=True):
        pixels = _cell_sums(_cell_sums(mask == codes, shape[1], 1), shape[2], 2)  # (3, h, w)
        part[:] = pixels.reshape(part.shape) * (cells / mask.size)
    return parts


def _cell_sums(values: NDArray[np.generic], cells: int, axis: int) -> NDArray[np.float64]:
    """Sums of the values in equal cells along an axis; a value that a cell's edge cuts is divided by length."""
    sums = np.cumsum(values, axis=axis, dtype=np.float64)
    pixels = sums.shape[axis]
    edges = np.linspace(0, pixels, cells + 1)[1:]
    whole = np.minimum(edges.astype(np.int64), pixels - 1)
    cut = np.expand_dims(edges - whole, tuple(range(1, sums.ndim - axis)))
    until = np.take(sums, whole, axis) - (1 - cut) * np.take(values, whole, axis)
    return np.diff(until, axis=axis, prepend=0)


def _refuse_unusable(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> None:
    if cams.ndim != 3 or len(cams) != len(regions) or 0 in cams.shape:  # noqa: PLR2004 - (P, h, w)
        raise RunError(
            f"The CAMs have shape {cams.shape}; ({len(regions)}, height, width) is needed, a CAM for each image in the "
            "order of the job. Fix the backbone's `encode`."
        )
    bad = np.flatnonzero(~(np.isfinite(cams) & (cams >= 0)).all(axis=(1, 2)))
    if bad.size:
        raise RunError(f"The CAM in row {bad[0]} holds a value that is negative or not finite. Fix the backbone.")
    unknown = np.setdiff1d(regions, REGION_CODES)
    if unknown.size:
        raise InputError(
            f"A region mask holds the value {unknown[0]}; the allowed values are {BACKGROUND} (background), {BODY} "
            f"(body) and {PATTERN} (pattern). Export the masks again."
        )
