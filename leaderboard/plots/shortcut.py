"""Figure of the shortcut calibration."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import mean
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmark.records.base import Interval
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, Mode
from leaderboard.contestants import accuracy_interval
from leaderboard.derived import by_hirescam, excess_density, reliance
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, WIDTH, Identity, Style, identity, name_of, open_axes, styles
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 3
GUESS: dict[str, Any] = {"color": "0.4", "linestyle": ":", "linewidth": 1.2}
"""Style of the lines of a uniform guess, and of reliance and excess density without preference."""

VIDEO: dict[str, Any] = GUESS | {"linestyle": (0, (6, 2, 1, 2))}
"""Style of the line of the video baseline: the water shows the video even without a shortcut."""

TITLES = ("accuracy", "Background - Body, validation", "excess density on pattern, clean test")
DODGE = 0.012
"""Distance between the whiskers of neighbouring backbones, in units of strength."""


class Point(NamedTuple):
    """A number and its interval, if it has one."""

    value: float
    interval: Interval | None = None


Lines = dict[Identity, list[Record]]
"""Records of each line."""


def strength_curves(section: Section) -> "Figure":
    """Accuracy, reliance on the background and excess density over the strength: a row of panels for each mode.

    Points are means over the seeds; whiskers are the means of the ends of the 95 % intervals. Of a classifier that
    was never above chance only the accuracy is drawn: its reliance and its CAMs mean nothing.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    records = [record for record in section.records if record.classification]
    lines: Lines = {}
    for record in records:
        lines.setdefault(identity(record), []).append(record)
    look = styles(records)
    modes = [mode for mode in MODES if any(mode in record.classification for record in records)]
    legend_rows = -(-(len(lines) + 4) // LEGEND_COLUMNS)
    figure = Figure(figsize=(WIDTH, 2.5 * len(modes) + 0.3 * legend_rows + 0.3), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(modes), len(TITLES), sharex=True, sharey="col", squeeze=False)
    for row, mode in zip(grid, modes, strict=True):
        _draw(row, mode, lines, look)
        row[0].set_ylabel(f"{mode} classifiers", fontsize=8)
        for individuals in sorted({record.individuals for record in records}):
            row[0].axhline(1 / individuals, **GUESS)
        row[0].axhline(mean(record.group_baselines["video"].accuracy for record in records), **VIDEO)
        for axes in row[1:]:
            axes.axhline(0, **GUESS)
    for axes, title in zip(grid[0], TITLES, strict=True):
        axes.set_title(title, fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("strength of the shortcut", fontsize=8)
    grid[0][0].set_ylim(-0.02, 1.02)
    grid[0][1].set_ylim(-1.02, 1.02)
    handles = {name_of(one[0]).replace("\n", " "): Line2D([], [], **_keywords(look[key])) for key, one in lines.items()}
    handles |= {
        "accuracy, clean test": Line2D([], [], color="black"),
        "accuracy, validation (with shortcut)": Line2D([], [], color="black", linestyle="--"),
        "uniform guess, or no preference": Line2D([], [], **GUESS),
        "baseline that knows the video alone": Line2D([], [], **VIDEO),
    }
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=LEGEND_COLUMNS,
        fontsize=8,
        frameon=False,
    )
    return figure


def _draw(row: "Sequence[Axes]", mode: Mode, lines: Lines, look: Mapping[Identity, Style]) -> None:
    for number, (one, records) in enumerate(lines.items()):
        trained = [record for record in records if mode in record.classification]
        shift = DODGE * (number - (len(lines) - 1) / 2)
        accuracy, reliance_axes, excess = row
        style = _keywords(look[one])
        _curve(accuracy, _points(trained, lambda record: _accuracy(record, mode)), style, shift)
        validated = _points(trained, lambda record: Point(record.validation[mode]["all"].accuracy))
        _curve(accuracy, validated, style | {"linestyle": "--"}, shift)
        _curve(reliance_axes, _points(trained, lambda record: _reliance(record, mode)), style, shift)
        _curve(excess, _points(trained, lambda record: _excess(record, mode)), style, shift)
    for axes in row:
        open_axes(axes, 7)


def _points(records: Sequence[Record], number: Callable[[Record], Point | None]) -> dict[float, list[Point]]:
    """The points of each strength that has any, in ascending order of strength."""
    points: defaultdict[float, list[Point]] = defaultdict(list)
    for record in records:
        point = number(record)
        if point is not None and record.experiment is not None:
            points[record.experiment.strength].append(point)
    return dict(sorted(points.items()))


def _curve(axes: "Axes", points: dict[float, list[Point]], style: dict[str, Any], shift: float) -> None:
    """A line over the strengths, with a whisker where the points of all seeds have intervals."""
    at = [strength + shift for strength in points]
    axes.plot(at, [mean(point.value for point in seeds) for seeds in points.values()], **style)
    for x, seeds in zip(at, points.values(), strict=True):
        intervals = [point.interval for point in seeds if point.interval]
        if len(intervals) == len(seeds):
            ends = mean(interval.low for interval in intervals), mean(interval.high for interval in intervals)
            axes.plot([x, x], ends, color=style["color"], linewidth=0.8)


def _accuracy(record: Record, mode: Mode) -> Point:
    classifier = record.classification[mode]
    return Point(classifier.test.accuracy, accuracy_interval(record, classifier.answers))


def _reliance(record: Record, mode: Mode) -> Point | None:
    value = reliance(record.validation[mode])
    return None if value is None or record.classification[mode].never_above_chance else Point(value)


def _excess(record: Record, mode: Mode) -> Point | None:
    classifier = record.classification[mode]
    cams = by_hirescam(classifier)
    excess = excess_density(cams) if cams else None
    if cams is None or excess is None or classifier.never_above_chance:
        return None
    return Point(excess, cams.pattern_excess)


def _keywords(style: Style) -> dict[str, Any]:
    return style.keywords | {"markersize": 4, "linewidth": 1.3}


PLOT = Plot(
    kind="shortcut",
    alt="What changes with the strength of the shortcut",
    has=lambda section: any(record.classification for record in section.records),
    draw=of_records(strength_curves),
    place=lambda section: f"{section.protocol}-{re.sub(r'[^a-z0-9]+', '-', section.dataset)}",
)
