"""CAM localisation: how class activation maps (CAMs) fall on the regions of an image, and the images to show.

A CAM of zeros shows nothing: it has no mass, density or rank accuracy, and is left out of all means.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.cams.grid import REGION_CODES, Laid, lay
from benchmark.metrics.cams.rank_accuracy import rank, rank_accuracy
from benchmark.metrics.cams.swap import Pairs, Swap, compare, pair, partners
from benchmark.records.localisation import (
    CamsByImage,
    EpochLocalisation,
    Example,
    Examples,
    Localisation,
    RegionColumns,
    RegionValues,
    SwapNull,
)
from benchmark.vocabulary import CamMethod

DECIMALS = 5
"""Decimals of what each CAM reaches, as a record stores it; all means are of these."""

RANK_PAIRS = 1000
"""Pairs of a CAM and another image, at least, in the swap null of rank accuracy; mass and density take all pairs."""


class PerImage(NamedTuple):
    """How each CAM falls on each region; all (P, 3), columns background, body, pattern. NaN for an empty CAM.

    Attributes:
        mass: share of the CAM's mass in the region (relevance mass accuracy, Arras et al. 2022); they add up to 1.
        density: mass divided by the region's share of the image. NaN if the image has no such region.
        rank: of the most relevant part of the CAM, as large as the region, the share inside the region (relevance rank
            accuracy, Arras et al. 2022); of equally relevant cells an equal part of each counts. NaN if the image has
            no such region.
        ceiling: the highest density that a CAM of this grid reaches, that of all mass in the cell with the largest part
            of the region. NaN if the image has no such region.
    """

    mass: NDArray[np.float64]
    density: NDArray[np.float64]
    rank: NDArray[np.float64]
    ceiling: NDArray[np.float64]


def localise(
    cams: NDArray[np.floating],
    regions: NDArray[np.integer],
    *,
    order: NDArray[np.integer],
    groups: NDArray[np.integer] | None = None,
    seed: int,
    method: CamMethod,
) -> Localisation:
    """Mass, density and rank accuracy of CAMs on each region, beside those of the same CAMs on other images.

    Args:
        cams: as for `lay`.
        regions: as for `lay`.
        order: (P,) position of each image in the catalogue, which decides between equal examples.
        groups: (P,) the unit of each image; None = each image is its own.
        seed: of the draws for rank accuracy.
        method: that made the CAMs.

    Raises:
        InputError: a region mask holds another value.
        RunError: the CAMs do not match the masks, or hold a negative or non-finite value.
    """
    laid, (_, height, width) = lay(cams, regions), cams.shape
    units = np.arange(len(cams)) if groups is None else groups
    return summarise(by_image(laid, units, seed), units, order=order, method=method, grid=(height, width))


def summarise(
    images: CamsByImage,
    groups: NDArray[np.integer],
    *,
    order: NDArray[np.integer],
    method: CamMethod,
    grid: tuple[int, int],
) -> Localisation:
    """The means, the swap null and the interval from what each CAM reaches.

    Args:
        images: from `by_image`.
        groups: (P,) the unit of each image.
        order: as for `localise`.
        method: that made the CAMs.
        grid: rows and columns of a CAM.
    """
    densities = compare_regions(images.density, images.swap_density, images.others_density, groups)
    masses = compare_regions(images.mass, images.swap_mass, None, groups)
    shown = ~np.isnan(_values(images.mass)[:, 0])
    swaps = len(np.unique(groups[shown])) > 1
    return Localisation(
        mass=means(_values(images.mass)),
        density=means(_values(images.density)),
        rank=means(_values(images.rank)),
        images=len(shown),
        method=method,
        empty=int((~shown).sum()),
        grid=grid,
        ceiling=means(_values(images.ceiling)),
        swap=SwapNull(mass=_swaps(masses), density=_swaps(densities), rank=means(_values(images.swap_rank)))
        if swaps
        else None,
        pattern_excess=densities[-1].excess if densities[-1] else None,
        examples=pick_examples(_values(images.density)[:, -1], order),
        by_image=images,
    )


def by_image(laid: Laid, groups: NDArray[np.integer], seed: int) -> CamsByImage:
    """What each CAM reaches on its own and on other images, rounded.

    Args:
        laid: CAMs and masks.
        groups: (P,) the unit of each image.
        seed: of the draws for rank accuracy.
    """
    values = per_image(laid)
    masses = [_pairs(laid, laid.parts[:, region], laid.shown, groups) for region in range(len(REGION_CODES))]
    densities = density_pairs(laid, groups)
    return CamsByImage(
        mass=_columns(values.mass),
        density=_columns(values.density),
        rank=_columns(values.rank),
        ceiling=_columns(values.ceiling),
        swap_mass=_columns(np.stack([pairs.swap for pairs in masses], axis=1)),
        swap_density=_columns(np.stack([pairs.swap for pairs in densities], axis=1)),
        swap_rank=_columns(_swap_ranks(laid, groups, seed)),
        others_density=_columns(np.stack([pairs.others for pairs in densities if pairs.others is not None], axis=1)),
    )


def after_epochs(
    cams: NDArray[np.floating], regions: NDArray[np.integer], groups: NDArray[np.integer]
) -> tuple[EpochLocalisation, ...]:
    """Mean mass of the CAMs on each region after each epoch, and the excess of their density over the swap null.

    Args:
        cams: (E, P, h, w) of E epochs; each (P, h, w) as for `lay`.
        regions: (P, H, W), as for `lay`.
        groups: (P,) the unit of each image.

    Raises:
        InputError: a region mask holds another value.
        RunError: the CAMs do not match the masks, or hold a negative or non-finite value.
    """
    epochs = []
    for epoch, one in enumerate(cams, start=1):
        laid = lay(one, regions)
        swaps = [compare(pairs, groups) for pairs in density_pairs(laid, groups)]
        excess = [None if swap is None or swap.swap is None else swap.own - swap.swap for swap in swaps]
        mass = means(np.einsum("pn,prn->pr", *laid))
        epochs.append(
            EpochLocalisation(
                epoch=epoch, **mass.model_dump(), cams=int(laid.shown.sum()), excess=_region_values(excess)
            )
        )
    return tuple(epochs)


def per_image(laid: Laid) -> PerImage:
    """All metrics of each CAM.

    Example:
        >>> per_image(lay(np.array([[[3.0, 1.0]]]), np.array([[[2, 0]]]))).mass
        array([[0.25, 0.  , 0.75]])
    """
    area = np.where(laid.area > 0, laid.area, np.nan)
    mass = np.einsum("pn,prn->pr", *laid)
    ceiling = np.where(laid.shown[:, None], laid.parts.max(axis=2) / area, np.nan)
    return PerImage(mass, mass / area, rank_accuracy(rank(laid.weights), laid.parts), ceiling)


def density_pairs(laid: Laid, groups: NDArray[np.integer]) -> list[Pairs]:
    """Densities on each region, of the CAMs on the own and on other images; NaN for images without the region.

    Args:
        laid: CAMs and masks.
        groups: (P,) the unit of each image.
    """
    pairs = []
    for region in range(len(REGION_CODES)):
        area = laid.area[:, region]
        takes_part = laid.shown & (area > 0)
        relative = laid.parts[:, region] / np.where(takes_part, area, 1)[:, None]
        pairs.append(_pairs(laid, relative, takes_part, groups))
    return pairs


def compare_regions(
    own: RegionColumns, swap: RegionColumns, others: RegionColumns | None, groups: NDArray[np.integer]
) -> list[Swap | None]:
    """A score on each region on the own and on other images; None for a region that no CAM's image has.

    Args:
        own: of each CAM on its own image.
        swap: of each CAM on other images.
        others: of other CAMs on each image; None = not known, then there is no interval.
        groups: (P,) the unit of each image.
    """
    other_columns = [None] * len(REGION_CODES) if others is None else _values(others).T
    columns = zip(_values(own).T, _values(swap).T, other_columns, strict=True)
    return [compare(Pairs(*parts), groups) for parts in columns]


def means(values: NDArray[np.float64]) -> RegionValues:
    """Mean over the images for each region; NaN is left out.

    Args:
        values: (P, 3) of one metric of `PerImage`.

    Example:
        >>> means(np.array([[0.5, 0.5, np.nan], [1.0, 0.0, np.nan]]))
        RegionValues(background=0.75, body=0.25, pattern=None)
    """
    known = [column[~np.isnan(column)] for column in values.T]
    return _region_values([float(column.mean()) if column.size else None for column in known])


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


def _pairs(
    laid: Laid, targets: NDArray[np.float64], takes_part: NDArray[np.bool_], groups: NDArray[np.integer]
) -> Pairs:
    """Mean scores of the CAMs that take part; NaN for the others.

    Args:
        laid: CAMs and masks.
        targets: (P, n) what each cell of an image counts.
        takes_part: (P,) whether an image takes part.
        groups: (P,) the unit of each image.
    """
    rows = np.flatnonzero(takes_part)
    own, swap, others = (np.full(len(takes_part), np.nan) for _ in Pairs._fields)
    if rows.size:
        own[rows], swap[rows], others[rows] = pair(laid.weights[rows], targets[rows], groups[rows])
    return Pairs(own, swap, others)


def _swap_ranks(laid: Laid, groups: NDArray[np.integer], seed: int) -> NDArray[np.float64]:
    """(P, 3) mean rank accuracy of each CAM on random images of other units; NaN without such images."""
    whole = np.full((len(groups), len(REGION_CODES)), np.nan)
    rows = np.flatnonzero(laid.shown)
    shown, units = Laid(*(part[rows] for part in laid)), groups[rows]
    if len(np.unique(units)) < 2:  # noqa: PLR2004 - an image and another
        return whole
    others = partners(units, -(-RANK_PAIRS // len(units)), seed)
    ranked = rank(shown.weights)
    ranks = np.stack([rank_accuracy(ranked, shown.parts[other]) for other in others])  # (draws, rows, 3)
    known = ~np.isnan(ranks)
    draws = known.sum(axis=0)
    whole[rows] = np.divide(
        np.where(known, ranks, 0).sum(axis=0), draws, out=np.full(draws.shape, np.nan), where=draws > 0
    )
    return whole


def _swaps(regions: list[Swap | None]) -> RegionValues:
    return _region_values([one.swap if one else None for one in regions])


def _columns(values: NDArray[np.float64]) -> RegionColumns:
    """(P, 3) as rounded columns; NaN becomes None."""
    background, body, pattern = (
        tuple(None if np.isnan(value) else float(value) for value in column) for column in values.round(DECIMALS).T
    )
    return RegionColumns(background=background, body=body, pattern=pattern)


def _values(columns: RegionColumns) -> NDArray[np.float64]:
    """(P, 3); None becomes NaN."""
    values: NDArray[np.float64] = np.array([columns.background, columns.body, columns.pattern], dtype=np.float64).T
    return values


def _region_values(values: list[float | None]) -> RegionValues:
    background, body, pattern = values
    return RegionValues(background=background, body=body, pattern=pattern)
