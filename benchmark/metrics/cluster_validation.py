"""Cluster validation: how the clustering metrics depend on the number of clusters, the scaling and the start.

Mutual information grows with the number of clusters and has no upper bound; Euclidean metrics depend on the scale of
the embeddings. So each metric is computed for k-means with k = number of individuals and with k estimated from the
embeddings alone, for several starts, for the individuals themselves as the partition, and for three views of the
embeddings: as they are, of unit length, and whitened.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import clustering
from benchmark.metrics.clustering import Reduced
from benchmark.metrics.kmeans import PointSet
from benchmark.records.clustering import Agreement, ClusterValidation, Measures, Shape, Starts, Tried
from benchmark.vocabulary import EmbeddingView

STARTS = 5
"""Number of seeds of k-means."""

ESTIMATE_RESTARTS = 3
"""k-means runs for each k tried."""

ESTIMATE_SEEDS = 3
"""Seeds over which the range of the estimated k is taken."""

ESTIMATE_FACTOR = 3
"""The largest k tried, as a multiple of the number of individuals."""

ESTIMATES = 20
"""Most k tried."""

WHITENED_VARIANCE = 0.95
"""Share of the variance that the whitened components explain."""

IMAGES_PER_COMPONENT = 10
"""Images for each whitened component, of which there are at least two. With one component for each image all points
would be equally far from each other, whatever the embeddings are."""

PERMUTATIONS = 20
"""Permutations of the individuals whose silhouettes are averaged."""

SILHOUETTE_DECIMALS = 6
"""Decimals of the silhouettes by which k is estimated, as a record stores them."""

EQUAL_DECIMALS = 9
"""Unit vectors whose coordinates agree when rounded to this number of decimals count as equal."""


class View(NamedTuple):
    """A view of the embeddings.

    Attributes:
        name: of the view.
        points: its N points.
        dimensions: of the vectors that the points stand for.
    """

    name: EmbeddingView
    points: PointSet
    dimensions: int


def validate_clusters(
    reduced: Reduced, labels: NDArray[np.integer], seed: int
) -> dict[EmbeddingView, ClusterValidation]:
    """Metrics of partitions into clusters and into individuals, for each view of the embeddings.

    Views: `raw` as they are; `unit` each divided by its Euclidean length (a zero stays), so that distances depend on
    angles only; `whitened` the leading principal components, each divided by its standard deviation. Empty for labels
    that are not `clustering.measurable`.

    Args:
        reduced: the embeddings (see `clustering.reduce`).
        labels: (N,) class numbers.
        seed: of the first start of k-means; the others follow it.
    """
    if not clustering.measurable(labels):
        return {}
    return {view.name: _validate(view, labels, seed) for view in views(reduced)}


def views(reduced: Reduced) -> Iterator[View]:
    """The embeddings raw, of unit length and whitened."""
    yield View("raw", PointSet(reduced.points), reduced.dimensions)
    directions = unit(reduced)
    equal = clustering.first_equal_rows(directions.round(EQUAL_DECIMALS))
    yield View("unit", PointSet(directions[equal]), reduced.dimensions)
    components = whiten(reduced.points)
    yield View("whitened", PointSet(components[clustering.first_equal_rows(reduced.points)]), components.shape[1])


def unit(reduced: Reduced) -> NDArray[np.float64]:
    """Coordinates of the embeddings divided by their lengths, (N, d + 1); an embedding of zeros stays zero.

    The origin is that of the embeddings, not their mean: angles between centred rows would differ.
    """
    perpendicular = np.zeros((len(reduced.points), 1))
    vectors = np.hstack([reduced.points, perpendicular]) + reduced.mean
    lengths = reduced.lengths[:, None]
    directions: NDArray[np.float64] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return directions


def whiten(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leading principal components of variance 1 (n - 1), largest first, (N, kept).

    The fewest components that explain `WHITENED_VARIANCE` are kept, and at most one for `IMAGES_PER_COMPONENT` images;
    this limit is never below two.

    Args:
        points: (N, d), centred.
    """
    values, axes = np.linalg.eigh(points.T @ points)
    values, axes = np.maximum(values[::-1], 0.0), axes[:, ::-1]
    if values[0] == 0:
        return np.zeros((len(points), 1))
    shares = values.cumsum() / values.sum()
    kept = 1 + int(np.searchsorted(shares, WHITENED_VARIANCE))
    kept = min(kept, max(2, len(points) // IMAGES_PER_COMPONENT))
    components: NDArray[np.float64] = points @ axes[:, :kept] / np.sqrt(values[:kept] / (len(points) - 1))
    return components


def try_counts(points: PointSet, individuals: int, seeds: Iterable[int]) -> Tried:
    """Silhouettes (Rousseeuw 1987) of k-means partitions into several numbers of clusters.

    Every k is tried from 2 to the least of N - 1, `ESTIMATE_FACTOR` times the individuals and the number of distinct
    points. If these are more than `ESTIMATES`, that number of them is tried, evenly spaced on a logarithmic scale.
    k = 1 is never tried, because one cluster has no silhouette.

    Args:
        points: N points.
        individuals: number of individuals.
        seeds: of k-means.
    """
    most = min(len(points) - 1, ESTIMATE_FACTOR * individuals, clustering.count_distinct(points.values))
    counts = list(range(2, most + 1))
    if len(counts) > ESTIMATES:
        counts = np.unique(np.geomspace(2, most, ESTIMATES).round().astype(int)).tolist()

    def silhouette(count: int, seed: int) -> float | None:
        value = clustering.silhouette(points, clustering.kmeans(points, count, seed, ESTIMATE_RESTARTS))
        return None if value is None else round(value, SILHOUETTE_DECIMALS)

    return Tried(
        counts=tuple(counts),
        silhouettes=tuple(tuple(silhouette(count, seed) for count in counts) for seed in seeds),
    )


def estimates(tried: Tried) -> list[int]:
    """The k of the highest silhouette of each seed, the smallest of equal ones; empty if no k can be tried.

    Example:
        >>> estimates(Tried(counts=(2, 3, 4), silhouettes=((0.1, 0.5, 0.5), (0.7, None, 0.2))))
        [3, 2]
    """
    known = (
        {count: value for count, value in zip(tried.counts, row, strict=True) if value is not None}
        for row in tried.silhouettes
    )
    return [max(row, key=lambda count, row=row: (row[count], -count)) for row in known if row]  # type: ignore[misc]


def measure(points: PointSet, partition: NDArray[np.integer], labels: NDArray[np.integer]) -> Measures:
    """All metrics of one partition.

    Args:
        points: N points.
        partition: (N,) cluster number of each image.
        labels: (N,) class numbers.
    """
    return Measures(agreement=agreement(partition, labels), shape=clustering.shape(points, partition))


def agreement(partition: NDArray[np.integer], labels: NDArray[np.integer]) -> Agreement:
    """Agreement of a partition with the individuals.

    Args:
        partition: (N,) cluster number of each image, N >= 1.
        labels: (N,) class numbers.

    Example:
        >>> agreement(np.array([0, 0, 0, 1]), np.array([5, 5, 7, 7])).purity
        0.75
    """
    from sklearn import metrics

    _, rows = np.unique(labels, return_inverse=True)
    _, columns = np.unique(partition, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))  # images by individual and cluster
    np.add.at(table, (rows, columns), 1)
    precision = float((table**2 / table.sum(axis=0)).sum() / len(labels))
    recall = float((table**2 / table.sum(axis=1, keepdims=True)).sum() / len(labels))
    adjusted_rand, mutual_information, adjusted_mutual_information = clustering.label_agreement(rows, columns)
    return Agreement(
        adjusted_rand=adjusted_rand,
        mutual_information=mutual_information,
        adjusted_mutual_information=adjusted_mutual_information,
        normalised_mutual_information=float(metrics.normalized_mutual_info_score(rows, columns)),
        purity=float(table.max(axis=0).sum() / len(labels)),
        bcubed_precision=precision,
        bcubed_recall=recall,
        bcubed=2 * precision * recall / (precision + recall),
    )


def permuted_silhouette(
    points: PointSet, labels: NDArray[np.integer], seed: int, exact_images: int = clustering.EXACT_IMAGES
) -> float | None:
    """Mean silhouette of individuals that are permuted among the images: what no relation to the embeddings gives.

    Distances concentrate in many dimensions, so silhouettes of embeddings of different dimensions have no common
    scale. Each is compared with this value of its own.

    Args:
        points: N points.
        labels: (N,) class numbers.
        seed: of the permutations.
        exact_images: as in `clustering.silhouette`; the sample is the same.

    Returns:
        In [-1, 1]; None if the images are of one individual, or each is of its own.

    Example:
        >>> permuted_silhouette(PointSet(np.arange(4.0)[:, None]), np.zeros(4, int), seed=0) is None
        True
    """
    random = np.random.default_rng(seed)
    if len(points) > exact_images:
        rows = clustering.sample(len(points), exact_images)
        points, labels = PointSet(points.values[rows]), labels[rows]
    if not 1 < len(np.unique(labels)) < len(labels):
        return None
    distances = np.sqrt(points.squares)
    return float(np.mean([_silhouette(distances, random.permutation(labels)) for _ in range(PERMUTATIONS)]))


def _silhouette(distances: NDArray[np.float64], labels: NDArray[np.integer]) -> float:
    """Mean silhouette by a (N, N) matrix of distances."""
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(distances, labels, metric="precomputed"))


def _validate(view: View, labels: NDArray[np.integer], seed: int) -> ClusterValidation:
    points, individuals = view.points, len(np.unique(labels))
    tried = try_counts(points, individuals, range(seed, seed + ESTIMATE_SEEDS))
    found = estimates(tried)
    return ClusterValidation(
        given=_starts(points, min(individuals, clustering.count_distinct(points.values)), labels, seed),
        estimated=_starts(points, found[0], labels, seed) if found else None,
        truth=measure(points, labels, labels),
        dimensions=view.dimensions,
        tried=tried,
        estimated_range=(min(found), max(found)) if found else None,
        permuted_silhouette=permuted_silhouette(points, labels, seed),
    )


def _starts(points: PointSet, count: int, labels: NDArray[np.integer], seed: int) -> Starts:
    """k-means with `count` clusters from several seeds."""
    partitions = [clustering.kmeans(points, count, start) for start in range(seed, seed + STARTS)]
    runs = [measure(points, partition, labels) for partition in partitions]
    return Starts(
        clusters=count,
        starts=STARTS,
        mean=_over(runs, np.mean),
        sd=_over(runs, lambda values: np.std(values, ddof=1)),
        partitions=tuple(tuple(partition.tolist()) for partition in partitions),
        shapes=tuple(run.shape for run in runs),
    )


def _over(runs: list[Measures], statistic: Callable[[list[float]], np.floating]) -> Measures:
    """A statistic of each metric over the runs; None if the metric is None in any run."""

    def of(parts: Iterable[Agreement | Shape]) -> dict[str, float | None]:
        values = [part.model_dump() for part in parts]
        columns = {name: [value[name] for value in values] for name in values[0]}
        return {name: None if None in column else float(statistic(column)) for name, column in columns.items()}

    return Measures(
        agreement=Agreement.model_validate(of(run.agreement for run in runs)),
        shape=Shape.model_validate(of(run.shape for run in runs)),
    )
