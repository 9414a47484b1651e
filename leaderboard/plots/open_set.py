"""Figure of open-set re-identification."""

from typing import TYPE_CHECKING, Literal

from benchmark.vocabulary import EncoderState
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, identity, named, open_axes, styles
from leaderboard.record_files import Section
from leaderboard.rows import in_state

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES: dict[EncoderState, Literal["-", "--"]] = {"initial": "-", "finetuned": "--"}
"""Line styles; the table alone shows the untrained encoder, since three lines of each backbone would overlap."""


def open_set_curves(section: Section) -> "Figure":
    """BAKS as a function of BAUS over all thresholds: a line for each encoder, its marker at its threshold."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    entries = [(name, file.record) for name, file in named(section) if file.record.open_set]
    figure = Figure(figsize=(7.5, 4.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    look = styles(record for _, record in entries)
    handles = {}
    for name, record in entries:
        style = look[identity(record)]
        for state, line in LINES.items():
            if scores := record.open_set.get(state):
                axes.plot(*zip(*scores.curve, strict=True), color=style.colour, linestyle=line, linewidth=1.3)
                axes.plot(scores.baus, scores.baks, color=style.colour, marker=style.marker, markersize=6)
                label = in_state(name.replace("\n", " "), state)
                handles[label] = Line2D([], [], linestyle=line, **style.keywords)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_xlabel("BAUS: unknown individuals called new", fontsize=9)
    axes.set_ylabel("BAKS: known individuals named", fontsize=9)
    open_axes(axes, 8)
    figure.legend(list(handles.values()), list(handles), loc="outside right upper", fontsize=8, frameon=False)
    return figure


PLOT = Plot(
    kind="openset",
    alt="BAKS and BAUS",
    has=lambda section: any(record.open_set for record in section.records),
    draw=of_records(open_set_curves),
)
