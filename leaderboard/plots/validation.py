"""Figure of the validation accuracy after every epoch."""

from typing import TYPE_CHECKING

from benchmark.vocabulary import MODES
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, WIDTH, line_style, literal, named, open_axes
from leaderboard.record_files import RecordFile, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 3


def validated(section: Section) -> list[tuple[str, RecordFile]]:
    """The records that have validation scores, with their names."""
    return [
        (name, file)
        for name, file in named(section)
        if any(classifier.validation for classifier in file.record.classification.values())
    ]


def validation_curves(section: Section) -> "Figure":
    """Accuracy on the validation images after every epoch: a panel for each mode, a line for each record.

    Dotted lines show chance. A head that is not trained has no line.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    entries = validated(section)
    legend_rows = -(-(len(entries) + 1) // LEGEND_COLUMNS)
    figure = Figure(figsize=(WIDTH, 3.2 + 0.3 * legend_rows), dpi=DPI, layout="constrained")
    modes = [mode for mode in MODES if any(mode in file.record.classification for _, file in entries)]
    (panels,) = figure.subplots(1, len(modes), sharex=True, sharey=True, squeeze=False)
    for axes, mode in zip(panels, modes, strict=True):
        for number, (name, file) in enumerate(entries):
            classifier = file.record.classification.get(mode)
            epochs = classifier.validation if classifier else ()
            colour, marker = line_style(number)
            axes.plot(
                [scores.epoch for scores in epochs],
                [scores.accuracy for scores in epochs],
                color=colour,
                marker=marker,
                markersize=4,
                linewidth=1.3,
                label=literal(name.replace("\n", " ")),
            )
        for count in sorted({file.record.candidate_count for _, file in entries}):
            axes.axhline(1 / count, color="0.4", linestyle=":", label=f"chance, {count} individuals")
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
