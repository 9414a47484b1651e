"""Figure of the validation accuracy after every epoch."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from benchmark.records.record import Record
from benchmark.vocabulary import MODES
from leaderboard.contestants import without_looking_validation
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, WIDTH, Identity, identity, name_of, open_axes, styles
from leaderboard.record_files import Section
from leaderboard.rows import baseline_name

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

    Seeds of a contestant look alike. Dotted lines show the best answer without looking at the animal, of the validation
    images; a uniform guess where it is not known. A head that is not trained has no line.
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
        for label, accuracy in _chances(records).items():
            axes.axhline(accuracy, color="0.4", linestyle=":", label=label)
        axes.set_title(f"{mode.capitalize()} classifiers", fontsize=9)
        axes.set_xlabel("epoch", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        open_axes(axes, 7)
    panels[0].set_ylabel("accuracy, validation images", fontsize=8)
    panels[0].set_ylim(-0.02, 1.02)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=LEGEND_COLUMNS, fontsize=8, frameon=False)
    return figure


def _chances(records: Iterable[Record]) -> dict[str, float]:
    """Accuracy of the best answer without looking at the animal, on the validation images, by its label."""
    chances: dict[str, float] = {}
    for record in records:
        images = record.validation_images
        best = without_looking_validation(record, images) if images else None
        if best:
            chances[f"without looking: {baseline_name(best.name).strip('*')}, {best.accuracy:.2f}"] = best.accuracy
        else:
            chances[f"uniform guess, {record.candidate_count} individuals"] = 1 / record.candidate_count
    return dict(sorted(chances.items(), key=lambda one: one[1]))


PLOT = Plot(
    kind="validation",
    alt="Validation accuracy after every epoch",
    has=validated,
    draw=of_records(validation_curves),
)
