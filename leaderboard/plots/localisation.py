"""Figure of CAMs on test images, which is stored beside its record."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.vocabulary import CamMethod

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AnyPath = TypeVar("AnyPath", bound=PurePath)

METHODS: dict[CamMethod, str] = {
    "gradcam": "Grad-CAM",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "eigencam": "EigenCAM",
}
DPI = 100
COLUMN = 1.6
"""Inches of a column: six of them fit beside each other on a page."""

OUTLINES = ("#ffffff", "#00e5ff", "#ffd400")
"""Colours of the regions' outlines; a black line below each makes them visible on any ground."""


def overlays_file(record: AnyPath) -> AnyPath:
    """Path of the overlays of a record: beside it."""
    return record.with_name(f"{record.stem}-focus.png")


def focus_overlays(
    images: NDArray[np.uint8],
    cams: Sequence[NDArray[np.floating]],
    regions: Mapping[str, NDArray[np.bool_]],
    titles: Sequence[str],
    heading: str,
) -> "Figure":
    """Images, and below them the same images in grey under their CAMs, with the outlines of regions.

    A cell of a CAM is drawn as the rectangle over which it is measured. Each CAM has its own scale.

    Args:
        images: shape (M, H, W, 3), M >= 1; a column for each.
        cams: M arrays of shape (h, w), >= 0, none of them zero everywhere.
        regions: masks of shape (M, H, W) by the region's name; at most as many as `OUTLINES`.
        titles: M lines above the columns.
        heading: a line above all columns.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import Normal, Stroke

    count, height, width = images.shape[:3]
    size = (COLUMN * count + 0.9, 2 * COLUMN * height / width + 1.0)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    figure.suptitle(heading, fontsize=8)
    grid = figure.subplots(2, count, squeeze=False)
    frame = {"extent": (0, width, height, 0), "interpolation": "nearest"}
    outlines = dict(zip(regions, OUTLINES, strict=False))
    on_black = [Stroke(linewidth=2.0, foreground="black"), Normal()]
    across, down = (
        np.arange(-1, width + 1) + 0.5,
        np.arange(-1, height + 1) + 0.5,
    )  # with a margin, which closes outlines
    for column, (photo, cam) in enumerate(zip(images, cams, strict=True)):
        top, bottom = grid[:, column]
        top.imshow(photo, **frame)
        top.set_title(titles[column], fontsize=8)
        bottom.imshow(photo.mean(axis=2), cmap="gray", vmin=0, vmax=255, **frame)
        share = np.asarray(cam, np.float64) / cam.max()
        heat = bottom.imshow(share, cmap="inferno", vmin=0, vmax=1, alpha=0.2 + 0.5 * share, **frame)
        for region, colour in outlines.items():
            mask = np.pad(regions[region][column], 1)
            if mask.any():
                lines = bottom.contour(across, down, mask, levels=[0.5], colors=[colour], linewidths=1.0)
                lines.set_path_effects(on_black)
        for axes in (top, bottom):
            axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    bar = figure.colorbar(heat, ax=list(grid[1]), shrink=0.9)
    bar.set_label("relevance / its maximum", fontsize=7)
    bar.ax.tick_params(labelsize=7)
    handles = [Line2D([], [], color=colour, linewidth=1.0, path_effects=on_black) for colour in outlines.values()]
    figure.legend(handles, list(outlines), loc="outside lower center", ncols=len(OUTLINES), fontsize=8, frameon=False)
    return figure
