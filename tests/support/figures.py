"""Drawing figures, and reading what they show."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from benchmark.records.classification import Classification, EpochScores
from benchmark.records.localisation import EpochLocalisation
from benchmark.vocabulary import REGIONS
from leaderboard.plots.style import picture
from leaderboard.record_files import RecordFile, Section
from support.records import blank_record, trained


def drawn(figure: Figure) -> Figure:
    """The figure after drawing: a warning while drawing fails the test."""
    picture(figure)
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


def followed(
    accuracies: list[float],
    excesses: Sequence[tuple[float | None, float | None, float | None]] = (),
    **fields: Any,
) -> Classification:
    """A classifier with a history.

    Args:
        accuracies: on the validation images after every epoch.
        excesses: excess density on background, body and pattern after every epoch.
        fields: of the classifier.
    """
    return trained(
        0.5,
        validation=[
            EpochScores(epoch=epoch, loss=0.1, accuracy=value, recall=value, f1=value, answers=())
            for epoch, value in enumerate(accuracies, start=1)
        ],
        probe_localisation=[
            EpochLocalisation(
                epoch=epoch, background=1, body=0, pattern=0, cams=1, excess=dict(zip(REGIONS, excess, strict=True))
            )
            for epoch, excess in enumerate(excesses, start=1)
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
