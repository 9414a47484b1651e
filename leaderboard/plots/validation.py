"""Figure of the validation accuracy after every epoch."""

from typing import TYPE_CHECKING

from benchmark.records.record import Record
from benchmark.vocabulary import MODES
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, WIDTH, Identity, identity, name_of, open_axes, styles
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 3


def validated(section: Section) -> list[Record]:
    """The records that have validation scores."""
    return [
        record
        for record in section.records
        if any(classifier.validation for classifier in record.classification.values())
    ]


def validation_curves(section: Section) -> "Figure":
    """Accuracy on the validation images after every epoch: a panel for each mode, a line for each record.

    Seeds of a contestant look alike. Dotted lines show a uniform guess. A head that is not trained has no line.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    records = validated(section)
    style = styles(records)
    legend_rows = -(-(len(style) + 1) // LEGEND_COLUMNS)
    figure = Figure(figsize=(WIDTH, 3.2 + 0.3 * legend_rows), dpi=DPI, layout="constrained")
    modes = [mode for mode in MODES if any(mode in record.classification for record in records)]
    (panels,) = figure.subplots(1, len(modes), sharex=True, sharey=True, squeeze=False)
    for axes, mode in zip(panels, modes, strict=True):
        labelled: set[Identity] = set()
        for record in records:
            classifier = record.classification.get(mode)
            epochs = classifier.validation if classifier else ()
            one = identity(record)
            axes.plot(
                [scores.epoch for scores in epochs],
                [scores.accuracy for scores in epochs],
                color=style[one].colour,
                marker=style[one].marker,
                markersize=4,
                linewidth=1.3,
                label="_" if one in labelled else name_of(record).replace("\n", " "),
            )
            labelled.add(one)
        for count in sorted({record.candidate_count for record in records}):
            axes.axhline(1 / count, color="0.4", linestyle=":", label=f"uniform guess, {count} individuals")
        axes.set_title(f"{mode.capitalize()} classifiers", fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        open_axes(axes, 7)
    panels[0].set_ylabel("accuracy, validation images", fontsize=8)
    panels[0].set_ylim(-0.02, 1.02)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=LEGEND_COLUMNS, fontsize=8, frameon=False)
    return figure


PLOT = Plot(
    kind="validation",
    alt="Validation accuracy after every epoch",
    has=validated,
    draw=of_records(validation_curves),
)
