"""The page of clustering: k-means++ on the embeddings of the test images."""

from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

from benchmark.records.base import metric_of
from benchmark.records.classification import GroupBaseline
from benchmark.records.clustering import Clustering, PermutedLabels
from benchmark.vocabulary import EncoderState
from leaderboard import headings
from leaderboard.columns import Column, Row, Table, metric_column
from leaderboard.formats import three
from leaderboard.markdown import folded, paragraphs
from leaderboard.page import SEVERAL_SEEDS, Note, Page
from leaderboard.pages import cluster_validation
from leaderboard.plots import projections
from leaderboard.plots.figures import Plot
from leaderboard.record_files import Section
from leaderboard.rows import ENCODER_NAMES, ENCODER_NAMES_LEGEND, baseline_row, encoder_row

Clusters = Clustering | GroupBaseline | PermutedLabels

PROJECTED: dict[EncoderState, str] = {"initial": "Before any label was seen", "finetuned": "After deep classification"}
"""Encoder states whose embeddings are drawn, with the titles of the figures."""

PERMUTED = (
    "*permuted labels*: what clusters of these sizes reach if they ignore the animals; the mean over the "
    "encoders above, and over random permutations of the individuals among the test images."
)
SHAPES = (
    "*Silhouette*, *DaviesBouldin* and *CalinskiHarabasz* describe the clusters of k-means alone, and depend on the "
    "dimensions and the scale of the embeddings: they compare the states of one encoder, not one encoder with another, "
    "and no row is the best. Rows from published weights have learnt from other images before: compare them with each "
    "other, and each with its own *untrained* row."
)
TOO_FEW_IMAGES = (
    "No measure is computed where no individual has three test images or more: clusters of one or two images show no "
    "shape."
)

PROJECTION_ORDER = (
    f"The {projections.SHOWN} encoders with the highest adjusted Rand index of each state are shown; the others are "
    "folded away. In these figures alone, a colour is an individual and not a contestant."
)
ONE_UNIT = "No clusters: each individual has one stretch (encounter) here, and clusters would be these."


def _where_separable(plot: Plot) -> Plot:
    """The figure, where clusters can be individuals."""
    return replace(plot, has=lambda section: cluster_validation.separable(section) and plot.has(section))


PLOTS = {state: tuple(map(_where_separable, projections.plots(state))) for state in PROJECTED}
"""The figures of each encoder state: of two encoders, and of the others, which is folded away."""


def _rows(section: Section) -> list[Row[Clusters]]:
    """A row for each encoder state, for a failed run one; the baselines take a metadata column as clusters.

    None where clusters can only be units, so that such a section is in no comparison either.
    """
    if not cluster_validation.separable(section):
        return []
    rows: list[Row[Clusters]] = [
        encoder_row(file, state, file.record.clustering.get(state))
        for file in section.files
        for state in ENCODER_NAMES
        if state in file.record.clustering or state == "initial"
    ]
    baselines = next((record.group_baselines for record in section.records if record.group_baselines), {})
    permuted = _permuted(section)
    chance: list[Row[Clusters]] = [baseline_row("permuted", _mean(permuted))] if permuted else []
    return rows + [baseline_row(name, baseline) for name, baseline in baselines.items()] + chance


def _clusterings(section: Section) -> list[Clustering]:
    if not cluster_validation.separable(section):
        return []
    return [clusters for record in section.records for clusters in record.clustering.values()]


def _permuted(section: Section) -> list[PermutedLabels]:
    return [clusters.permuted for clusters in _clusterings(section) if clusters.permuted]


def _has_permuted(section: Section) -> bool:
    return bool(_permuted(section))


def _mean(parts: list[PermutedLabels]) -> PermutedLabels:
    """The mean of the encoders' agreements with permuted labels."""
    return PermutedLabels(
        adjusted_rand=fmean(part.adjusted_rand for part in parts),
        mutual_information=fmean(part.mutual_information for part in parts),
        adjusted_mutual_information=fmean(part.adjusted_mutual_information for part in parts),
        permutations=sum(part.permutations for part in parts),
    )


def _has_too_few_images(section: Section) -> bool:
    """Whether a clustering has no measure because no individual has enough test images."""
    return any(clusters.adjusted_rand is None for clusters in _clusterings(section))


def _of_encoder(number: Callable[[Clustering], float | None]) -> Callable[[Clusters], float | None]:
    """The number of an encoder's clusters; None for a baseline, which has no embeddings."""
    return lambda clusters: number(clusters) if isinstance(clusters, Clustering) else None


def _images(row: Row[Clusters]) -> str | None:
    if not isinstance(row.part, Clustering):
        return None
    return f"{row.part.images}{'' if row.part.exact else ' (approximate)'}"


ADJUSTED_RAND = metric_of(Clustering, "adjusted_rand")

AGREEMENT: Column[Clusters] = metric_column(
    ADJUSTED_RAND,
    lambda clusters: clusters.adjusted_rand,
    form=three,
    compared={"initial": ADJUSTED_RAND.title, "finetuned": f"ref-{ADJUSTED_RAND.title}"},
)
TABLE = Table(
    "Encoder",
    (
        AGREEMENT,
        metric_column(
            metric_of(Clustering, "mutual_information"),
            lambda clusters: clusters.mutual_information,
            form=three,
        ),
        metric_column(
            metric_of(Clustering, "adjusted_mutual_information"),
            lambda clusters: clusters.adjusted_mutual_information,
            form=three,
        ),
        metric_column(
            metric_of(Clustering, "silhouette"), _of_encoder(lambda clusters: clusters.silhouette), form=three
        ),
        metric_column(
            metric_of(Clustering, "davies_bouldin"), _of_encoder(lambda clusters: clusters.davies_bouldin), form=three
        ),
        metric_column(
            metric_of(Clustering, "calinski_harabasz"),
            _of_encoder(lambda clusters: clusters.calinski_harabasz),
            form=three,
        ),
        Column(
            "Images",
            _images,
            legend="`(approximate)`: with so many images k-means uses mini batches, the silhouette is computed on a "
            "random sample, and wide embeddings are sketched.",
        ),
        Column("Dimensions", lambda row: str(row.part.dimensions) if isinstance(row.part, Clustering) else None),
    ),
    _rows,
    cluster_validation.separable,
    AGREEMENT,
)


def _section(section: Section, _page: str) -> str:
    heading = headings.heading(section, headings.test_images(section), classified=False)
    if not cluster_validation.separable(section):
        return paragraphs(heading, ONE_UNIT)
    figures = [
        paragraphs(f"**{title}**", image, folded("The other encoders", rest.image(section)))
        for state, title in PROJECTED.items()
        for first, rest in [PLOTS[state]]
        if (image := first.image(section))
    ]
    return paragraphs(
        heading,
        TABLE.text(section),
        cluster_validation.text(section),
        *(["### Projections of the embeddings", PROJECTION_ORDER, *figures] if figures else []),
    )


PAGE = Page(
    file="leaderboard/clustering.md",
    block="clustering",
    title="clustering",
    order=3,
    section=_section,
    tables=(TABLE, cluster_validation.TABLES["raw"]),
    notes=(
        Note(ENCODER_NAMES_LEGEND, shown=cluster_validation.separable),
        Note(SHAPES, shown=cluster_validation.separable),
        Note(
            "*... alone*: a baseline that sees no image; its clusters are the values of that metadata column.",
            shown=cluster_validation.separable,
        ),
        Note(PERMUTED, shown=_has_permuted),
        Note(TOO_FEW_IMAGES, shown=_has_too_few_images),
        Note(cluster_validation.LEGEND, shown=cluster_validation.validated),
        SEVERAL_SEEDS,
    ),
    compared=TABLE,
    plots=tuple(plot for pair in PLOTS.values() for plot in pair),
)
