"""Figures of which individual was taken for which."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.classification import confusion_matrix
from benchmark.records.record import Record
from leaderboard.entries import Section
from leaderboard.plots.style import literal, named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150
WIDTH = 8.5
COLUMNS = 4
MOST = 30
"""Individuals of a matrix that can still be read."""

NAMED = 12
"""Individuals whose names have room beside a matrix, and"""

LONGEST = 10
"""letters of each."""


def confusion_matrices(section: Section) -> "Figure":
    """Share of each individual's test images (row) that the deep classifier took for each individual (column).

    Individuals that no test image shows, or that training does not show, have an empty row.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = confused(section)
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(WIDTH * columns / COLUMNS + 0.8, 2.5 * rows), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes, (name, record) in zip(panels.ravel(), shown, strict=False):
        shares = _shares(record)
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        axes.set_facecolor("0.85")
        axes.set_title(literal(name), fontsize=8)
        axes.tick_params(labelsize=6, length=2)
        names = [literal(one) for one in record.test_images.identities] if record.test_images else []
        if 0 < len(names) <= NAMED and max(map(len, names)) <= LONGEST:
            axes.set_xticks(range(len(names)), names, rotation=90)
            axes.set_yticks(range(len(names)), names)
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels.ravel()[len(shown) :]:
        axes.set_visible(False)
    figure.supylabel("individual shown", fontsize=8)
    figure.supxlabel("taken for", fontsize=8)
    bar = figure.colorbar(image, ax=panels, shrink=0.6)
    bar.set_label("share of its test images", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return figure


def confused(section: Section) -> list[tuple[str, Record]]:
    """The records with answers of a deep classifier and no more than `MOST` individuals, by their names."""
    return [
        (name, record)
        for name, entry in named(section)
        if (record := entry.record).test_images
        and (deep := record.classification.get("deep"))
        and deep.answers
        and deep.individual_recall
        and record.individuals <= MOST
    ]


def _shares(record: Record) -> NDArray[np.float64]:
    """(individuals, individuals) confusion matrix whose rows add up to 1, NaN in those that were not asked for."""
    assert record.test_images is not None
    deep = record.classification["deep"]
    confusion = confusion_matrix(np.array(record.test_images.labels), np.array(deep.answers), record.individuals)
    asked = np.array([recall is not None for recall in deep.individual_recall])[:, None]
    images = confusion.sum(axis=1, keepdims=True)
    shares = np.full(confusion.shape, np.nan)
    np.divide(confusion, images, out=shares, where=asked & (images > 0))
    return shares
