"""Figure of the inpainting loss after every epoch."""

from typing import TYPE_CHECKING, Any

from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.style import DPI, identity, named, open_axes, styles
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


COLUMNS = 4


def loss_curves(section: Section) -> "Figure":
    """Validation generator loss after every epoch: a panel for each model, since each loss has its own units.

    A model with batch normalisation has a second curve, dashed: the loss with settled statistics. A ring is around the
    epoch that was kept.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    curves = [(name, file.record, training) for name, file in named(section) if (training := file.record.inpainting)]
    look = styles(record for _, record, _ in curves)
    columns = min(COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(1.2 + 1.85 * columns, 2.2 * rows), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(curves) :]:
        axes.set_visible(False)
    for axes, (name, record, training) in zip(panels, curves, strict=False):
        style = look[identity(record)]
        line: dict[str, Any] = style.keywords | {"markersize": 3}
        epochs = range(1, len(training.validation) + 1)
        axes.plot(epochs, training.validation, **line, label="running statistics")
        if training.settled:
            axes.plot(epochs, training.settled, "--", **line, label="settled statistics")
            axes.legend(fontsize=6, frameon=False)
        axes.plot(training.epoch, training.loss, marker="o", markersize=7, fillstyle="none", color="black")
        kept_on = " on settled" if training.rule == "settled" else ""
        axes.set_title(name, fontsize=9)
        axes.set_xlabel(f"epoch (ring: kept{kept_on})", fontsize=8)
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
