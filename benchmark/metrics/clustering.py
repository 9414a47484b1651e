"""How well the embeddings fall into individuals by themselves: k-means++ and the paper's five measures."""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError, RunError
from benchmark.metrics.blockwise import read, release
from benchmark.records.clustering import Clustering

RESTARTS = 10
"""k-means runs, of which the one with the lowest inertia counts (scikit-learn's `n_init`)."""

BLOCK_BYTES = 64 * 2**20
"""How much of the embeddings is held as float64 at once."""

EXACT_IMAGES = 10_000
"""Up to so many images every number is exact: the matrix of their inner products takes 0.8 GB, and its eigenvectors
three times that. With more, k-means works on mini batches, the silhouette is that of so many images drawn at random,
and embeddings wider than `SKETCH` are sketched."""

SKETCH = 1024
"""Dimensions of a sketch; a squared distance in it errs by a factor of about 1 +- sqrt(2 / SKETCH) = 1 +- 0.04."""


class Reduced(NamedTuple):
    """Embeddings turned into few dimensions; distances, lengths and angles stay as they were.

    Attributes:
        points: (N, d) with d <= min(N, D), d >= 1, centred; those of equal embeddings are equal.
        mean: (d + 1,) the mean embedding along the same axes, and along one more that stands upright on them: row i
            of the embeddings is `[*points[i], 0] + mean`.
        lengths: (N,) Euclidean lengths of the embeddings.
        dimensions: D.
    """

    points: NDArray[np.float64]
    mean: NDArray[np.float64]
    lengths: NDArray[np.float64]
    dimensions: int


def cluster(reduced: Reduced, labels: NDArray[np.integer], seed: int) -> Clustering:
    """k-means++ clusters of the embeddings (k = individuals among the labels), measured.

    Adjusted Rand index and mutual information (nats) compare the clusters with the labels; silhouette,
    Davies-Bouldin and Calinski-Harabasz describe the clusters found, by Euclidean distance on the embeddings
    as they are. The last three are None where they are not defined (see `benchmark.records.record.Clustering`).

    Args:
        reduced: the embeddings (see `reduce`).
        labels: (N,) class numbers.
        seed: of k-means++.
    """
    clusters = min(len(np.unique(labels)), distinct(reduced.points))
    found = kmeans(reduced.points, clusters, seed)
    return measure(reduced.points, found, labels, reduced.dimensions)


def reduce(embeddings: NDArray[np.floating], images: int) -> Reduced:
    """The same vectors in at most N dimensions: all distances, so all measures and k-means, stay as they are.

    Of N points only the Gram matrix of the centred rows matters, and its eigenvectors scaled by the roots of
    its eigenvalues are coordinates with that Gram matrix (classical scaling, Torgerson 1952). Where the origin
    lies among them follows from the products of the rows with their mean. Both are summed over blocks of
    columns, so the file is read once for them, and once before to find equal rows. Centring each block, rather than
    the whole Gram matrix afterwards, keeps small distances far from the origin exact. Arrays that are not wider than
    high are only centred.

    Args:
        embeddings: (N, D), any floating dtype, finite; may be memory-mapped and wider than memory. More than
            `EXACT_IMAGES` rows of more than `SKETCH` dimensions are sketched first, which keeps distances
            approximately.
        images: N.

    Raises:
        InputError: there is no image.
        RunError: a value is not finite, or the array has another number of rows.
    """
    if embeddings.ndim != 2 or len(embeddings) != images:  # noqa: PLR2004 - (N, D)
        raise RunError(
            f"The embeddings have shape {embeddings.shape}; ({images}, dimensions) is needed, a row for "
            "each image in the order given. Mend the backbone's encode."
        )
    if images == 0:
        raise InputError("There is no embedding to cluster. Choose a split whose test part is not empty.")
    first = first_equal_rows(embeddings)
    values = _sketch(embeddings) if images > EXACT_IMAGES and embeddings.shape[1] > SKETCH else embeddings
    reduced = _scaled(values) if values.shape[1] > images else _centred(values.astype(np.float64))
    return reduced._replace(points=reduced.points[first], dimensions=embeddings.shape[1])


def measure(
    points: NDArray[np.float64], found: NDArray[np.integer], labels: NDArray[np.integer], dimensions: int
) -> Clustering:
    """The five measures of given clusters.

    Args:
        points: (N, d) coordinates.
        found: (N,) cluster numbers.
        labels: (N,) class numbers.
        dimensions: of the embeddings that the points stand for.
    """
    from sklearn import metrics

    several = 2 <= len(np.unique(found)) < len(points)  # noqa: PLR2004 - fewer are no clustering, more are no clusters
    several = several and bool(np.ptp(points, axis=0).any())  # scikit-learn calls one point repeated well clustered
    return Clustering(
        adjusted_rand=float(metrics.adjusted_rand_score(labels, found)),
        mutual_information=max(0.0, float(metrics.mutual_info_score(labels, found))),
        silhouette=silhouette(points, found) if several else None,
        davies_bouldin=float(metrics.davies_bouldin_score(points, found)) if several else None,
        calinski_harabasz=(
            float(metrics.calinski_harabasz_score(points, found)) if several and _spread(points, found) else None
        ),
        images=len(points),
        dimensions=dimensions,
        exact=len(points) <= EXACT_IMAGES,
    )


def silhouette(points: NDArray[np.float64], found: NDArray[np.integer]) -> float | None:
    """Mean silhouette (Rousseeuw 1987), over at most `EXACT_IMAGES` images drawn at random.

    Args:
        points: (N, d) coordinates.
        found: (N,) cluster numbers.

    Returns:
        In [-1, 1]; None where the images are one cluster, or a cluster each.
    """
    from sklearn.metrics import silhouette_score

    if len(points) > EXACT_IMAGES:
        drawn = np.sort(np.random.default_rng(0).choice(len(points), EXACT_IMAGES, replace=False))
        points, found = points[drawn], found[drawn]
    several = 2 <= len(np.unique(found)) < len(points)  # noqa: PLR2004 - fewer are no clustering, more are no clusters
    return float(silhouette_score(points, found)) if several else None


def first_equal_rows(embeddings: NDArray[np.floating]) -> NDArray[np.int64]:
    """For each row the number of the first row equal to it; (N,). A row that is not finite raises.

    The coordinates of equal rows differ by rounding, which k-means would take for distinct points.
    """
    seen: dict[bytes, int] = {}
    first = np.empty(len(embeddings), np.int64)
    for number, row in enumerate(embeddings):
        if not np.isfinite(row).all():
            raise RunError(
                f"The embedding in row {number} is not finite; the training has probably diverged. "
                "Lower the learning rate or mend the backbone."
            )
        unsigned_zero = np.ascontiguousarray(row + 0)  # -0.0 equals 0.0 but has other bytes
        first[number] = seen.setdefault(hashlib.sha256(unsigned_zero.tobytes()).digest(), number)
        release(embeddings)
    return first


def distinct(points: NDArray[np.float64]) -> int:
    """How many rows differ."""
    return len(np.unique(first_equal_rows(points)))


def kmeans(points: NDArray[np.float64], clusters: int, seed: int, restarts: int = RESTARTS) -> NDArray[np.int32]:
    """k-means++ (Arthur & Vassilvitskii 2007), the best of several runs by inertia.

    More than `EXACT_IMAGES` points are clustered by mini batches (Sculley 2010).

    Args:
        points: (N, d) coordinates, of which at least `clusters` are distinct.
        clusters: how many.
        seed: of the starts.
        restarts: runs.

    Returns:
        (N,) cluster numbers.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    settings = {"n_clusters": clusters, "init": "k-means++", "n_init": restarts, "tol": 0.0, "random_state": seed}
    # scikit-learn's tolerance follows the mean variance per dimension, which depends on the coordinates.
    model = KMeans(**settings) if len(points) <= EXACT_IMAGES else MiniBatchKMeans(**settings)
    labels: NDArray[np.int32] = model.fit_predict(points)
    return labels


def _centred(embeddings: NDArray[np.float64]) -> Reduced:
    """The embeddings moved to their mean; they are overwritten."""
    lengths = np.linalg.norm(embeddings, axis=1)
    mean = embeddings.mean(axis=0)
    embeddings -= mean
    return Reduced(embeddings, np.append(mean, 0.0), lengths, embeddings.shape[1])


def _scaled(embeddings: NDArray[np.floating]) -> Reduced:
    """Classical scaling of wide embeddings, read block by block."""
    images, dimensions = embeddings.shape
    gram = np.zeros((images, images))
    along = np.zeros(images)  # centred rows times their mean
    squares = np.zeros(images)
    mean_square = 0.0
    step = max(1, BLOCK_BYTES // (8 * images))
    for start in range(0, dimensions, step):
        block = read(embeddings, slice(None), slice(start, start + step))  # (N, step)
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


def _sketch(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each dimension added to one of `SKETCH` sums, with a random sign (count sketch, Charikar et al. 2002).

    Inner products, so distances, are kept in expectation. (N, D) to (N, SKETCH), read block by block of rows.
    """
    from scipy.sparse import csr_array

    images, dimensions = embeddings.shape
    random = np.random.default_rng(0)
    signs = random.choice((-1.0, 1.0), dimensions)
    sums = random.integers(SKETCH, size=dimensions)
    matrix = csr_array((signs, (sums, np.arange(dimensions))), shape=(SKETCH, dimensions))
    result = np.empty((images, SKETCH))
    step = max(1, BLOCK_BYTES // (8 * dimensions))
    for start in range(0, images, step):
        result[start : start + step] = (matrix @ read(embeddings, slice(start, start + step)).T).T
    return result


def _spread(points: NDArray[np.float64], found: NDArray[np.integer]) -> bool:
    """Whether any cluster holds two distinct points."""
    return any(np.ptp(points[found == number], axis=0).any() for number in np.unique(found))
