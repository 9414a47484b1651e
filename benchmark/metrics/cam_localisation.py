"""Where a classifier looks: how its activation maps fall on the regions of an image, and which image to show.

A map's cell stands for a rectangle of pixels, over which its value is spread evenly: a region takes the part of the
cell that lies in it. This is exact for any two sizes, also where a cell's edge cuts a pixel. Enlarging the map by
interpolation instead would move mass across the borders of regions. A map of zeros counts as uniform.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import ANIMAL, BACKGROUND, PATTERN
from benchmark.errors import InputError, RunError

REGIONS = (BACKGROUND, ANIMAL, PATTERN)


class RegionMass(NamedTuple):
    """Shares of a map's mass, each in [0, 1]; the three add up to 1."""

    background: float
    body: float
    pattern: float


class RegionMeans(NamedTuple):
    """Means over the images that have the region; None where none has."""

    background: float | None
    body: float | None
    pattern: float | None


class PerImage(NamedTuple):
    """How each map falls on each region; all (P, 3), columns background, body, pattern.

    The null is a random map: one whose cells are shuffled. Its expectation is `area` for mass and rank accuracy, and 1
    for density, whatever values the map has.

    Attributes:
        area: share of the image that is the region; the three add up to 1.
        mass: share of the map's mass in the region (relevance mass accuracy, Arras et al. 2022); they add up to 1.
        density: mass / area; 1 = uniform. NaN where the image has no such region.
        rank: of the most relevant part of the map, as large as the region, the share that lies in the region
            (relevance rank accuracy, Arras et al. 2022); of equally relevant cells an equal part of each counts. NaN
            where the image has no such region.
    """

    area: NDArray[np.float64]
    mass: NDArray[np.float64]
    density: NDArray[np.float64]
    rank: NDArray[np.float64]


class Picked(NamedTuple):
    """Which images to show, as indices."""

    best: int
    typical: int
    worst: int


def region_mass(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> RegionMass:
    """Mean share of the maps' mass per region (relevance mass accuracy, Arras et al. 2022).

    Args:
        cams: (P, h, w), finite, >= 0; the scale of each map does not matter.
        regions: (P, H, W), values of a region mask (`benchmark.data.catalogue`), of the same crops in order.

    Raises:
        InputError: a region mask holds another value.
        RunError: the maps do not match the masks, or hold a negative or non-finite value.
    """
    _refuse_unusable(cams, regions)
    return RegionMass(*_mass(_weights(cams), _cell_parts(cams.shape, regions)).mean(axis=0).tolist())


def region_area(regions: NDArray[np.integer]) -> RegionMass:
    """Mean share of the images that each region is: the expected `region_mass` of random maps.

    Args:
        regions: (P, H, W), values of a region mask, P >= 1.

    Raises:
        InputError: a region mask holds another value.
    """
    _refuse_unknown(regions)
    return RegionMass(*(float((regions == region).mean()) for region in REGIONS))


def per_image(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> PerImage:
    """Every measure of every map, for means (`means`), bootstrap and picking.

    Args:
        cams: as for `region_mass`.
        regions: as for `region_mass`.

    Raises:
        InputError: a region mask holds another value.
        RunError: the maps do not match the masks, or hold a negative or non-finite value.
    """
    _refuse_unusable(cams, regions)
    weights, parts = _weights(cams), _cell_parts(cams.shape, regions)
    area = parts.mean(axis=(2, 3))
    there = np.where(area > 0, 1.0, np.nan)
    mass = _mass(weights, parts)
    cells = weights.reshape(len(weights), -1)  # (P, n)
    inside = parts.reshape(len(parts), len(REGIONS), -1)  # (P, 3, n)
    rank = np.array([[_rank_accuracy(one, part) for part in three] for one, three in zip(cells, inside, strict=True)])
    return PerImage(area, mass, mass / (area * there), rank * there)


def means(values: NDArray[np.float64]) -> RegionMeans:
    """Mean over the images of one measure of `PerImage`, (P, 3); NaN is left out."""
    known = [column[~np.isnan(column)] for column in values.T]
    return RegionMeans(*(float(column.mean()) if column.size else None for column in known))


def pick(values: NDArray[np.floating]) -> Picked:
    """The images to show by rule: the highest value, that closest to the median, and the lowest.

    Of equal ones the first is taken, so the images should come in the order of their ids. NaN is left out, for
    example an image without pattern where the share on the pattern counts.

    Args:
        values: (P,) of the images.

    Raises:
        InputError: no value is there.
    """
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        raise InputError("No image has a value to pick by. Choose a measure of a region that the images have.")
    numbers = values[known].astype(np.float64)
    away = np.abs(numbers - np.median(numbers))
    closest = np.isclose(away, away.min(), rtol=1e-9, atol=0)  # of an even number two are, but for rounding
    return Picked(*(int(known[index]) for index in (numbers.argmax(), closest.argmax(), numbers.argmin())))


def _weights(cams: NDArray[np.floating]) -> NDArray[np.float64]:
    """The maps, each adding up to 1; (P, h, w)."""
    maps = cams.astype(np.float64)
    maps[~maps.any(axis=(1, 2))] = 1.0
    maps /= maps.max(axis=(1, 2), keepdims=True)  # subnormal or huge values would spoil the sums
    weights: NDArray[np.float64] = maps / maps.sum(axis=(1, 2), keepdims=True)
    return weights


def _cell_parts(shape: tuple[int, ...], regions: NDArray[np.integer]) -> NDArray[np.float64]:
    """Which part of each cell's area each region takes, (P, 3, h, w); they add up to 1 over the regions."""
    rows = _cell_shares(shape[1], regions.shape[1])  # (h, H)
    columns = _cell_shares(shape[2], regions.shape[2])  # (w, W)
    return np.array([[rows @ (mask == region) @ columns.T for region in REGIONS] for mask in regions])


def _mass(weights: NDArray[np.float64], parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P, 3)."""
    mass: NDArray[np.float64] = (weights[:, None] * parts).sum(axis=(2, 3))
    return mass


def _rank_accuracy(cells: NDArray[np.float64], parts: NDArray[np.float64]) -> float:
    """Share of a region in the most relevant cells, as many (a fraction of the last ones) as the region is large.

    Args:
        cells: (n,) relevance.
        parts: (n,) which part of each cell the region takes.
    """
    size = parts.sum()  # in cells
    if size == 0:
        return 0.0
    _, tie = np.unique(-cells, return_inverse=True)  # (n,) 0 = the most relevant
    counts, hits = np.bincount(tie), np.bincount(tie, weights=parts)
    taken = np.clip((size - (counts.cumsum() - counts)) / counts, 0, 1)
    return float((taken * hits).sum() / size)


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
            f"The activation maps have shape {cams.shape}; ({len(regions)}, height, width) is needed, a map "
            "for each probe image in the order given. Mend the backbone's encode."
        )
    bad = np.flatnonzero(~(np.isfinite(cams) & (cams >= 0)).all(axis=(1, 2)))
    if bad.size:
        raise RunError(
            f"The activation map in row {bad[0]} holds a value that is negative or not finite. Mend the backbone."
        )
    _refuse_unknown(regions)


def _refuse_unknown(regions: NDArray[np.integer]) -> None:
    unknown = np.setdiff1d(regions, REGIONS)
    if unknown.size:
        raise InputError(
            f"A region mask holds the value {unknown[0]}; only {BACKGROUND} (background), {ANIMAL} (animal) "
            f"and {PATTERN} (pattern) are known. Export the masks again."
        )
