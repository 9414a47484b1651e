"""Figure of the excess density of CAMs on the probe images after every epoch."""

import math
from typing import TYPE_CHECKING, Any, Literal

from benchmark.records.classification import Classification
from benchmark.vocabulary import REGIONS, Mode, Region
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, WIDTH, colour_of, named, open_axes
from leaderboard.record_files import RecordFile, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES: dict[Mode, Literal["--", "-"]] = {"shallow": "--", "deep": "-"}
COLUMNS = 3
GREYS: dict[Region, str] = {"background": "0.8", "body": "0.55"}
"""Colours of regions; the pattern has the colour of the contestant."""

LEGEND_WIDTH = 6.8
"""Inches of the legend of regions and classifiers."""

SWAPPED: dict[str, Any] = {"color": "0.4", "linestyle": ":"}
"""Style of the line of CAMs that ignore their image."""


def probed(section: Section) -> list[tuple[str, RecordFile]]:
    """The records that have CAMs of probe images, with their names."""
    return [
        (name, file)
        for name, file in named(section)
        if any(classifier.probe_localisation for classifier in file.record.classification.values())
    ]


def density_curves(section: Section) -> "Figure":
    """Excess density of the probe images' CAMs on each region after every epoch: a panel for each record.

    An epoch in which all CAMs are empty is not drawn.
    """
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
            for region, excess in zip(REGIONS, _excess(classifier), strict=True):
                colour = GREYS.get(region, colour_of(file.record.backbone))
                axes.plot(epochs, excess, LINES[mode], color=colour, marker="o", markersize=2.5, linewidth=1.3)
        axes.axhline(0, **SWAPPED)
        axes.set_title(name.replace("\n", " "), fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        open_axes(axes, 7)
        axes.tick_params(labelbottom=True)  # the panel below may be missing
    for axes in panels[len(entries) :]:
        axes.set_visible(False)
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("excess density on the probe images\n(a few validation images)", fontsize=8)
    handles = {str(region): Line2D([], [], color=colour) for region, colour in GREYS.items()}
    handles["pattern (in colour)"] = Line2D([], [], color=colour_of(entries[0][1].record.backbone))
    handles |= {mode: Line2D([], [], color="black", linestyle=line) for mode, line in LINES.items()}
    handles["as on other images"] = Line2D([], [], **SWAPPED)
    figure.legend(
        list(handles.values()), list(handles), loc="outside upper center", ncols=len(handles), fontsize=8, frameon=False
    )
    return figure


def _excess(classifier: Classification) -> list[list[float]]:
    """Excess density after every epoch, for each region; NaN, which is not drawn, where there is none."""
    values = [epoch.excess.model_dump() if epoch.excess else {} for epoch in classifier.probe_localisation]
    return [[math.nan if one.get(region) is None else one[region] for one in values] for region in REGIONS]


PLOT = Plot(kind="focus", alt="Excess density after every epoch", has=probed, draw=of_records(density_curves))
