"""Figure of the region ablation: accuracy on the pattern alone against accuracy on the background alone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from benchmark.records.base import Interval
from benchmark.records.record import Record
from leaderboard.plots.style import DPI, WIDTH, identity, name_of, open_axes, styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 3


class Alone(NamedTuple):
    """Accuracy on images of one region, with its interval if it has one."""

    accuracy: float
    interval: Interval | None


class Point(NamedTuple):
    """One contestant.

    Attributes:
        record: of its first seed, which gives its name and style.
        background: on the background alone.
        pattern: on the pattern alone.
    """

    record: Record
    background: Alone
    pattern: Alone


def pattern_against_background(panels: Mapping[str, Sequence[Point]], unseen: float | None) -> "Figure":
    """A panel for each question, a point for each contestant; whiskers are 95 % intervals.

    Above the diagonal, the pattern alone names more than the background alone. Dotted lines show the best answer
    without looking at the animal.

    Args:
        panels: points by the title of the panel; at least one of each.
        unseen: accuracy of the best answer without looking; None if it is not known.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    records = {identity(point.record): point.record for points in panels.values() for point in points}
    look = styles(records.values())
    rows = -(-(len(records) + 2) // LEGEND_COLUMNS)
    height = WIDTH / max(2, len(panels)) + 0.3 + 0.25 * rows
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    (grid,) = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)
    for axes, (title, points) in zip(grid, panels.items(), strict=True):
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=1)
        if unseen is not None:
            axes.axhline(unseen, color="0.4", linestyle=":", linewidth=1)
            axes.axvline(unseen, color="0.4", linestyle=":", linewidth=1)
        for point in points:
            style = look[identity(point.record)]
            _whiskers(axes, point, style.colour)
            place = point.background.accuracy, point.pattern.accuracy
            axes.plot(*place, marker=style.marker, color=style.colour, markersize=7, markeredgecolor="white")
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("accuracy on the background alone", fontsize=8)
        open_axes(axes, 7)
    grid[0].set_ylabel("accuracy on the pattern alone", fontsize=8)
    handles = {
        name_of(record).replace("\n", " "): Line2D([], [], linestyle="", markersize=7, **look[one].keywords)
        for one, record in records.items()
    }
    handles["both alike"] = Line2D([], [], color="0.75")
    if unseen is not None:
        handles["best answer without looking"] = Line2D([], [], color="0.4", linestyle=":")
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=LEGEND_COLUMNS,
        fontsize=8,
        frameon=False,
    )
    return figure


def _whiskers(axes: "Axes", point: Point, colour: str) -> None:
    """The intervals of a point, across and upwards."""
    x, y = point.background, point.pattern
    if x.interval:
        axes.plot([x.interval.low, x.interval.high], [y.accuracy] * 2, color=colour, linewidth=0.8, alpha=0.6)
    if y.interval:
        axes.plot([x.accuracy] * 2, [y.interval.low, y.interval.high], color=colour, linewidth=0.8, alpha=0.6)
