"""The figure of the shortcut calibration."""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any

from benchmark.records.base import Interval
from benchmark.records.record import Record
from benchmark.vocabulary import Mode
from leaderboard import metrics
from leaderboard.entries import Section
from leaderboard.plots.projections import COLOURS, MARKERS
from leaderboard.plots.style import literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 150
WIDTH = 8.5
"""Inches: of a page, so that a text of 8 points stays legible there."""

MODES: tuple[Mode, ...] = ("shallow", "deep")
COLUMNS = 3
NULL: dict[str, Any] = {"color": "0.4", "linestyle": ":", "linewidth": 1.2}
"""How it is drawn what knowing nothing gives."""

VIDEO: dict[str, Any] = NULL | {"linestyle": (0, (6, 2, 1, 2))}
"""The same for knowing the video alone, which the water gives away without any shortcut."""

TITLES = ("accuracy", "Background / Fish, validation", "density on pattern, clean test")
DODGE = 0.012
"""Between the whiskers of neighbouring backbones, in units of strength."""

Figured = tuple[float, Interval | None]
Lines = dict[tuple[str, str], list[Record]]


def strength_curves(section: Section) -> "Figure":
    """Accuracy, reliance on the background and focus over the strength, a line for each backbone, a row for each mode.

    Points are means over the seeds, whiskers the means of the ends of the 95 % intervals. A classifier that never left
    chance has its accuracy alone: what it relies on and where it looks means nothing.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    records = [entry.record for entry in section.entries if entry.record.classification]
    lines: Lines = {}
    for record in records:
        lines.setdefault((record.title, record.init), []).append(record)
    modes = [mode for mode in MODES if any(mode in record.classification for record in records)]
    legend_rows = -(-(len(lines) + 4) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 2.5 * len(modes) + 0.3 * legend_rows + 0.3), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(modes), len(TITLES), sharex=True, sharey="col", squeeze=False)
    for row, mode in zip(grid, modes, strict=True):
        _draw(row, mode, lines)
        row[0].set_ylabel(f"{mode} classifiers", fontsize=8)
        for individuals in sorted({record.individuals for record in records}):
            row[0].axhline(1 / individuals, **NULL)
        row[0].axhline(mean(record.group_baselines["video"].accuracy for record in records), **VIDEO)
        for axes in row[1:]:
            axes.axhline(1, **NULL)
    for axes, title in zip(grid[0], TITLES, strict=True):
        axes.set_title(title, fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("strength of the shortcut", fontsize=8)
    grid[0][0].set_ylim(-0.02, 1.02)
    for axes in grid[0][1:]:
        axes.set_ylim(bottom=0)
    handles = {_name(*who): Line2D([], [], **_style(place)) for place, who in enumerate(lines)}
    handles |= {
        "accuracy, clean test": Line2D([], [], color="black"),
        "accuracy, validation (with shortcut)": Line2D([], [], color="black", linestyle="--"),
        "knowing nothing": Line2D([], [], **NULL),
        "knowing the video alone": Line2D([], [], **VIDEO),
    }
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=COLUMNS, fontsize=8, frameon=False
    )
    return figure


def _draw(row: "Sequence[Axes]", mode: Mode, lines: Lines) -> None:
    for place, records in enumerate(lines.values()):
        trained = [record for record in records if mode in record.classification]
        shift = DODGE * (place - (len(lines) - 1) / 2)
        accuracy, reliance, density = row
        _curve(accuracy, trained, lambda record: _accuracy(record, mode), place, shift)
        _curve(accuracy, trained, lambda record: _validated(record, mode), place, shift, "--")
        _curve(reliance, trained, lambda record: _reliance(record, mode), place, shift)
        _curve(density, trained, lambda record: _density(record, mode), place, shift)
    for axes in row:
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)


def _curve(
    axes: "Axes",
    records: Sequence[Record],
    measure: Callable[[Record], Figured | None],
    place: int,
    shift: float,
    line: str = "-",
) -> None:
    """One line over the strengths at which there is something, with whiskers where every seed has an interval."""
    found: dict[float, list[Figured]] = {}
    for record in records:
        figured = measure(record)
        if figured is not None and record.experiment is not None:
            found.setdefault(record.experiment.strength, []).append(figured)
    style = _style(place) | {"linestyle": line}
    strengths = sorted(found)
    at = [strength + shift for strength in strengths]
    axes.plot(at, [mean(value for value, _ in found[strength]) for strength in strengths], **style)
    for x, strength in zip(at, strengths, strict=True):
        intervals = [interval for _, interval in found[strength] if interval]
        if len(intervals) == len(found[strength]):
            ends = mean(one.low for one in intervals), mean(one.high for one in intervals)
            axes.plot([x, x], ends, color=style["color"], linewidth=0.8)


def _accuracy(record: Record, mode: Mode) -> Figured:
    trained = record.classification[mode]
    return trained.test.accuracy, trained.intervals.get("accuracy")


def _validated(record: Record, mode: Mode) -> Figured:
    return record.validation[mode]["all"].accuracy, None


def _reliance(record: Record, mode: Mode) -> Figured | None:
    found = metrics.reliance(record.validation[mode])
    return None if found is None or record.classification[mode].never_above_chance else (found, None)


def _density(record: Record, mode: Mode) -> Figured | None:
    trained = record.classification[mode]
    density = metrics.density(trained)
    if trained.localisation is None or density is None or trained.never_above_chance:
        return None
    return density, trained.localisation.pattern_density


def _name(title: str, init: str) -> str:
    return literal(title if init in {"random", "none"} else f"{title} ({init})")


def _style(place: int) -> dict[str, Any]:
    return {
        "color": COLOURS[place % len(COLOURS)],
        "marker": MARKERS[(place + place // len(COLOURS)) % len(MARKERS)],
        "markersize": 4,
        "linewidth": 1.3,
    }
