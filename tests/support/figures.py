"""Drawing figures, and reading what they show."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from benchmark.records.classification import Classification, EpochScores
from benchmark.records.localisation import EpochLocalisation
from leaderboard.record_files import RecordFile, Section
from support.records import blank_record, trained


def drawn(figure: Figure) -> Figure:
    """The figure after drawing: a warning while drawing fails the test."""
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
    return figure


def words(figure: Figure) -> list[str]:
    """The names in the figure's first legend."""
    return [text.get_text() for text in figure.legends[0].get_texts()]


def lines(axes: Axes) -> dict[str, list[float]]:
    """The values of each line by colour and style; dotted lines are left out."""
    return {
        f"{to_hex(line.get_color())} {line.get_linestyle()}": values
        for line in axes.lines
        if line.get_linestyle() != ":" and (values := np.asarray(line.get_ydata(), float).tolist())
    }


def followed(accuracies: list[float], patterns: list[float] | None = None, **fields: Any) -> Classification:
    """A classifier with a history.

    Args:
        accuracies: on the validation images after every epoch.
        patterns: share of the probe images' CAMs on the pattern after every epoch; the rest is on the background.
        fields: of the classifier.
    """
    return trained(
        0.5,
        validation=[
            EpochScores(epoch=epoch, loss=0.1, accuracy=value, recall=value, f1=value)
            for epoch, value in enumerate(accuracies, start=1)
        ],
        probe_localisation=[
            EpochLocalisation(epoch=epoch, background=1 - value, body=0, pattern=value)
            for epoch, value in enumerate(patterns or [], start=1)
        ],
        **fields,
    )


def named_file(title: str, init: str = "random", seed: int = 0, **classification: Classification) -> RecordFile:
    """A record of four individuals with these classifiers.

    Args:
        title: of the backbone.
        init: initial weights.
        seed: of the run.
        classification: classifiers by mode.
    """
    record = blank_record(
        key=f"{title}{init}{seed}",
        backbone=title.lower(),
        title=title,
        init=init,
        individuals=4,
        seed=seed,
        classification=classification,
    )
    return RecordFile(record, f"{title}.json")


def section(*files: RecordFile) -> Section:
    """A section of these records."""
    return Section("d", "s", "p", files)
