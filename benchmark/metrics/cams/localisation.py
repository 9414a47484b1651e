"""CAM localisation: how class activation maps (CAMs) fall on the regions of an image, and the images to show.

A CAM of zeros shows nothing: it has no mass, density or rank accuracy, and is left out of all means.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.cams.grid import REGION_CODES, Laid, lay
from benchmark.metrics.cams.rank_accuracy import rank, rank_accuracy
from benchmark.metrics.cams.swap import Swap, compare, partners
from benchmark.records.localisation import (
    EpochLocalisation,
    Example,
    Examples,
    Localisation,
    RegionValues,
    SwapNull,
)
from benchmark.vocabulary import CamMethod

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
    values, densities = per_image(laid), density_swaps(laid, units)
    return Localisation(
        mass=means(values.mass),
        density=means(values.density),
        rank=means(values.rank),
        images=len(cams),
        method=method,
        empty=int((~laid.shown).sum()),
        grid=(height, width),
        ceiling=means(values.ceiling),
        swap=_swap_null(laid, densities, units, seed),
        pattern_excess=densities[-1].excess if densities[-1] else None,
        examples=pick_examples(values.density[:, -1], order),
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
        excess = [
            None if swap is None or swap.swap is None else swap.own - swap.swap for swap in density_swaps(laid, groups)
        ]
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


def density_swaps(laid: Laid, groups: NDArray[np.integer]) -> list[Swap | None]:
    """Density on each region on the own and on other images; None for a region that no CAM's image has.

    Args:
        laid: CAMs and masks.
        groups: (P,) the unit of each image.
    """
    swaps = []
    for region in range(len(REGION_CODES)):
        area = laid.area[:, region]
        rows = np.flatnonzero(laid.shown & (area > 0))
        relative = laid.parts[rows, region] / area[rows, None]
        swaps.append(compare(laid.weights[rows], relative, groups[rows]) if rows.size else None)
    return swaps


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


def _swap_null(laid: Laid, densities: list[Swap | None], groups: NDArray[np.integer], seed: int) -> SwapNull | None:
    """None if the CAMs that are not empty are of one unit alone."""
    shown = Laid(*(part[laid.shown] for part in laid))
    units = groups[laid.shown]
    if len(np.unique(units)) < 2:  # noqa: PLR2004 - an image and another
        return None
    mass = [compare(shown.weights, shown.parts[:, region], units).swap for region in range(len(REGION_CODES))]
    others = partners(units, -(-RANK_PAIRS // len(units)), seed)
    ranked = rank(shown.weights)
    ranks = np.concatenate([rank_accuracy(ranked, shown.parts[other]) for other in others])
    return SwapNull(
        mass=_region_values(mass),
        density=_region_values([swap.swap if swap else None for swap in densities]),
        rank=means(ranks),
    )


def _region_values(values: list[float | None]) -> RegionValues:
    background, body, pattern = values
    return RegionValues(background=background, body=body, pattern=pattern)
