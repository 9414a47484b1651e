"""Open-set re-identification: known individuals are to be named, strangers to be called new."""

from typing import TYPE_CHECKING

from benchmark.records.retrieval import OpenSet
from benchmark.vocabulary import EncoderState
from leaderboard import cells, layout
from leaderboard.entries import Entry, Section
from leaderboard.layout import Row
from leaderboard.plots.projections import COLOURS
from leaderboard.plots.style import literal, named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150
LINES: dict[EncoderState, str] = {"initial": "-", "finetuned": "--"}
"""The control is left to the table: three lines of each backbone would hide each other."""

LEGEND = (
    "*BAKS*, *BAUS*: balanced accuracy on test images of known and of unknown individuals. An image is called new "
    "unless its nearest training image is as similar as a threshold, which 95 % of the validation images reach. "
    "*Geometric mean*: sqrt(BAKS x BAUS), as in AnimalCLEF 2025. *Area*: under BAKS as a function of BAUS, over all "
    "thresholds."
)


def table(section: Section, page: str) -> str:
    """A row for each encoder; empty where no record of the section met strangers."""
    headers = ["Encoder", "Initial weights", "BAKS", "BAUS", "Geometric mean", "Area", "Threshold"]
    made = layout.section_table(section, headers, _rows, page)
    return f"**Open set** (cosine similarity)\n\n{made}\n\n{LEGEND}" if met_strangers(section) else ""


def met_strangers(section: Section) -> bool:
    """Whether any record of the section has such scores."""
    return any(entry.record.open_set for entry in section.entries)


def curves(section: Section) -> "Figure":
    """BAKS as a function of BAUS over all thresholds, a line for each encoder; a dot where the threshold was put."""
    from matplotlib.figure import Figure

    shown = [(name, entry.record) for name, entry in named(section) if entry.record.open_set]
    figure = Figure(figsize=(7.5, 4.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    for place, (name, record) in enumerate(shown):
        for kind, line in LINES.items():
            if found := record.open_set.get(kind):
                label = literal(" ".join(f"{cells.PREFIXES[kind]}{name}".split("\n")))
                colour = COLOURS[place % len(COLOURS)]
                axes.plot(*zip(*found.curve, strict=True), color=colour, linestyle=line, linewidth=1.3, label=label)
                axes.plot(found.baus, found.baks, color=colour, marker="o", markersize=5)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_xlabel("BAUS: strangers called new", fontsize=9)
    axes.set_ylabel("BAKS: known individuals named", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure


def _rows(entry: Entry) -> list[Row]:
    record = entry.record
    found = record.open_set
    return [[*cells.encoder(record, kind), *_cells(found[kind])] for kind in cells.PREFIXES if kind in found]


def _cells(found: OpenSet) -> list[str]:
    values = (found.baks, found.baus, found.geometric, found.area)
    return [*(f"{value:.2f}" for value in values), f"{found.threshold:.3f}"]
