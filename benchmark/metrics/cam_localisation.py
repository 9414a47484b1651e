"""CAM localisation: how class activation maps (CAMs) fall on the regions of an image, and the images to show.

A CAM is coarser than its image: each cell covers a rectangle of pixels. The cell's value is spread evenly over that
rectangle, and a region receives the share of the rectangle that belongs to the region. A pixel on the border of two
cells is divided between them by area, so the two sizes need not be multiples of each other. The CAM is not enlarged by
interpolation, because that would move mass across the borders of regions. A CAM of zeros counts as uniform.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN
from benchmark.errors import InputError, RunError
from benchmark.metrics.resampling.intervals import of_mean
from benchmark.records.localisation import (
    EpochLocalisation,
    Example,
    Examples,
    Localisation,
    RegionShares,
    RegionValues,
)
from benchmark.vocabulary import CamMethod

REGION_CODES = (BACKGROUND, BODY, PATTERN)


class PerImage(NamedTuple):
    """How each CAM falls on each region; all (P, 3), columns background, body, pattern.

    The null is a random CAM: one whose cells are shuffled. Its expectation is `area` for mass and rank accuracy, and 1
    for density, whatever values the CAM has.

    Attributes:
        area: share of the image that is the region; the three add up to 1.
        mass: share of the CAM's mass in the region (relevance mass accuracy, Arras et al. 2022); they add up to 1.
        density: mass / area; 1 = uniform. NaN if the image has no such region.
        rank: of the most relevant part of the CAM, as large as the region, the share inside the region (relevance rank
            accuracy, Arras et al. 2022); of equally relevant cells an equal part of each counts. NaN if the image has
            no such region.
    """

    area: NDArray[np.float64]
    mass: NDArray[np.float64]
    density: NDArray[np.float64]
    rank: NDArray[np.float64]


def localise(
    cams: NDArray[np.floating],
    regions: NDArray[np.integer],
    *,
    order: NDArray[np.integer],
    groups: NDArray[np.generic] | None = None,
    seed: int,
    method: CamMethod,
) -> Localisation:
    """Mass, density and rank accuracy of CAMs on each region, beside the values expected of random CAMs.

    Args:
        cams: (P, h, w), finite, >= 0; the scale of each CAM does not matter.
        regions: (P, H, W), values of a region mask (`benchmark.data.catalogue`), of the same crops in order.
        order: (P,) position of each image in the catalogue, which decides between equal examples.
        groups: (P,) the group of each image, as resampled for the interval; None = each image is its own.
        seed: of the resampling.
        method: that made the CAMs.

    Raises:
        InputError: a region mask holds another value.
        RunError: the CAMs do not match the masks, or hold a negative or non-finite value.
    """
    values = per_image(cams, regions)
    density = values.density[:, PATTERN]
    with_pattern = ~np.isnan(density)
    return Localisation(
        mass=means(values.mass),
        density=means(values.density),
        rank=means(values.rank),
        pattern_density=of_mean(density[with_pattern], None if groups is None else groups[with_pattern], seed=seed),
        images=len(cams),
        area=means(values.area),
        rank_null=means(np.where(values.area > 0, values.area, np.nan)),
        method=method,
        empty=int((~cams.any(axis=(1, 2))).sum()),
        examples=pick_examples(density, order),
    )


def mass_after_epochs(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> tuple[EpochLocalisation, ...]:
    """Mean share of the CAMs' mass on each region after each epoch (relevance mass accuracy, Arras et al. 2022).

    Args:
        cams: (E, P, h, w) of E epochs; each (P, h, w) as for `localise`.
        regions: (P, H, W), as for `localise`.

    Raises:
        InputError: a region mask holds another value.
        RunError: the CAMs do not match the masks, or hold a negative or non-finite value.
    """
    epochs = []
    for epoch, one in enumerate(cams, start=1):
        _refuse_unusable(one, regions)
        background, body, pattern = _mass(_weights(one), _cell_parts(one.shape, regions)).mean(axis=0).tolist()
        epochs.append(EpochLocalisation(epoch=epoch, background=background, body=body, pattern=pattern))
    return tuple(epochs)


def region_area(regions: NDArray[np.integer]) -> RegionShares:
    """Mean area share of each region: the expected mass of random CAMs.

    Args:
        regions: (P, H, W), values of a region mask, P >= 1.

    Raises:
        InputError: a region mask holds another value.

    Example:
        >>> region_area(np.array([[[PATTERN, BODY], [BACKGROUND, BACKGROUND]]]))
        RegionShares(background=0.5, body=0.25, pattern=0.25)
    """
    _refuse_unknown(regions)
    background, body, pattern = (float((regions == code).mean()) for code in REGION_CODES)
    return RegionShares(background=background, body=body, pattern=pattern)


def per_image(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> PerImage:
    """All metrics of each CAM.

    Args:
        cams: as for `localise`.
        regions: as for `localise`.

    Raises:
        InputError: a region mask holds another value.
        RunError: the CAMs do not match the masks, or hold a negative or non-finite value.

    Example:
        >>> per_image(np.array([[[3.0, 1.0]]]), np.array([[[PATTERN, BACKGROUND]]])).mass
        array([[0.25, 0.  , 0.75]])
    """
    _refuse_unusable(cams, regions)
    weights, parts = _weights(cams), _cell_parts(cams.shape, regions)
    area = parts.mean(axis=(2, 3))
    nan_if_absent = np.where(area > 0, 1.0, np.nan)
    mass = _mass(weights, parts)
    cells = weights.reshape(len(weights), -1)  # (P, n)
    inside = parts.reshape(len(parts), len(REGION_CODES), -1)  # (P, 3, n)
    rank = np.array([[_rank_accuracy(one, part) for part in three] for one, three in zip(cells, inside, strict=True)])
    return PerImage(area, mass, mass / (area * nan_if_absent), rank * nan_if_absent)


def means(values: NDArray[np.float64]) -> RegionValues:
    """Mean over the images for each region; NaN is left out.

    Args:
        values: (P, 3) of one metric of `PerImage`.

    Example:
        >>> means(np.array([[0.5, 0.5, np.nan], [1.0, 0.0, np.nan]]))
        RegionValues(background=0.75, body=0.25, pattern=None)
    """
    known = [column[~np.isnan(column)] for column in values.T]
    background, body, pattern = (float(column.mean()) if column.size else None for column in known)
    return RegionValues(background=background, body=body, pattern=pattern)


def pick_examples(density: NDArray[np.floating], order: NDArray[np.integer]) -> Examples | None:
    """The images to show by rule: highest density, density closest to the median, and lowest density.

    Args:
        density: (P,) of the CAMs on the pattern; NaN is left out.
        order: (P,) position of each image in the catalogue; of equal images the first is taken.

    Returns:
        None if every density is NaN.
    """
    by_order = np.argsort(order)
    rows = by_order[~np.isnan(density[by_order])]
    if not rows.size:
        return None
    values = density[rows].astype(np.float64)
    away = np.abs(values - np.median(values))
    closest = np.isclose(away, away.min(), rtol=1e-9, atol=0)  # with an even number two are, up to rounding
    best, typical, worst = (
        Example(image=int(rows[place]), density=float(values[place]))
        for place in (values.argmax(), closest.argmax(), values.argmin())
    )
    return Examples(best=best, typical=typical, worst=worst)


def _weights(cams: NDArray[np.floating]) -> NDArray[np.float64]:
    """The CAMs, each scaled to the sum 1; (P, h, w)."""
    scaled = cams.astype(np.float64)
    scaled[~scaled.any(axis=(1, 2))] = 1.0
    scaled /= scaled.max(axis=(1, 2), keepdims=True)  # subnormal or huge values would spoil the sums
    weights: NDArray[np.float64] = scaled / scaled.sum(axis=(1, 2), keepdims=True)
    return weights


def _cell_parts(shape: tuple[int, ...], regions: NDArray[np.integer]) -> NDArray[np.float64]:
    """Part of each cell's area that each region takes, (P, 3, h, w); they add up to 1 over the regions."""
    rows = _cell_shares(shape[1], regions.shape[1])  # (h, H)
    columns = _cell_shares(shape[2], regions.shape[2])  # (w, W)
    return np.array([[rows @ (mask == code) @ columns.T for code in REGION_CODES] for mask in regions])


def _mass(weights: NDArray[np.float64], parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(P, 3)."""
    mass: NDArray[np.float64] = (weights[:, None] * parts).sum(axis=(2, 3))
    return mass


def _rank_accuracy(cells: NDArray[np.float64], parts: NDArray[np.float64]) -> float:
    """Share of a region in the most relevant cells, as many (a fraction of the last ones) as the region is large.

    Args:
        cells: (n,) relevance.
        parts: (n,) part of each cell that the region takes.
    """
    size = parts.sum()  # in cells
    if size == 0:
        return 0.0
    _, tie = np.unique(-cells, return_inverse=True)  # (n,) 0 = the most relevant
    counts, hits = np.bincount(tie), np.bincount(tie, weights=parts)
    shares = np.clip((size - (counts.cumsum() - counts)) / counts, 0, 1)
    return float((shares * hits).sum() / size)


def _cell_shares(cells: int, pixels: int) -> NDArray[np.float64]:
    """Part of each cell's length that each pixel takes, (cells, pixels); the rows add up to 1."""
    edges = np.linspace(0, pixels, cells + 1)
    pixel = np.arange(pixels)
    ends = np.minimum(edges[1:, None], pixel + 1)
    starts = np.maximum(edges[:-1, None], pixel)
    shares: NDArray[np.float64] = np.clip(ends - starts, 0, None) * (cells / pixels)
    return shares


def _refuse_unusable(cams: NDArray[np.floating], regions: NDArray[np.integer]) -> None:
    if cams.ndim != 3 or len(cams) != len(regions) or 0 in cams.shape:  # noqa: PLR2004 - (P, h, w)
        raise RunError(
            f"The CAMs have shape {cams.shape}; ({len(regions)}, height, width) is needed, a CAM for each image in the "
            "order of the job. Fix the backbone's `encode`."
        )
    bad = np.flatnonzero(~(np.isfinite(cams) & (cams >= 0)).all(axis=(1, 2)))
    if bad.size:
        raise RunError(f"The CAM in row {bad[0]} holds a value that is negative or not finite. Fix the backbone.")
    _refuse_unknown(regions)


def _refuse_unknown(regions: NDArray[np.integer]) -> None:
    unknown = np.setdiff1d(regions, REGION_CODES)
    if unknown.size:
        raise InputError(
            f"A region mask holds the value {unknown[0]}; the allowed values are {BACKGROUND} (background), {BODY} "
            f"(body) and {PATTERN} (pattern). Export the masks again."
        )
