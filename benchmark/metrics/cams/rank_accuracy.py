"""Relevance rank accuracy: of the most relevant part of a CAM, as large as a region, the share inside the region.

Arras et al. 2022, https://arxiv.org/abs/2003.07258. Of equally relevant cells an equal part of each counts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ranked(NamedTuple):
    """The cells of P CAMs by relevance, in ties of equally relevant cells.

    Attributes:
        order: (P, n) cells of each CAM, the most relevant first.
        starts: (ties,) place of the first cell of each tie among all P n cells in that order.
        shown: (P,) whether the CAM is not empty.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    shown: NDArray[np.bool_]


def rank(weights: NDArray[np.float64]) -> Ranked:
    """The cells of CAMs by relevance.

    Args:
        weights: (P, n), as in `grid.Laid`.
    """
    order = np.argsort(-weights, axis=1, kind="stable")
    begins = np.diff(np.take_along_axis(weights, order, axis=1), axis=1, prepend=np.inf) != 0
    return Ranked(order, np.flatnonzero(begins), ~np.isnan(weights[:, 0]))


def rank_accuracy(ranked: Ranked, parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each region in the most relevant cells, as many (a fraction of the last tie) as the region is large.

    Args:
        ranked: the CAMs.
        parts: (P, 3, n), as in `grid.Laid`.

    Returns:
        (P, 3); NaN for an empty CAM or an absent region.
    """
    (images, cells), starts = ranked.order.shape, ranked.starts
    in_order = np.take_along_axis(parts, ranked.order[:, None], axis=2).transpose(1, 0, 2).reshape(parts.shape[1], -1)
    hits = np.add.reduceat(in_order, starts, axis=1)  # (3, ties)
    sizes, row = parts.sum(axis=2), starts // cells  # sizes (P, 3) in cells
    counts = np.diff(starts, append=images * cells)
    taken = np.clip((sizes.T[:, row] - starts % cells) / counts, 0, 1)
    inside = np.stack([np.bincount(row, one, minlength=images) for one in taken * hits], axis=1)
    share: NDArray[np.float64] = inside / np.where(ranked.shown[:, None] & (sizes > 0), sizes, np.nan)
    return share
