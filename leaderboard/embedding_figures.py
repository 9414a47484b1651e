"""Figures of what an encoder sees: its embeddings in two dimensions, and where a classifier looks."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    Place = Literal["outside lower center", "outside upper center"]

DPI = 150

COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#401a26", "#8c0d00", "#0d008c", "#26f2b3"),
    *("#804d66", "#bf3340", "#6680ff", "#99d9cc", "#4000e6", "#59000d", "#0d4d80", "#661a4d", "#b3b373", "#803340"),
)
"""Of the individuals: six of Okabe & Ito (2008), then each time the colour farthest from all before, as seen with and
without each of the three colour blindnesses."""

MARKERS = "o^sDvP*X<>"
"""Of the sequences."""

OUTLINES = ("#ffffff", "#00e5ff", "#ffd400")
"""Of the regions, each upon a black line, so that they are seen on any ground."""


def embedding_scatter(
    panels: Mapping[str, NDArray[np.floating] | None], individuals: Sequence[str], sequences: Sequence[str] | None
) -> "Figure":
    """Maps of the embeddings side by side, coloured by individual and marked by sequence.

    A reader sees by it whether the clusters are individuals or sequences. Where there are more individuals than
    `COLOURS`, or sequences than `MARKERS`, these start over, and a note stands in place of the names.

    Args:
        panels: (M, 2) coordinates by title; None where a map could not be made.
        individuals: M names.
        sequences: M names of videos or sequences; None where they are not known.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    colour = _styles(individuals, COLOURS)
    marker = _styles(sequences or [""] * len(individuals), MARKERS)
    colours = np.array([colour[name] for name in individuals])
    markers = np.array([marker[name] for name in sequences or [""] * len(individuals)])
    figure = Figure(figsize=(4.2 * len(panels), 5.0), dpi=DPI, layout="constrained")
    for axes, (title, flat) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        axes.set_title(title, fontsize=10)
        axes.set(xticks=[], yticks=[])
        if flat is None:
            axes.text(0.5, 0.5, "too few distinct embeddings", ha="center", va="center", transform=axes.transAxes)
        else:
            _scatter(axes, flat, colours, markers)
    dots = {name: Line2D([], [], color=one, marker="o", linestyle="") for name, one in colour.items()}
    shared = f"{len(dots)} individuals share {len(COLOURS)} colours" if len(dots) > len(COLOURS) else ""
    _legend(figure, dots, "Individual (colour)", shared, "outside lower center")
    if sequences:
        shapes = {name: Line2D([], [], color="0.35", marker=one, linestyle="") for name, one in marker.items()}
        shared = f"{len(shapes)} sequences share {len(MARKERS)} markers" if len(shapes) > len(MARKERS) else ""
        _legend(figure, shapes, "Sequence (marker)", shared, "outside upper center")
    return figure


def focus_overlays(
    images: NDArray[np.uint8],
    maps: NDArray[np.floating],
    regions: Mapping[str, NDArray[np.bool_]],
    titles: Sequence[str],
) -> "Figure":
    """Photos, and below them the same in grey under their maps, with the outlines of regions; a column each.

    A cell of a map is drawn as the rectangle that it stands for, as it is measured; each map has its own scale.

    Args:
        images: (M, H, W, 3), M >= 1.
        maps: (M, h, w), >= 0.
        regions: (M, H, W) by name, as many as `OUTLINES` at most.
        titles: M lines above the columns.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import Normal, Stroke

    count, height, width = images.shape[:3]
    figure = Figure(figsize=(2.6 * count + 0.9, 5.2 * height / width + 0.9), dpi=DPI, layout="constrained")
    grid = figure.subplots(2, count, squeeze=False)
    frame = {"extent": (0, width, height, 0), "interpolation": "nearest"}
    outlines = dict(zip(regions, OUTLINES, strict=False))
    upon_black = [Stroke(linewidth=2.0, foreground="black"), Normal()]
    across, down = np.arange(-1, width + 1) + 0.5, np.arange(-1, height + 1) + 0.5  # with a rim, which closes outlines
    for column, (photo, cam) in enumerate(zip(images, maps, strict=True)):
        top, bottom = grid[:, column]
        top.imshow(photo, **frame)
        top.set_title(titles[column], fontsize=9)
        bottom.imshow(photo.mean(axis=2), cmap="gray", vmin=0, vmax=255, **frame)
        heat = bottom.imshow(cam / (cam.max() or 1), cmap="inferno", vmin=0, vmax=1, alpha=0.5, **frame)
        for region, colour in outlines.items():
            mask = np.pad(regions[region][column], 1)
            if mask.any():
                lines = bottom.contour(across, down, mask, levels=[0.5], colors=[colour], linewidths=1.0)
                lines.set_path_effects(upon_black)
        for axes in (top, bottom):
            axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    figure.colorbar(heat, ax=list(grid[1]), label="relevance / its maximum", shrink=0.8)
    handles = [Line2D([], [], color=colour, linewidth=1.0, path_effects=upon_black) for colour in outlines.values()]
    figure.legend(handles, list(outlines), loc="outside lower center", ncols=len(OUTLINES), fontsize=9, frameon=False)
    return figure


def _styles(names: Sequence[str], styles: Sequence[str]) -> dict[str, str]:
    """A style for each name, in the order in which a person would count them (`fish9` before `fish10`)."""

    def natural(name: str) -> list[tuple[str, int]]:
        return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name)]

    return {name: styles[place % len(styles)] for place, name in enumerate(sorted(set(names), key=natural))}


def _scatter(axes: "Axes", flat: NDArray[np.floating], colours: NDArray[np.str_], markers: NDArray[np.str_]) -> None:
    axes.set_aspect("equal", adjustable="datalim")
    size = float(np.clip(8000 / len(flat), 6, 36))
    for marker in np.unique(markers):
        these = markers == marker
        axes.scatter(flat[these, 0], flat[these, 1], c=colours[these], marker=marker, s=size, alpha=0.8, linewidths=0)


def _legend(figure: "Figure", handles: Mapping[str, "Line2D"], title: str, note: str, place: "Place") -> None:
    """Names and their styles; the note alone, if there is one."""
    figure.legend(
        [] if note else list(handles.values()),
        [] if note else [name.replace("$", r"\$") for name in handles],
        title=note or title,
        loc=place,
        ncols=10,
        fontsize=8,
        title_fontsize=8,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.0,
    )
