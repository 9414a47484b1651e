"""Figure of the CAM density on the probe images after every epoch."""

import math
from typing import TYPE_CHECKING, Any, Literal

from benchmark.records.classification import Classification
from benchmark.vocabulary import REGIONS, Mode
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import COLOURS, DPI, WIDTH, literal, named, open_axes
from leaderboard.record_files import RecordFile, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES: dict[Mode, Literal["--", "-"]] = {"shallow": "--", "deep": "-"}
COLUMNS = 3
LEGEND_WIDTH = 6.2
"""Inches of the legend of regions and classifiers."""

RANDOM: dict[str, Any] = {"color": "0.4", "linestyle": ":"}
"""Style of the line of a random CAM."""


def probed(section: Section) -> list[tuple[str, RecordFile]]:
    """The records that have CAMs of probe images and the regions' shares of the area, with their names."""
    return [
        (name, file)
        for name, file in named(section)
        if any(
            classifier.probe_localisation and classifier.probe_area
            for classifier in file.record.classification.values()
        )
    ]


def density_curves(section: Section) -> "Figure":
    """Density of the probe images' CAMs on each region after every epoch: a panel for each record."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    entries = probed(section)
    columns = min(COLUMNS, len(entries))
    rows = -(-len(entries) // columns)
    width = max(WIDTH * columns / COLUMNS, LEGEND_WIDTH)
    figure = Figure(figsize=(width, 1.9 * rows + 0.7), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (name, file) in zip(panels, entries, strict=False):
        for mode, classifier in file.record.classification.items():
            epochs = [shares.epoch for shares in classifier.probe_localisation]
            for colour, densities in zip(COLOURS, _densities(classifier), strict=False):
                axes.plot(epochs, densities, LINES[mode], color=colour, marker="o", markersize=2.5, linewidth=1.3)
        axes.axhline(1, **RANDOM)
        axes.set_title(literal(name.replace("\n", " ")), fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        open_axes(axes, 7)
        axes.tick_params(labelbottom=True)  # the panel below may be missing
    for axes in panels[len(entries) :]:
        axes.set_visible(False)
    panels[0].set_ylim(bottom=0)
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("density on the probe images", fontsize=8)
    handles = {str(region): Line2D([], [], color=colour) for region, colour in zip(REGIONS, COLOURS, strict=False)}
    handles |= {mode: Line2D([], [], color="black", linestyle=line) for mode, line in LINES.items()}
    handles["random CAM"] = Line2D([], [], **RANDOM)
    figure.legend(
        list(handles.values()), list(handles), loc="outside upper center", ncols=len(handles), fontsize=8, frameon=False
    )
    return figure


def _densities(classifier: Classification) -> list[list[float]]:
    """Mass divided by area after every epoch, for each region; NaN, which is not drawn, if no probe has the region."""
    areas = classifier.probe_area.model_dump() if classifier.probe_area else {}
    return [
        [
            getattr(epoch, region) / areas[region] if areas.get(region) else math.nan
            for epoch in classifier.probe_localisation
        ]
        for region in REGIONS
    ]


PLOT = Plot(kind="focus", alt="Density after every epoch", has=probed, draw=of_records(density_curves))
