"""Figure of the inpainting loss after every epoch."""

from typing import TYPE_CHECKING

from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, literal, named, open_axes
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def loss_curves(section: Section) -> "Figure":
    """Validation generator loss after every epoch: a panel for each model, since each loss has its own units.

    A model with batch normalisation has a second curve: the loss with settled statistics.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    curves = {name: file.record.inpainting for name, file in named(section) if file.record.inpainting}
    figure = Figure(figsize=(1.2 + 2.1 * len(curves), 2.2), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (name, training) in zip(panels, curves.items(), strict=True):
        epochs = range(1, len(training.validation) + 1)
        axes.plot(epochs, training.validation, "o-", markersize=3, color="#4477aa", label="running statistics")
        if training.settled:
            axes.plot(epochs, training.settled, "s--", markersize=3, color="#228833", label="settled statistics")
            axes.legend(fontsize=6, frameon=False)
        axes.plot(training.epoch, training.loss, marker="o", markersize=7, fillstyle="none", color="#cc3311")
        kept_on = " on settled" if training.rule == "settled" else ""
        axes.set_title(literal(name), fontsize=9)
        axes.set_xlabel(f"epoch (red: kept{kept_on})", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        open_axes(axes, 7)
    figure.supylabel("validation generator loss", fontsize=8)
    return figure


PLOT = Plot(
    kind="losses",
    alt="Loss after every epoch",
    has=lambda section: any(record.inpainting for record in section.records),
    draw=of_records(loss_curves),
)
