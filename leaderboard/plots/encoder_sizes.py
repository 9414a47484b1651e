"""Figure of the encoders' sizes."""

import math
from typing import TYPE_CHECKING

from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, literal, named, open_axes
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def encoder_sizes(section: Section) -> "Figure":
    """Number of parameters and length of the flattened embedding of each encoder, on logarithmic scales."""
    from matplotlib.figure import Figure

    encoders = {name: file.record.encoder for name, file in named(section) if file.record.encoder}
    names = list(encoders)[::-1]
    figure = Figure(figsize=(7, 0.9 + 0.32 * len(names)), dpi=DPI, layout="constrained")
    values = {
        "Parameters of the encoder": [encoders[name].parameters for name in names],
        "Values of a flattened embedding": [math.prod(encoders[name].shape) for name in names],
    }
    for axes, (title, counts) in zip(figure.subplots(1, 2, sharey=True), values.items(), strict=True):
        bars = axes.barh([literal(name) for name in names], counts, color="#4477aa", height=0.6)
        axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3, fontsize=7)
        axes.set_xscale("symlog", linthresh=100)
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
