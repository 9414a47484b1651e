"""Figure of open-set re-identification."""

from typing import TYPE_CHECKING

from benchmark.vocabulary import EncoderState
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import COLOURS, DPI, literal, named, open_axes
from leaderboard.record_files import Section
from leaderboard.rows import ENCODER_PREFIXES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES: dict[EncoderState, str] = {"initial": "-", "finetuned": "--"}
"""Line styles; the table alone shows the untrained encoder, since three lines of each backbone would overlap."""


def open_set_curves(section: Section) -> "Figure":
    """BAKS as a function of BAUS over all thresholds: a line for each encoder, a dot at its threshold."""
    from matplotlib.figure import Figure

    entries = [(name, file.record) for name, file in named(section) if file.record.open_set]
    figure = Figure(figsize=(7.5, 4.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    for number, (name, record) in enumerate(entries):
        for state, line in LINES.items():
            if scores := record.open_set.get(state):
                label = literal(" ".join(f"{ENCODER_PREFIXES[state]}{name}".split("\n")))
                colour = COLOURS[number % len(COLOURS)]
                axes.plot(*zip(*scores.curve, strict=True), color=colour, linestyle=line, linewidth=1.3, label=label)
                axes.plot(scores.baus, scores.baks, color=colour, marker="o", markersize=5)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_xlabel("BAUS: unknown individuals called new", fontsize=9)
    axes.set_ylabel("BAKS: known individuals named", fontsize=9)
    open_axes(axes, 8)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure


PLOT = Plot(
    kind="openset",
    alt="BAKS and BAUS",
    has=lambda section: any(record.open_set for record in section.records),
    draw=of_records(open_set_curves),
)
