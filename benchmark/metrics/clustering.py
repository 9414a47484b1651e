"""Clustering of embeddings without labels: k-means++ and the paper's five metrics."""

import hashlib
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics.blockwise import read_block, release
from benchmark.metrics.kmeans import PointSet
from benchmark.metrics.kmeans import kmeans as kmeans_by_distances
from benchmark.records.clustering import Clustering, PermutedLabels, Shape

RESTARTS = 10
"""k-means runs; the one with the lowest inertia counts (scikit-learn's `n_init`)."""

BLOCK_BYTES = 64 * 2**20
"""Size of a block of embeddings as float64."""

EXACT_IMAGES = 10_000
"""Up to this number of images every result is exact: the matrix of their inner products takes 0.8 GB, and its
eigenvectors three times that. With more images, k-means works on mini batches, the silhouette is that of a random
sample of this size, and embeddings wider than `SKETCH` are sketched."""

FEWEST_IMAGES = 3
"""An individual with fewer test images makes no cluster: with two, each is the other's only neighbour."""

PERMUTATIONS = 100
"""Permutations of the labels. Their mean has a tenth of the standard deviation of one permutation."""

SKETCH = 1024
"""Dimensions of a sketch; its relative error of a squared distance is about sqrt(2 / SKETCH) = 0.04."""


class Reduced(NamedTuple):
    """Embeddings in at most N dimensions, with the same distances, lengths and angles.

    Attributes:
        points: (N, d) with d <= min(N, D), d >= 1, centred; those of equal embeddings are equal.
        mean: (d + 1,) the mean embedding along the same axes, and along one more axis perpendicular to them: row i of
            the embeddings is `[*points[i], 0] + mean`.
        lengths: (N,) Euclidean lengths of the embeddings.
        dimensions: D.
    """

    points: NDArray[np.float64]
    mean: NDArray[np.float64]
    lengths: NDArray[np.float64]
    dimensions: int


def cluster(reduced: Reduced, labels: NDArray[np.integer], seed: int, exact_images: int = EXACT_IMAGES) -> Clustering:
    """k-means++ on the embeddings with k = number of individuals among the labels, and the paper's five metrics.

    Adjusted Rand index and mutual information (nats) compare the clusters with the labels; silhouette,
    Davies-Bouldin and Calinski-Harabasz describe the clusters by Euclidean distance on the embeddings as they are. The
    last three are None where they are not defined (see `benchmark.records.clustering.Clustering`); all are None for
    labels that are not `measurable`.

    Args:
        reduced: the embeddings (see `reduce`).
        labels: (N,) class numbers.
        seed: of k-means++, and of the permutations of the labels.
        exact_images: largest number of images whose results are exact (see `EXACT_IMAGES`).

    Example:
        >>> reduced = reduce(np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]]), images=6)
        >>> cluster(reduced, np.array([0, 0, 0, 1, 1, 1]), seed=0).adjusted_rand
        1.0
    """
    if not measurable(labels):
        return Clustering(
            adjusted_rand=None,
            mutual_information=None,
            silhouette=None,
            davies_bouldin=None,
            calinski_harabasz=None,
            images=len(labels),
            dimensions=reduced.dimensions,
            exact=len(labels) <= exact_images,
            adjusted_mutual_information=None,
            permuted=None,
            clusters=(),
        )
    points = PointSet(reduced.points)
    count = min(len(np.unique(labels)), count_distinct(reduced.points))
    clusters = kmeans(points, count, seed, exact_images=exact_images)
    return measure(points, clusters, labels, reduced.dimensions, seed, exact_images)


def measurable(labels: NDArray[np.integer]) -> bool:
    """Whether any individual has `FEWEST_IMAGES` images or more.

    >>> measurable(np.array([0, 0, 1, 1])), measurable(np.array([0, 0, 0, 1]))
    (False, True)
    """
    return len(labels) > 0 and int(np.unique(labels, return_counts=True)[1].max()) >= FEWEST_IMAGES


def label_agreement(labels: NDArray[np.integer], clusters: NDArray[np.generic]) -> tuple[float, float, float]:
    """Adjusted Rand index, mutual information in nats, and adjusted mutual information of clusters with individuals.

    Args:
        labels: (N,) class numbers, N >= 1.
        clusters: (N,) the cluster of each image.
    """
    from sklearn import metrics

    return (
        float(metrics.adjusted_rand_score(labels, clusters)),
        max(0.0, float(metrics.mutual_info_score(labels, clusters))),
        float(metrics.adjusted_mutual_info_score(labels, clusters)),
    )


def permute_labels(clusters: NDArray[np.integer], labels: NDArray[np.integer], seed: int) -> PermutedLabels:
    """Mean agreement of clusters with labels that are permuted among the images, over `PERMUTATIONS`.

    Args:
        clusters: (N,) cluster numbers.
        labels: (N,) class numbers.
        seed: of the permutations.
    """
    from sklearn import metrics

    random = np.random.default_rng(seed)
    permuted = [random.permutation(labels) for _ in range(PERMUTATIONS)]
    information = np.array([metrics.mutual_info_score(part, clusters) for part in permuted])
    # the expected mutual information and the entropies depend on the sizes alone, which no permutation changes
    expected, entropy = _expected_information(labels, clusters)
    reach = entropy - expected
    epsilon = np.finfo(np.float64).eps
    adjusted = (information - expected) / (min(reach, -epsilon) if reach < 0 else max(reach, epsilon))
    return PermutedLabels(
        adjusted_rand=float(np.mean([metrics.adjusted_rand_score(part, clusters) for part in permuted])),
        mutual_information=float(information.mean()),
        adjusted_mutual_information=float(adjusted.mean()),
        permutations=PERMUTATIONS,
    )


def _expected_information(labels: NDArray[np.integer], clusters: NDArray[np.integer]) -> tuple[float, float]:
    """Mutual information expected of partitions of these sizes, and the mean of their entropies, in nats."""
    from scipy.stats import entropy
    from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

    table = contingency_matrix(labels, clusters, sparse=True)
    sizes = [np.asarray(table.sum(axis=axis)).ravel() for axis in (0, 1)]
    mean_entropy = float(np.mean([entropy(part / part.sum()) for part in sizes]))
    return float(expected_mutual_information(table, len(labels))), mean_entropy


def reduce(
    embeddings: NDArray[np.floating],
    images: int,
    *,
    exact_images: int = EXACT_IMAGES,
    block_bytes: int = BLOCK_BYTES,
) -> Reduced:
    """The same vectors in at most N dimensions; distances stay the same, and so do k-means and all metrics.

    The distances of N points depend only on the Gram matrix of the centred rows. Its eigenvectors, scaled by the roots
    of its eigenvalues, are coordinates with that Gram matrix (classical scaling, Torgerson 1952). The position of the
    origin follows from the products of the rows with their mean. Both are summed over blocks of columns, so the file is
    read once for them, and once before to find equal rows. Each block is centred, not the Gram matrix afterwards,
    because that keeps small distances far from the origin exact. Arrays that are not wider than high are only centred.

    Args:
        embeddings: (N, D), any floating dtype, finite; may be memory-mapped and wider than memory. More than
            `exact_images` rows of more than `SKETCH` dimensions are sketched first, which keeps distances
            approximately.
        images: N.
        exact_images: as in `cluster`.
        block_bytes: size of the blocks that are read, as float64.

    Raises:
        InputError: there is no image.
        RunError: a value is not finite, or the array has another number of rows.
    """
    if embeddings.ndim != 2 or len(embeddings) != images:  # noqa: PLR2004 - (N, D)
        raise RunError(
            f"The embeddings have shape {embeddings.shape}; ({images}, dimensions) is needed, a row for "
            "each image in the order of the job. Fix the backbone's `encode`."
        )
    if images == 0:
        raise InputError("There is no embedding to cluster. Choose a split whose test part is not empty.")
    first = first_equal_rows(embeddings)
    many = images > exact_images and embeddings.shape[1] > SKETCH
    values = _sketch(embeddings, block_bytes) if many else embeddings
    reduced = _scaled(values, block_bytes) if values.shape[1] > images else _centred(values.astype(np.float64))
    return reduced._replace(points=reduced.points[first], dimensions=embeddings.shape[1])


def measure(
    points: PointSet,
    clusters: NDArray[np.integer],
    labels: NDArray[np.integer],
    dimensions: int,
    seed: int,
    exact_images: int = EXACT_IMAGES,
) -> Clustering:
    """The five metrics of given clusters, and their agreement with permuted labels.

    Args:
        points: N points.
        clusters: (N,) cluster numbers.
        labels: (N,) class numbers.
        dimensions: of the embeddings that the points stand for.
        seed: of the permutations.
        exact_images: as in `cluster`.
    """
    silhouette_, davies_bouldin, calinski_harabasz = _shape(points, clusters, exact_images)
    adjusted_rand, mutual_information, adjusted_mutual_information = label_agreement(labels, clusters)
    return Clustering(
        adjusted_rand=adjusted_rand,
        mutual_information=mutual_information,
        silhouette=silhouette_,
        davies_bouldin=davies_bouldin,
        calinski_harabasz=calinski_harabasz,
        images=len(points),
        dimensions=dimensions,
        exact=len(points) <= exact_images,
        adjusted_mutual_information=adjusted_mutual_information,
        permuted=permute_labels(clusters, labels, seed),
        clusters=tuple(clusters.tolist()),
    )


def shape(points: PointSet, clusters: NDArray[np.integer], exact_images: int = EXACT_IMAGES) -> Shape:
    """Silhouette, Davies-Bouldin and Calinski-Harabasz of given clusters; None where they are not defined.

    Args:
        points: N points.
        clusters: (N,) cluster numbers.
        exact_images: as in `cluster`.
    """
    silhouette_, davies_bouldin, calinski_harabasz = _shape(points, clusters, exact_images)
    return Shape(silhouette=silhouette_, davies_bouldin=davies_bouldin, calinski_harabasz=calinski_harabasz)


def silhouette(points: PointSet, clusters: NDArray[np.integer], exact_images: int = EXACT_IMAGES) -> float | None:
    """Mean silhouette (Rousseeuw 1987), over at most `exact_images` images drawn at random.

    Args:
        points: N points.
        clusters: (N,) cluster numbers.
        exact_images: as in `cluster`.

    Returns:
        In [-1, 1]; None if the images are one cluster, or each image is its own.
    """
    from sklearn.metrics import silhouette_score

    if len(points) > exact_images:
        rows = sample(len(points), exact_images)
        points, clusters = PointSet(points.values[rows]), clusters[rows]
    if not _is_clustering(clusters):
        return None
    return float(silhouette_score(np.sqrt(points.squares), clusters, metric="precomputed"))


def sample(images: int, most: int) -> slice | NDArray[np.int64]:
    """All of the images, or `most` of them drawn at random, ascending; always the same ones."""
    if images <= most:
        return slice(None)
    return np.sort(np.random.default_rng(0).choice(images, most, replace=False))


def first_equal_rows(embeddings: NDArray[np.floating]) -> NDArray[np.int64]:
    """For each row the index of the first row equal to it, (N,).

    The reduced coordinates of equal rows differ by rounding, and k-means would treat them as distinct points.

    Raises:
        RunError: a row is not finite.

    Example:
        >>> first_equal_rows(np.array([[1.0], [2.0], [1.0]]))
        array([0, 1, 0])
    """
    row_of: dict[bytes, int] = {}
    first = np.empty(len(embeddings), np.int64)
    # by bits: comparing and adding half-precision numbers takes ten times as long
    unsigned = np.dtype(f"u{embeddings.itemsize}")
    infinity = np.array(np.inf, embeddings.dtype).view(unsigned)
    minus_zero = np.array(-0.0, embeddings.dtype).view(unsigned)
    for number, row in enumerate(embeddings):
        bits = np.array(row).view(unsigned)
        if ((bits & infinity) == infinity).any():
            raise RunError(
                f"The embedding in row {number} is not finite; the training has probably diverged. "
                "Lower the learning rate or fix the backbone."
            )
        bits[bits == minus_zero] = 0  # -0.0 equals 0.0 but has other bits
        first[number] = row_of.setdefault(hashlib.sha256(bits.data).digest(), number)
        release(embeddings)
    return first


def count_distinct(points: NDArray[np.float64]) -> int:
    """Number of distinct rows."""
    return len(np.unique(first_equal_rows(points)))


def kmeans(
    points: PointSet, count: int, seed: int, restarts: int = RESTARTS, exact_images: int = EXACT_IMAGES
) -> NDArray[np.int32]:
    """k-means++ (Arthur & Vassilvitskii 2007), the best of several runs by inertia.

    More than `exact_images` points are clustered by mini batches (Sculley 2010).

    Args:
        points: N points, at least `count` of them distinct.
        count: number of clusters.
        seed: of the starts.
        restarts: number of runs.
        exact_images: as in `cluster`.

    Returns:
        (N,) cluster numbers.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    images, dimensions = points.values.shape
    if images <= exact_images and count * dimensions > images:
        return kmeans_by_distances(points.squares, count, seed, restarts)
    settings = {"n_clusters": count, "init": "k-means++", "n_init": restarts, "tol": 0.0, "random_state": seed}
    # scikit-learn's tolerance follows the mean variance per dimension, which depends on the coordinates.
    model = KMeans(**settings) if images <= exact_images else MiniBatchKMeans(**settings)
    clusters: NDArray[np.int32] = model.fit_predict(points.values)
    return clusters


def _shape(
    points: PointSet, clusters: NDArray[np.integer], exact_images: int
) -> tuple[float | None, float | None, float | None]:
    """Silhouette, Davies-Bouldin and Calinski-Harabasz; scikit-learn calls one point repeated well clustered.

    The metrics do not depend on the scale, but scikit-learn's Davies-Bouldin calls distances below 1e-8 zero.
    """
    from sklearn import metrics

    if not _is_clustering(clusters) or not np.ptp(points.values, axis=0).any():
        return None, None, None
    scaled = _unit_scale(points.values)
    return (
        silhouette(points, clusters, exact_images),
        float(metrics.davies_bouldin_score(scaled, clusters)),
        float(metrics.calinski_harabasz_score(scaled, clusters)) if _has_spread(scaled, clusters) else None,
    )


def _unit_scale(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points minus their mean, times the power of two that brings their largest coordinate into [0.5, 1)."""
    centred = points - points.mean(axis=0)
    scaled: NDArray[np.float64] = np.ldexp(centred, -math.frexp(float(np.abs(centred).max()))[1])
    return scaled


def _is_clustering(clusters: NDArray[np.integer]) -> bool:
    """Whether there is more than one cluster, and fewer clusters than images."""
    return 2 <= len(np.unique(clusters)) < len(clusters)  # noqa: PLR2004


def _centred(embeddings: NDArray[np.float64]) -> Reduced:
    """The embeddings minus their mean; overwrites its argument."""
    lengths = np.linalg.norm(embeddings, axis=1)
    mean = embeddings.mean(axis=0)
    embeddings -= mean
    return Reduced(embeddings, np.append(mean, 0.0), lengths, embeddings.shape[1])


def _scaled(embeddings: NDArray[np.floating], block_bytes: int) -> Reduced:
    """Classical scaling of wide embeddings, read block by block."""
    images, dimensions = embeddings.shape
    gram = np.zeros((images, images))
    along = np.zeros(images)  # centred rows times their mean
    squares = np.zeros(images)
    mean_square = 0.0
    step = max(1, block_bytes // (8 * images))
    for start in range(0, dimensions, step):
        block = read_block(embeddings, slice(None), slice(start, start + step))  # (N, step)
        squares += np.einsum("nd,nd->n", block, block)
        mean = block.mean(axis=0)
        block -= mean
        gram += block @ block.T
        along += block @ mean
        mean_square += float(mean @ mean)
    values, vectors = np.linalg.eigh(gram)
    rounding = images * np.finfo(np.float64).eps
    kept = values > values[-1] * rounding
    kept[-1] = True
    roots = np.sqrt(np.maximum(values[kept], 0.0))
    inside = np.divide(along @ vectors[:, kept], roots, out=np.zeros_like(roots), where=roots > 0)
    outside = mean_square - float(inside @ inside)
    upright = np.sqrt(outside) if outside > mean_square * rounding else 0.0
    return Reduced(vectors[:, kept] * roots, np.append(inside, upright), np.sqrt(squares), dimensions)


def _sketch(embeddings: NDArray[np.floating], block_bytes: int) -> NDArray[np.float64]:
    """Count sketch (Charikar et al. 2002), (N, SKETCH): each dimension is added to one of the sums, with a random sign.

    Inner products, and so distances, are kept in expectation. The (N, D) embeddings are read in blocks of rows.
    """
    from scipy.sparse import csr_array

    images, dimensions = embeddings.shape
    random = np.random.default_rng(0)
    signs = random.choice((-1.0, 1.0), dimensions)
    sums = random.integers(SKETCH, size=dimensions)
    matrix = csr_array((signs, (sums, np.arange(dimensions))), shape=(SKETCH, dimensions))
    result = np.empty((images, SKETCH))
    step = max(1, block_bytes // (8 * dimensions))
    for start in range(0, images, step):
        result[start : start + step] = (matrix @ read_block(embeddings, slice(start, start + step)).T).T
    return result


def _has_spread(points: NDArray[np.float64], clusters: NDArray[np.integer]) -> bool:
    """Whether any cluster holds two distinct points."""
    return any(np.ptp(points[clusters == number], axis=0).any() for number in np.unique(clusters))
