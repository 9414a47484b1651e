"""Figures of how classifiers learnt: scores and focus after every epoch."""

import math
from typing import TYPE_CHECKING, Literal, TypedDict

from benchmark.records.classification import Classification
from benchmark.vocabulary import Mode
from leaderboard import metrics
from leaderboard.entries import Entry, Section
from leaderboard.plots.projections import COLOURS, MARKERS
from leaderboard.plots.style import literal, named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 150
WIDTH = 8.5
"""Inches: of a page, so that a text of 8 points stays legible there."""

MODES: tuple[Mode, ...] = ("shallow", "deep")
LINES: dict[Mode, Literal["--", "-"]] = {"shallow": "--", "deep": "-"}
REGIONS = ("background", "body", "pattern")
COLUMNS = 3
LEGEND = 6.2
"""Inches of the legend of regions and classifiers."""


class _Style(TypedDict):
    color: str
    linestyle: Literal[":"]


NULL: _Style = {"color": "0.4", "linestyle": ":"}
"""Of the lines at what knowing nothing gives."""


def validation_curves(section: Section) -> "Figure":
    """Accuracy on the validation images after every epoch, a line for each training, above the line of chance."""
    from matplotlib.figure import Figure

    shown = learnt(section)
    legend_rows = -(-(len(shown) + 1) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 3.2 + 0.3 * legend_rows), dpi=DPI, layout="constrained")
    grid = figure.subplots(1, len(MODES), sharex=True, sharey=True)
    for axes, mode in zip(grid, MODES, strict=True):
        for place, (name, entry) in enumerate(shown):
            found = entry.record.classification.get(mode)
            epochs = found.validation if found else ()
            axes.plot(
                [one.epoch for one in epochs],
                [one.accuracy for one in epochs],
                color=COLOURS[place % len(COLOURS)],
                marker=MARKERS[(place + place // len(COLOURS)) % len(MARKERS)],  # no pair of both comes back soon
                markersize=4,
                linewidth=1.3,
                label=literal(name.replace("\n", " ")),
            )
        for count in sorted({metrics.possible(entry.record) for _, entry in shown}):
            axes.axhline(1 / count, **NULL, label=f"chance, {count} individuals")
        axes.set_title(f"{mode.capitalize()} classifiers", fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        _tidy(axes)
    grid[0].set_ylabel("accuracy, validation images", fontsize=8)
    grid[0].set_ylim(-0.02, 1.02)
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=COLUMNS, fontsize=8, frameon=False)
    return figure


def focus_curves(section: Section) -> "Figure":
    """How densely the maps of the probe images lie on each region after every epoch, a panel each."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    shown = watched(section)
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    width = max(WIDTH * columns / COLUMNS, LEGEND)
    figure = Figure(figsize=(width, 1.9 * rows + 0.7), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (name, entry) in zip(panels, shown, strict=False):
        for mode, found in entry.record.classification.items():
            epochs = [one.epoch for one in found.probe_localisation]
            for colour, densities in zip(COLOURS, _densities(found), strict=False):
                axes.plot(epochs, densities, LINES[mode], color=colour, marker="o", markersize=2.5, linewidth=1.3)
        axes.axhline(1, **NULL)
        axes.set_title(literal(name.replace("\n", " ")), fontsize=9)
        _tidy(axes)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    panels[0].set_ylim(bottom=0)
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("density on the probe images", fontsize=8)
    handles = {region: Line2D([], [], color=colour) for region, colour in zip(REGIONS, COLOURS, strict=False)}
    handles |= {mode: Line2D([], [], color="black", linestyle=line) for mode, line in LINES.items()}
    handles["random map"] = Line2D([], [], **NULL)
    figure.legend(
        list(handles.values()), list(handles), loc="outside upper center", ncols=len(handles), fontsize=8, frameon=False
    )
    return figure


def learnt(section: Section) -> list[tuple[str, Entry]]:
    """The entries that have scores of validation images, by their names."""
    return [
        (name, entry)
        for name, entry in named(section)
        if any(found.validation for found in entry.record.classification.values())
    ]


def watched(section: Section) -> list[tuple[str, Entry]]:
    """The entries that have maps of probe images and the regions' shares of these, by their names."""
    return [
        (name, entry)
        for name, entry in named(section)
        if any(found.probe_localisation and found.probe_area for found in entry.record.classification.values())
    ]


def _densities(found: Classification) -> list[list[float]]:
    """Mass divided by area after every epoch, of each region; NaN, which is not drawn, where no probe has it."""
    areas = found.probe_area.model_dump() if found.probe_area else {}
    return [
        [
            getattr(epoch, region) / areas[region] if areas.get(region) else math.nan
            for epoch in found.probe_localisation
        ]
        for region in REGIONS
    ]


def _tidy(axes: "Axes") -> None:
    """Whole epochs below every panel, for the one below it may be missing."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(labelsize=7, labelbottom=True)
    axes.spines[["top", "right"]].set_visible(False)
