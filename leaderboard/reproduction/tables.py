"""The paper's Tables 1 to 4 with a row of ours below each of the paper's rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import mean

from benchmark.records.base import metric_of
from benchmark.records.clustering import Clustering
from benchmark.records.inpainting import Inpainting
from benchmark.records.record import Record
from benchmark.vocabulary import EncoderState, Mode, RegionVariant
from leaderboard.columns import Column, Row, Table
from leaderboard.contestants import Contestant
from leaderboard.formats import decimals, not_trained_text, three, whole
from leaderboard.markdown import NOTHING
from leaderboard.record_files import Section
from leaderboard.reproduction import paper
from leaderboard.reproduction.differences import MissingError, contestant
from leaderboard.rows import backbone_row, in_state

MODES: tuple[Mode, ...] = ("deep", "shallow")
"""Modes in the order of the paper's tables."""

Cells = Mapping[str, str]
"""Markdown of a row's cells, by the names of the columns."""


@dataclass(frozen=True)
class _Ours:
    """The cells of a contestant, as means over its seeds."""

    one: Contestant

    def number(self, value: Callable[[Record], float | None], form: Callable[[float], str]) -> str:
        """The mean of a number over the seeds; a dash if one has none.

        Args:
            value: of one record.
            form: text of the mean.
        """
        values = [value(record) for record in self.one.records]
        known = [number for number in values if number is not None]
        return form(mean(known)) if len(known) == len(values) else NOTHING

    def accuracy(self, mode: Mode, variant: RegionVariant) -> str:
        """The accuracy of one cell of the ablation, or that its head is not trained."""
        losses = [file.not_trained[mode, variant] for file in self.one.files if (mode, variant) in file.not_trained]
        return not_trained_text(max(losses)) if losses else self.number(partial(_accuracy, mode, variant), decimals)

    def loss(self, mode: Mode) -> str:
        """The last training loss of the head on whole images."""
        losses = [file.not_trained[mode, "all"] for file in self.one.files if (mode, "all") in file.not_trained]
        return decimals(max(losses)) if losses else self.number(partial(_last_loss, mode), decimals)


def _accuracy(mode: Mode, variant: RegionVariant, record: Record) -> float | None:
    variants = record.ablation.get(mode, {})
    if variant in variants:
        return variants[variant].accuracy
    whole_images = record.classification.get(mode) if variant == "all" else None
    return whole_images.test.accuracy if whole_images else None


def _last_loss(mode: Mode, record: Record) -> float | None:
    trained = record.classification.get(mode)
    return trained.validation[-1].loss if trained and trained.validation else None


def _rows(
    section: Section, backbone: str, name: str, printed: Cells, ours: Callable[[_Ours], Cells]
) -> list[Row[Cells]]:
    """The paper's row of a backbone and ours, which has no cells without records.

    Args:
        section: the records.
        backbone: name of its folder.
        name: Markdown of the row's name.
        printed: the paper's cells.
        ours: our cells.
    """
    rows: list[Row[Cells]] = [Row(f"{name}, *paper*", None, printed)]
    try:
        one = contestant(section, backbone)
    except MissingError:
        return [*rows, Row(f"{name}, *ours*", None, None)]
    row = backbone_row(one.files[0], ours(_Ours(one)))
    return [*rows, Row(f"{name}, *ours*", row.weights, row.part, row.file, seeds=one.files)]


def _column(name: str, legend: str = "") -> Column[Cells]:
    return Column(name, lambda row: row.part.get(name) if row.part else None, legend=legend)


def _header(variant: RegionVariant) -> str:
    return variant.replace("_", " ").capitalize()


LOSS = "Training loss"


def _ablation_rows(mode: Mode, section: Section) -> list[Row[Cells]]:
    def ours(cells: _Ours) -> Cells:
        return {_header(name): cells.accuracy(mode, name) for name in paper.VARIANTS} | {LOSS: cells.loss(mode)}

    return [
        row
        for backbone, accuracies in paper.ABLATION[mode].items()
        for row in _rows(
            section,
            backbone,
            paper.TITLES[backbone],
            {_header(name): decimals(value) for name, value in zip(paper.VARIANTS, accuracies, strict=True)},
            ours,
        )
    ]


ABLATION = {
    mode: Table(
        "Backbone",
        (
            *(_column(_header(name)) for name in paper.VARIANTS),
            _column(
                LOSS, "*Training loss*: of the head on whole images in the last epoch, in nats; the paper has none."
            ),
        ),
        partial(_ablation_rows, mode),
    )
    for mode in MODES
}

TRAINING: Mapping[str, Callable[[float], str]] = {"loss": "{:.5g}".format, "batch_size": whole, "iterations": whole}
"""Fields of an inpainting training, with the form of their numbers."""


def _training_cells(number: Callable[[str, Callable[[float], str]], str]) -> Cells:
    return {metric_of(Inpainting, name).title: number(name, form) for name, form in TRAINING.items()}


def _training_rows(section: Section) -> list[Row[Cells]]:
    def ours(cells: _Ours) -> Cells:
        return _training_cells(lambda name, form: cells.number(partial(_of_inpainting, name), form))

    return [
        row
        for backbone, training in paper.INPAINTING.items()
        for row in _rows(
            section,
            backbone,
            paper.TITLES[backbone],
            _training_cells(lambda name, form, training=training: form(getattr(training, name))),  # type: ignore[misc]
            ours,
        )
    ]


def _of_inpainting(name: str, record: Record) -> float | None:
    value: float | None = getattr(record.inpainting, name) if record.inpainting else None
    return value


INPAINTING = Table("Backbone", tuple(_column(metric_of(Inpainting, name).title) for name in TRAINING), _training_rows)


def _clustering_rows(section: Section) -> list[Row[Cells]]:
    return [
        row
        for backbone, states in paper.CLUSTERING.items()
        for state, clusters in states.items()
        for row in _rows(
            section,
            backbone,
            in_state(paper.TITLES[backbone], state),
            {metric_of(Clustering, name).title: three(value) for name, value in clusters._asdict().items()},
            partial(_clusters, state),
        )
    ]


def _clusters(state: EncoderState, cells: _Ours) -> Cells:
    return {
        metric_of(Clustering, name).title: cells.number(partial(_of_clustering, state, name), three)
        for name in paper.Clusters._fields
    }


def _of_clustering(state: EncoderState, name: str, record: Record) -> float | None:
    value: float | None = getattr(record.clustering[state], name) if state in record.clustering else None
    return value


CLUSTERING = Table(
    "Encoder", tuple(_column(metric_of(Clustering, name).title) for name in paper.Clusters._fields), _clustering_rows
)
