"""Figures of what an encoder sees: its embeddings in two dimensions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.records.clustering import Plane, Projections
from benchmark.records.record import Record
from benchmark.vocabulary import EncoderState
from leaderboard.entries import Section
from leaderboard.plots.style import literal, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

    Place = Literal["upper center", "lower center"]

DPI = 120
WIDTH = 8.5
"""Inches: of a page, so that a text of 8 points stays legible there."""

ROW = 2.0
"""Inches of a row of maps."""

LEGEND_COLUMNS = 10

COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#401a26", "#8c0d00", "#0d008c", "#26f2b3"),
    *("#804d66", "#bf3340", "#6680ff", "#99d9cc", "#4000e6", "#59000d", "#0d4d80", "#661a4d", "#b3b373", "#803340"),
)
"""Of the individuals: six of Okabe & Ito (2008), then each time the colour farthest from all before, as seen with and
without each of the three colour blindnesses."""

MARKERS = "o^sDvP*X<>"
"""Of the recordings."""


class Drawn(NamedTuple):
    """A row of maps: whose, and of each image shown the individual and the recording, if these are known."""

    name: str
    maps: Projections
    individuals: tuple[str, ...]
    recordings: tuple[str, ...]


def drawn(section: Section, kind: EncoderState) -> list[Drawn]:
    """The rows of a figure: what the section's records hold of one kind of embeddings."""
    return [
        Drawn(
            name, entry.record.projections[kind], _individuals(entry.record), entry.record.projected_images.recordings
        )
        for name, entry in named(section)
        if kind in entry.record.projections and entry.record.projected_images
    ]


def embedding_maps(rows: Sequence[Drawn]) -> "Figure":
    """PCA, t-SNE and UMAP of each encoder's embeddings, coloured by individual and marked by recording.

    A reader sees by it whether the clusters are individuals or recordings. Where there are more individuals than
    `COLOURS`, or recordings than `MARKERS`, these start over, and a note stands in place of the names.

    Args:
        rows: at least one.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    colour = _styles((name for row in rows for name in row.individuals), COLOURS)
    marker = _styles((name for row in rows for name in row.recordings), MARKERS)
    above = 0.55 + 0.5 * bool(marker) + 0.2 * (len(colour) > LEGEND_COLUMNS)
    figure = Figure(figsize=(WIDTH, above + ROW * len(rows)), dpi=DPI, layout="constrained")
    (top,), (below,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(above, ROW * len(rows)))
    dots = {name: Line2D([], [], color=one, marker="o", linestyle="") for name, one in colour.items()}
    shared = f"{len(dots)} individuals share {len(COLOURS)} colours" if len(dots) > len(COLOURS) else ""
    _legend(top, dots, "Individual (colour)", shared, "upper center")
    if marker:
        shapes = {name: Line2D([], [], color="0.35", marker=one, linestyle="") for name, one in marker.items()}
        shared = f"{len(shapes)} recordings share {len(MARKERS)} markers" if len(shapes) > len(MARKERS) else ""
        _legend(top, shapes, "Recording (marker)", shared, "lower center")
    grid = below.subplots(len(rows), 3, squeeze=False)
    for line, row in zip(grid, rows, strict=True):
        colours = np.array([colour[name] for name in row.individuals])
        markers = np.array([marker[name] for name in row.recordings] or ["o"] * len(row.individuals))
        for axes, plane in zip(line, (row.maps.pca, row.maps.tsne, row.maps.umap), strict=True):
            _scatter(axes, plane, colours, markers)
        line[0].set_ylabel(literal(row.name), fontsize=8)
        along, across = row.maps.variance
        line[0].set_xlabel(f"{along:.0%} and {across:.0%} of the variance", fontsize=7)
    for axes, title in zip(grid[0], ("PCA", "t-SNE", "UMAP"), strict=True):
        axes.set_title(title, fontsize=9)
    return figure


def _individuals(record: Record) -> tuple[str, ...]:
    """The name of the individual on each image that is shown."""
    if record.projected_images is None or record.test_images is None:
        return ()
    labels = (record.test_images.labels[row] for row in record.projected_images.rows)
    return tuple(
        record.test_images.identities[label] if record.test_images.identities else str(label) for label in labels
    )


def _styles(names: Iterable[str], styles: Sequence[str]) -> dict[str, str]:
    """A style for each name, in the order in which a person would count them (`fish9` before `fish10`)."""

    def natural(name: str) -> list[tuple[str, int]]:
        return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name)]

    return {name: styles[place % len(styles)] for place, name in enumerate(sorted(set(names), key=natural))}


def _scatter(axes: "Axes", plane: Plane | None, colours: NDArray[np.str_], markers: NDArray[np.str_]) -> None:
    axes.set(xticks=[], yticks=[])
    if plane is None:
        axes.text(0.5, 0.5, "too few distinct embeddings", ha="center", va="center", transform=axes.transAxes)
        return
    axes.set_aspect("equal", adjustable="datalim")
    x, y = np.array(plane.x), np.array(plane.y)
    size = float(np.clip(4000 / len(x), 4, 26))
    for marker in np.unique(markers):
        these = markers == marker
        axes.scatter(x[these], y[these], c=colours[these], marker=marker, s=size, alpha=0.8, linewidths=0)


def _legend(figure: "SubFigure", handles: Mapping[str, "Line2D"], title: str, note: str, place: "Place") -> None:
    """Names and their styles; the note alone, if there is one."""
    figure.legend(
        [] if note else list(handles.values()),
        [] if note else [literal(name) for name in handles],
        title=note or title,
        loc=place,
        ncols=LEGEND_COLUMNS,
        fontsize=8,
        title_fontsize=8,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.0,
    )
