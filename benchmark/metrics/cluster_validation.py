"""Beside the paper's five clustering measures: what their number of clusters, scaling and start change, and more.

Mutual information grows with the number of clusters and has no upper end; Euclidean measures follow the scale of
the embeddings. So each measure is given for k-means with k as the number of individuals and with k estimated from
the embeddings alone, for several starts, for the individuals themselves as a partition, and for the embeddings as
they are, of unit length, and whitened.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import clustering
from benchmark.metrics.clustering import Reduced
from benchmark.records.clustering import Agreement, ClusterValidation, Measures, Shape, Starts
from benchmark.vocabulary import EmbeddingView

STARTS = 5
"""Seeds, of which each gives one result of k-means."""

ESTIMATE_RESTARTS = 3
"""k-means runs for each k that is tried."""

ESTIMATE_FACTOR = 3
"""The k tried are at most so many times the number of individuals."""

ESTIMATES = 20
"""How many k are tried at most."""

WHITENED_VARIANCE = 0.95
"""Share of the variance that whitened components hold together."""

IMAGES_PER_COMPONENT = 10
"""Whitened components are at most one for so many images (two at least). With one for each image all points would be
equally far from each other, whatever the embeddings are."""

EQUAL_DECIMALS = 9
"""Unit vectors whose coordinates agree when rounded to so many decimals are taken for equal."""


class Points(NamedTuple):
    """A view of the embeddings.

    Attributes:
        name: of the view.
        values: (N, d) coordinates; equal vectors have equal rows.
        dimensions: of the vectors that they stand for.
    """

    name: EmbeddingView
    values: NDArray[np.float64]
    dimensions: int


def partitions(reduced: Reduced, labels: NDArray[np.integer], seed: int) -> dict[EmbeddingView, ClusterValidation]:
    """Partitions of the embeddings into clusters and into individuals, measured, for each view.

    Views: `raw` as they are; `unit` each divided by its Euclidean length (a zero stays), so that distances are
    those of angles; `whitened` the leading principal components, each divided by its standard deviation.

    Args:
        reduced: the embeddings (see `clustering.reduce`).
        labels: (N,) class numbers.
        seed: of the first start of k-means; the others follow it.
    """
    return {points.name: _partition(points, labels, seed) for points in views(reduced)}


def views(reduced: Reduced) -> Iterator[Points]:
    """The embeddings raw, of unit length and whitened."""
    yield Points("raw", reduced.points, reduced.dimensions)
    directions = unit(reduced)
    equal = clustering.first_equal_rows(directions.round(EQUAL_DECIMALS))
    yield Points("unit", directions[equal], reduced.dimensions)
    components = whiten(reduced.points)
    yield Points("whitened", components[clustering.first_equal_rows(reduced.points)], components.shape[1])


def unit(reduced: Reduced) -> NDArray[np.float64]:
    """Coordinates of the embeddings divided by their lengths, (N, d + 1); an embedding of zeros stays zero.

    The origin is the embeddings' own, not their mean: angles between centred rows would be others.
    """
    upright = np.zeros((len(reduced.points), 1))
    vectors = np.hstack([reduced.points, upright]) + reduced.mean
    lengths = reduced.lengths[:, None]
    directions: NDArray[np.float64] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return directions


def whiten(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leading principal components of variance 1 (n - 1), largest first, (N, kept).

    Kept are the fewest that hold `WHITENED_VARIANCE` of the variance, and at most one for
    `IMAGES_PER_COMPONENT` images, but never fewer than the first two for that reason.

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


def estimate(points: NDArray[np.float64], individuals: int, seed: int) -> int | None:
    """The number of clusters whose k-means partition has the highest silhouette (Rousseeuw 1987).

    Tried is every k from 2 to the least of N - 1, `ESTIMATE_FACTOR` times the individuals and the number of
    distinct points, or where these are many, `ESTIMATES` of them, evenly spaced on a logarithmic scale; of equally
    good ones the smallest wins. One cluster cannot be the answer, for it has no silhouette.

    Args:
        points: (N, d) coordinates; equal points have equal rows.
        individuals: how many there are.
        seed: of k-means.

    Returns:
        k; None where none can be tried.
    """
    most = min(len(points) - 1, ESTIMATE_FACTOR * individuals, clustering.distinct(points))
    best, highest = None, -np.inf
    tried = range(2, most + 1)
    if len(tried) > ESTIMATES:
        tried = np.unique(np.geomspace(2, most, ESTIMATES).round().astype(int)).tolist()
    for clusters in tried:
        silhouette = clustering.silhouette(points, clustering.kmeans(points, clusters, seed, ESTIMATE_RESTARTS))
        if silhouette is not None and silhouette > highest:
            best, highest = clusters, silhouette
    return best


def measure(points: NDArray[np.float64], found: NDArray[np.integer], labels: NDArray[np.integer]) -> Measures:
    """All measures of one partition.

    Args:
        points: (N, d) coordinates.
        found: (N,) part of each image.
        labels: (N,) class numbers.
    """
    five = clustering.measure(points, found, labels, dimensions=points.shape[1])
    shape = Shape(
        silhouette=five.silhouette, davies_bouldin=five.davies_bouldin, calinski_harabasz=five.calinski_harabasz
    )
    return Measures(agreement=agreement(found, labels), shape=shape)


def agreement(found: NDArray[np.integer], labels: NDArray[np.integer]) -> Agreement:
    """Compare a partition with the individuals.

    Args:
        found: (N,) part of each image, N >= 1.
        labels: (N,) class numbers.
    """
    from sklearn import metrics

    _, rows = np.unique(labels, return_inverse=True)
    _, columns = np.unique(found, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))  # images of an individual in a part
    np.add.at(table, (rows, columns), 1)
    precision = float((table**2 / table.sum(axis=0)).sum() / len(labels))
    recall = float((table**2 / table.sum(axis=1, keepdims=True)).sum() / len(labels))
    return Agreement(
        adjusted_rand=float(metrics.adjusted_rand_score(rows, columns)),
        mutual_information=max(0.0, float(metrics.mutual_info_score(rows, columns))),
        adjusted_mutual_information=float(metrics.adjusted_mutual_info_score(rows, columns)),
        normalised_mutual_information=float(metrics.normalized_mutual_info_score(rows, columns)),
        purity=float(table.max(axis=0).sum() / len(labels)),
        bcubed_precision=precision,
        bcubed_recall=recall,
        bcubed=2 * precision * recall / (precision + recall),
    )


def _partition(points: Points, labels: NDArray[np.integer], seed: int) -> ClusterValidation:
    individuals = len(np.unique(labels))
    estimated = estimate(points.values, individuals, seed)
    return ClusterValidation(
        given=_starts(points.values, min(individuals, clustering.distinct(points.values)), labels, seed),
        estimated=None if estimated is None else _starts(points.values, estimated, labels, seed),
        truth=measure(points.values, labels, labels),
        dimensions=points.dimensions,
    )


def _starts(points: NDArray[np.float64], clusters: int, labels: NDArray[np.integer], seed: int) -> Starts:
    runs = [measure(points, clustering.kmeans(points, clusters, start), labels) for start in range(seed, seed + STARTS)]
    return Starts(
        clusters=clusters,
        starts=STARTS,
        mean=_over(runs, np.mean),
        sd=_over(runs, lambda values: np.std(values, ddof=1)),
    )


def _over(runs: list[Measures], statistic: Callable[[list[float]], np.floating]) -> Measures:
    """A statistic of each measure; None where it is in any run."""

    def of(parts: Iterable[Agreement | Shape]) -> dict[str, float | None]:
        values = [part.model_dump() for part in parts]
        columns = {name: [value[name] for value in values] for name in values[0]}
        return {name: None if None in column else float(statistic(column)) for name, column in columns.items()}

    return Measures(
        agreement=Agreement.model_validate(of(run.agreement for run in runs)),
        shape=Shape.model_validate(of(run.shape for run in runs)),
    )
