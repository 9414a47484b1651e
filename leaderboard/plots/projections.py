"""Figures of embeddings in two dimensions."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.records.clustering import Plane, Projections
from benchmark.records.record import Record
from benchmark.vocabulary import EncoderState
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import COLOURS, MARKERS, WIDTH, named
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

    Place = Literal["upper center", "lower center"]

DPI = 120
ROW = 2.0
"""Inches of a row of panels."""

LEGEND_COLUMNS = 10


class Projected(NamedTuple):
    """A row of panels.

    Attributes:
        name: name of the encoder.
        projections: of its embeddings.
        individuals: name of the individual on each projected image.
        recordings: name of the recording of each projected image; empty if recordings are not known.
    """

    name: str
    projections: Projections
    individuals: tuple[str, ...]
    recordings: tuple[str, ...]


SHOWN = 2
"""Encoders of the figure that is not folded away."""


def projected(section: Section, state: EncoderState) -> list[Projected]:
    """The rows of a figure: the projections of the section's records for one encoder state.

    Encoders whose clusters agree best with the individuals (adjusted Rand index) come first.
    """
    files = [
        (name, file.record)
        for name, file in named(section)
        if state in file.record.projections and file.record.projected_images
    ]
    return [
        Projected(name, record.projections[state], _individuals(record), record.projected_images.recordings)
        for name, record in sorted(files, key=lambda one: -_agreement(one[1], state))
        if record.projected_images
    ]


def projection_panels(rows: Sequence[Projected]) -> "Figure":
    """PCA, t-SNE and UMAP of each encoder's embeddings, coloured by individual and marked by recording.

    The figure shows whether clusters are individuals or recordings. If there are more individuals than `COLOURS` or
    more recordings than `MARKERS`, these repeat, and a note replaces the names.

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
        for axes, plane in zip(line, (row.projections.pca, row.projections.tsne, row.projections.umap), strict=True):
            _scatter(axes, plane, colours, markers)
        line[0].set_ylabel(row.name, fontsize=8)
        along, across = row.projections.variance
        line[0].set_xlabel(f"{along:.0%} and {across:.0%} of the variance", fontsize=7)
    for axes, title in zip(grid[0], ("PCA", "t-SNE", "UMAP"), strict=True):
        axes.set_title(title, fontsize=9)
    return figure


def _individuals(record: Record) -> tuple[str, ...]:
    """Name of the individual on each projected image."""
    if record.projected_images is None or record.test_images is None:
        return ()
    labels = (record.test_images.labels[row] for row in record.projected_images.rows)
    return tuple(record.test_images.identities[label] for label in labels)


def _agreement(record: Record, state: EncoderState) -> float:
    clusters = record.clustering.get(state)
    return -math.inf if clusters is None or clusters.adjusted_rand is None else clusters.adjusted_rand


def _styles(names: Iterable[str], styles: Sequence[str]) -> dict[str, str]:
    """A style for each name; names are sorted by their numbers (`fish9` before `fish10`)."""

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
    """A legend of names and their styles; a note replaces them."""
    figure.legend(
        [] if note else list(handles.values()),
        [] if note else list(handles),
        title=note or title,
        loc=place,
        ncols=LEGEND_COLUMNS,
        fontsize=8,
        title_fontsize=8,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.0,
    )


def plots(state: EncoderState) -> tuple[Plot, Plot]:
    """The figures of the embeddings of one encoder state: of the first encoders, and of the rest."""
    return _plot(state, slice(SHOWN), ""), _plot(state, slice(SHOWN, None), "others")


def _plot(state: EncoderState, rows: slice, variant: str) -> Plot:
    return Plot(
        kind="embeddings",
        alt="PCA, t-SNE and UMAP",
        has=lambda section: projected(section, state)[rows],
        draw=of_records(lambda section: projection_panels(projected(section, state)[rows])),
        variant="-".join(part for part in (state, variant) if part),
    )
