"""Beside the study's five clustering measures: what their number of clusters, scaling and start change, and more.

Mutual information grows with the number of clusters and has no upper end; Euclidean measures follow the scale of
the embeddings. So each measure is given for k-means with k as the number of individuals and with k estimated from
the embeddings alone, for several starts, for the individuals themselves as a partition, and for the embeddings as
they are, of unit length, and whitened.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics import clustering

View = Literal["raw", "unit", "whitened"]

STARTS = 5
"""Seeds, of which each gives one result of k-means."""

ESTIMATE_RESTARTS = 3
"""k-means runs for each k that is tried."""

ESTIMATE_FACTOR = 3
"""The k tried are at most so many times the number of individuals."""

WHITENED_VARIANCE = 0.95
"""Share of the variance that whitened components hold together."""

IMAGES_PER_COMPONENT = 10
"""Whitened components are at most one for so many images (two at least). With one for each image all points would be
equally far from each other, whatever the embeddings are."""

EQUAL_DECIMALS = 9
"""Unit vectors whose coordinates agree when rounded to so many decimals are taken for equal."""


class Agreement(NamedTuple):
    """How well a partition of the images meets the individuals.

    Attributes:
        adjusted_rand: in [-1, 1], 0 = as by chance (Hubert & Arabie 1985).
        mutual_information: nats, from 0.
        adjusted_mutual_information: at most 1, 0 = as by chance (Vinh et al. 2010; arithmetic mean of entropies).
        normalised_mutual_information: in [0, 1] (arithmetic mean of entropies).
        purity: in (0, 1], share of images that are of their cluster's commonest individual; 1 where every image is its
            own cluster (Manning et al. 2008, eq. 16.1).
        bcubed_precision: in (0, 1], mean over the images of the share of their cluster that is the same individual,
            themselves included (Bagga & Baldwin 1998).
        bcubed_recall: in (0, 1], mean over the images of the share of their individual that is in the same cluster.
        bcubed: harmonic mean of the two (Amigo et al. 2009).
    """

    adjusted_rand: float
    mutual_information: float
    adjusted_mutual_information: float
    normalised_mutual_information: float
    purity: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed: float


class Shape(NamedTuple):
    """How compact and separate the parts of a partition are; each None where `benchmark.records.Clustering` says so.

    Attributes:
        silhouette: in [-1, 1].
        davies_bouldin: from 0, lower is better.
        calinski_harabasz: from 0, higher is better.
    """

    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None


class Measures(NamedTuple):
    """All measures of one partition."""

    agreement: Agreement
    shape: Shape


class Starts(NamedTuple):
    """k-means from several seeds.

    Attributes:
        clusters: k.
        first: of the seed asked for.
        mean: field by field over all seeds.
        sd: standard deviation over the seeds (n - 1); fields of the shape are None where they are in any start.
    """

    clusters: int
    first: Measures
    mean: Measures
    sd: Measures


class Partitions(NamedTuple):
    """One view of the embeddings.

    Attributes:
        given: k = number of individuals among the labels, or of distinct embeddings where these are fewer.
        estimated: k = that of the highest silhouette (see `estimate`); None where no k can be tried.
        truth: of the individuals as the partition; its mutual information is the most that any can reach.
        images: N.
        dimensions: of the view's vectors: those of the embeddings, or the whitened components kept.
        exact: whether nothing was sampled, sketched or clustered by mini batches (`clustering.EXACT_IMAGES`).
    """

    given: Starts
    estimated: Starts | None
    truth: Measures
    images: int
    dimensions: int
    exact: bool


class Points(NamedTuple):
    """A view of the embeddings.

    Attributes:
        name: of the view.
        values: (N, d) coordinates; equal vectors have equal rows.
        dimensions: of the vectors that they stand for.
    """

    name: View
    values: NDArray[np.float64]
    dimensions: int


def partitions(embeddings: NDArray[np.floating], labels: NDArray[np.integer], seed: int) -> dict[View, Partitions]:
    """Partitions of the embeddings into clusters and into individuals, measured, for each view.

    Views: `raw` as they are; `unit` each divided by its Euclidean length (a zero stays), so that distances are
    those of angles; `whitened` the leading principal components, each divided by its standard deviation.

    Args:
        embeddings: (N, D), any floating dtype, finite, N >= 1; may be memory-mapped and wider than memory.
        labels: (N,) class numbers.
        seed: of the first start of k-means; the others follow it.

    Raises:
        InputError: there is no image.
        RunError: a value is not finite, or the array does not match the labels.
    """
    if embeddings.ndim != 2 or len(embeddings) != len(labels):  # noqa: PLR2004 - (N, D)
        raise RunError(
            f"The embeddings have shape {embeddings.shape}; ({len(labels)}, dimensions) is needed, a row for "
            "each image in the order given. Mend the backbone's encode."
        )
    if len(labels) == 0:
        raise InputError("There is no embedding to cluster. Choose a split whose test part is not empty.")
    return {points.name: _partition(points, labels, seed) for points in views(embeddings)}


def views(embeddings: NDArray[np.floating]) -> Iterator[Points]:
    """The embeddings raw, of unit length and whitened, in few dimensions (`clustering.reduce`)."""
    first = clustering.first_equal_rows(embeddings)
    reduced = clustering.reduce(embeddings)
    yield Points("raw", reduced.points[first], embeddings.shape[1])
    directions = unit(reduced)
    yield Points("unit", directions[clustering.first_equal_rows(directions.round(EQUAL_DECIMALS))], embeddings.shape[1])
    components = whiten(reduced.points)
    yield Points("whitened", components[first], components.shape[1])


def unit(reduced: clustering.Reduced) -> NDArray[np.float64]:
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
    distinct points; of equal ones the smallest wins. One cluster cannot be the answer, for it has no silhouette.

    Args:
        points: (N, d) coordinates; equal points have equal rows.
        individuals: how many there are.
        seed: of k-means.

    Returns:
        k; None where none can be tried.
    """
    most = min(len(points) - 1, ESTIMATE_FACTOR * individuals, _distinct(points))
    best, highest = None, -np.inf
    for clusters in range(2, most + 1):
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
    return Measures(agreement(found, labels), Shape(five.silhouette, five.davies_bouldin, five.calinski_harabasz))


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


def _partition(points: Points, labels: NDArray[np.integer], seed: int) -> Partitions:
    individuals = len(np.unique(labels))
    estimated = estimate(points.values, individuals, seed)
    return Partitions(
        given=_starts(points.values, min(individuals, _distinct(points.values)), labels, seed),
        estimated=None if estimated is None else _starts(points.values, estimated, labels, seed),
        truth=measure(points.values, labels, labels),
        images=len(labels),
        dimensions=points.dimensions,
        exact=len(labels) <= clustering.EXACT_IMAGES,
    )


def _starts(points: NDArray[np.float64], clusters: int, labels: NDArray[np.integer], seed: int) -> Starts:
    runs = [measure(points, clustering.kmeans(points, clusters, start), labels) for start in range(seed, seed + STARTS)]
    return Starts(clusters, runs[0], _over(runs, np.mean), _over(runs, lambda values: np.std(values, ddof=1)))


def _over(runs: list[Measures], statistic: Callable[[list[float]], np.floating]) -> Measures:
    """A statistic of each field."""

    def shape(values: tuple[float | None, ...]) -> float | None:
        known = [value for value in values if value is not None]
        return float(statistic(known)) if len(known) == len(values) else None

    return Measures(
        Agreement(*(float(statistic(list(values))) for values in zip(*(run.agreement for run in runs), strict=True))),
        Shape(*(shape(values) for values in zip(*(run.shape for run in runs), strict=True))),
    )


def _distinct(points: NDArray[np.float64]) -> int:
    return len(np.unique(clustering.first_equal_rows(points)))
