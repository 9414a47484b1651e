"""Figure of confusion matrices."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.classification import confusion_matrix
from benchmark.records.record import Record
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, WIDTH, named
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 4
MAX_INDIVIDUALS = 30
"""Largest number of individuals for which a matrix is legible."""

MAX_NAMES = 12
"""Largest number of individuals whose names fit beside a matrix."""

MAX_NAME_LENGTH = 10
"""Letters of the longest name that fits."""


def confusion_matrices(section: Section) -> "Figure":
    """Share of each individual's test images (row) that the deep classifier took for each individual (column).

    Individuals without test images or without training images have an empty row.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    entries = confused(section)
    columns = min(COLUMNS, len(entries))
    rows = -(-len(entries) // columns)
    figure = Figure(figsize=(WIDTH * columns / COLUMNS + 0.8, 2.5 * rows), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes, (name, record) in zip(panels.ravel(), entries, strict=False):
        shares = _shares(record)
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        axes.set_facecolor("0.85")
        axes.set_title(name, fontsize=8)
        axes.tick_params(labelsize=6, length=2)
        names = list(record.test_images.identities) if record.test_images else []
        if 0 < len(names) <= MAX_NAMES and max(map(len, names)) <= MAX_NAME_LENGTH:
            axes.set_xticks(range(len(names)), names, rotation=90)
            axes.set_yticks(range(len(names)), names)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels.ravel()[len(entries) :]:
        axes.set_visible(False)
    figure.supylabel("individual shown", fontsize=8)
    figure.supxlabel("taken for", fontsize=8)
    bar = figure.colorbar(image, ax=panels, shrink=0.6)
    bar.set_label("share of its test images", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return figure


def confused(section: Section) -> list[tuple[str, Record]]:
    """The records with answers of a deep classifier and at most `MAX_INDIVIDUALS` individuals, with their names."""
    return [
        (name, record)
        for name, file in named(section)
        if (record := file.record).test_images
        and "deep" in record.classification
        and record.individuals <= MAX_INDIVIDUALS
    ]


def _shares(record: Record) -> NDArray[np.float64]:
    """Confusion matrix whose rows add up to 1, shape (individuals, individuals); NaN in rows without a recall."""
    assert record.test_images is not None
    deep = record.classification["deep"]
    confusion = confusion_matrix(np.array(record.test_images.labels), np.array(deep.answers), record.individuals)
    scored = np.array([recall is not None for recall in deep.individual_recall])[:, None]
    images = confusion.sum(axis=1, keepdims=True)
    shares = np.full(confusion.shape, np.nan)
    np.divide(confusion, images, out=shares, where=scored & (images > 0))
    return shares


PLOT = Plot(
    kind="confusion",
    alt="Confusion matrices of the deep classifiers",
    has=confused,
    draw=of_records(confusion_matrices),
)
