"""Tables below the paper's clustering metrics: other metrics, numbers of clusters and scalings."""

from collections.abc import Callable
from functools import partial

from benchmark.records.base import Metric, metric_of
from benchmark.records.clustering import Agreement, ClusterValidation, Measures, Shape, Starts
from benchmark.vocabulary import EmbeddingView
from leaderboard.columns import Column, Row, Table, explain, number_column
from leaderboard.evidence import test_images
from leaderboard.formats import count, decimals
from leaderboard.markdown import folded, paragraphs
from leaderboard.record_files import Section
from leaderboard.rows import ENCODER_NAMES, encoder_row

Value = Callable[[Measures], float | None]

VIEWS: dict[EmbeddingView, str] = {
    "raw": "Embeddings as they are",
    "unit": "Embeddings of unit length: only angles count",
    "whitened": "Embeddings whitened: their leading principal components, all of one variance",
}
"""Titles of the tables; all but the first are folded away."""

LEGEND = (
    "*Beyond the paper's metrics*: mean ± standard deviation over several starts of k-means, with k = number of "
    "individuals; of a row of several training seeds, over the means of the seeds."
)


def separable(section: Section) -> bool:
    """Whether clusters of the test images can be individuals and not their units: units are not known, or one has two.

    Where each individual has images of one unit alone, clusters of units agree with the individuals by construction.
    """
    images = test_images(section)
    if images is None or images.by == "images":
        return True
    units = set(zip(images.labels, images.groups, strict=True))
    return len(units) > len(set(images.labels))


def validated(section: Section) -> bool:
    """Whether any record of the section has a cluster validation that says something about the individuals."""
    return separable(section) and any(record.cluster_validation for record in section.records)


def text(section: Section) -> str:
    """A table for each view of the embeddings; empty if no record has a cluster validation."""
    if not validated(section):
        return ""
    tables = [_titled(view, TABLES[view].text(section)) for view in VIEWS]
    return paragraphs("### Beyond the paper's metrics", *tables)


def _titled(view: EmbeddingView, table: str) -> str:
    if view == "raw":
        return paragraphs(f"**{VIEWS[view]}**", table)
    return folded(VIEWS[view], table)


def _rows(view: EmbeddingView, section: Section) -> list[Row[ClusterValidation]]:
    return [
        encoder_row(file, state, file.record.cluster_validation[state][view])
        for file in section.files
        for state in ENCODER_NAMES
        if view in file.record.cluster_validation.get(state, {})
    ]


def _spread_column(metric: Metric, value: Value) -> Column[ClusterValidation]:
    """Mean and standard deviation of a metric over the starts with k = number of individuals."""

    def cell(row: Row[ClusterValidation]) -> str | None:
        return _spread(row.part.given, value) if row.part else None

    return Column(metric.title, cell, legend=explain(metric), value=lambda part: value(part.given.mean))


def _spread(starts: Starts, value: Value) -> str | None:
    mean, sd = value(starts.mean), value(starts.sd)
    return None if mean is None or sd is None else f"{decimals(mean)} ± {decimals(sd)}"


def _estimated_column(metric: Metric, value: Value) -> Column[ClusterValidation]:
    """Mean of a metric over the starts with the estimated k."""
    return number_column(
        f"{metric.title}, k estimated",
        lambda validation: value(validation.estimated.mean) if validation.estimated else None,
    )


def _agreement(field: str) -> tuple[Metric, Value]:
    """A metric of the agreement with the individuals, and its value."""

    def value(measures: Measures) -> float | None:
        number: float = getattr(measures.agreement, field)
        return number

    return metric_of(Agreement, field), value


def _silhouette(measures: Measures) -> float | None:
    return measures.shape.silhouette


def _range(validation: ClusterValidation) -> str:
    """The range of the estimated k over several seeds, if there is one."""
    low, high = validation.estimated_range or (0, 0)
    return f" [{low}, {high}]" if low < high else ""


ADJUSTED_RAND = _spread_column(*_agreement("adjusted_rand"))
COLUMNS: tuple[Column[ClusterValidation], ...] = (
    ADJUSTED_RAND,
    _spread_column(*_agreement("adjusted_mutual_information")),
    _spread_column(*_agreement("normalised_mutual_information")),
    _spread_column(*_agreement("purity")),
    _spread_column(*_agreement("bcubed")),
    _spread_column(metric_of(Shape, "silhouette"), _silhouette),
    number_column(
        "Silhouette of the individuals",
        lambda validation: _silhouette(validation.truth),
        legend="*Silhouette of the individuals*: of the individuals themselves as clusters; if k-means reaches a "
        "higher one, its clusters are something else than individuals.",
    ),
    number_column(
        "permuted",
        lambda validation: validation.permuted_silhouette,
        legend="*permuted*: that of individuals permuted among the images. Silhouettes of different dimensions have no "
        "common scale, so each is read against this value of its own row: above it, images of an individual are closer "
        "to each other than to those of others.",
    ),
    number_column(
        "k estimated",
        lambda validation: validation.estimated.clusters if validation.estimated else None,
        form=count,
        note=_range,
        legend="*k estimated*: the number of clusters with the highest silhouette, chosen without any label; in "
        "brackets the lowest and the highest over several starts of k-means, if they differ.",
    ),
    # Purity and NormMutInfo grow with the number of clusters: they cannot be compared with those of another number.
    _estimated_column(*_agreement("adjusted_rand")),
    _estimated_column(*_agreement("adjusted_mutual_information")),
    _estimated_column(*_agreement("bcubed")),
    Column("Dimensions", lambda row: str(row.part.dimensions) if row.part else None),
)
TABLES = {view: Table("Encoder", COLUMNS, partial(_rows, view), validated, ADJUSTED_RAND) for view in VIEWS}
