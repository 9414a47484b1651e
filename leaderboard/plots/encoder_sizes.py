"""Figure of the encoders' sizes."""

import math
from typing import TYPE_CHECKING

from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, colour_of, named, open_axes
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def encoder_sizes(section: Section) -> "Figure":
    """Number of parameters and length of the flattened embedding of each encoder, on logarithmic scales."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    records = {name: file.record for name, file in named(section) if file.record.encoder}
    encoders = {name: record.encoder for name, record in records.items() if record.encoder}
    names = list(encoders)[::-1]
    colours = [colour_of(records[name].backbone) for name in names]
    figure = Figure(figsize=(7, 0.9 + 0.32 * len(names)), dpi=DPI, layout="constrained")
    values = {
        "Parameters of the encoder": [encoders[name].parameters for name in names],
        "Values of a flattened embedding": [math.prod(encoders[name].shape) for name in names],
    }
    for axes, (title, counts) in zip(figure.subplots(1, 2, sharey=True), values.items(), strict=True):
        bars = axes.barh(range(len(names)), counts, color=colours, height=0.6)
        axes.set_yticks(range(len(names)), names)
        axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3, fontsize=7)
        axes.set_xscale("symlog", linthresh=100)
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_xlim(0, max(*counts, 1) * 60)
        axes.set_title(title, fontsize=9)
        open_axes(axes, 8)
    return figure


PLOT = Plot(
    kind="encoders",
    alt="Parameters and embedding sizes",
    has=lambda section: any(record.encoder for record in section.records),
    draw=of_records(encoder_sizes),
)
