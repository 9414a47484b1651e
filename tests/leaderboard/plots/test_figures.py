"""Each figure is drawn by itself."""

import logging
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from leaderboard.plots.drawn import DrawnFigures
from leaderboard.plots.figures import Plot, write
from leaderboard.record_files import Section, sections
from support.records import record_file

SECTION = sections([record_file()])[0]


def plot(kind: str, title: str = "", error: Exception | None = None) -> Plot:
    """A plot that draws a title, or fails."""

    def draw(_section: Section, _root: Path) -> Figure:
        if error is not None:
            raise error
        figure = Figure(figsize=(1, 1))
        figure.suptitle(title)
        return figure

    return Plot(kind, "alt", lambda _: True, draw, place=lambda _: "here")


@pytest.mark.parametrize("error", [ValueError("\x1b[2J"), MemoryError(), ZeroDivisionError()])
def test_a_figure_that_cannot_be_drawn_is_named_and_the_others_are_drawn(
    error: Exception, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plots = [plot("first"), plot("broken", error=error), plot("last", r"$\frac$")]
    with caplog.at_level(logging.WARNING):
        changed = write([(one, SECTION) for one in plots], tmp_path / "leaderboard", DrawnFigures(None))
    assert changed == ["leaderboard/figures/first-here.png", "leaderboard/figures/last-here.png"]
    (message,) = caplog.messages
    assert message.startswith("leaderboard/figures/broken-here.png cannot be drawn")
    assert message.isprintable()


def test_a_disk_that_refuses_is_no_fault_of_a_figure(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"):
        write([(plot("first", error=OSError("full")), SECTION)], tmp_path / "leaderboard", DrawnFigures(None))
