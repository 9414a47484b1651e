"""How well the embeddings fall into individuals by themselves: k-means++ and the study's five measures."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import RunError
from benchmark.records import Clustering

RESTARTS = 10
"""k-means runs, of which the one with the lowest inertia counts (scikit-learn's `n_init`)."""

BLOCK_BYTES = 64 * 2**20
"""How much of the embeddings is held as float64 at once."""


def cluster(embeddings: NDArray[np.floating], labels: NDArray[np.integer], seed: int) -> Clustering:
    """k-means++ clusters of the embeddings (k = individuals among the labels), measured.

    Adjusted Rand index and mutual information (nats) compare the clusters with the labels; silhouette,
    Davies-Bouldin and Calinski-Harabasz describe the clusters found, by Euclidean distance on the embeddings
    as they are. The last three are None where they are not defined (see `benchmark.records.Clustering`).

    Args:
        embeddings: (N, D), any floating dtype, finite, N >= 1; may be memory-mapped and wider than memory.
        labels: (N,) class numbers.
        seed: of k-means++.

    Raises:
        RunError: a value is not finite, or the array does not match the labels.
    """
    if embeddings.ndim != 2 or len(embeddings) != len(labels):  # noqa: PLR2004 - (N, D)
        raise RunError(
            f"The embeddings have shape {embeddings.shape}; ({len(labels)}, dimensions) is needed, a row for "
            "each image in the order given. Mend the backbone's encode."
        )
    first = _first_equal_rows(embeddings)
    points = coordinates(embeddings)[first]  # (N, d)
    found = _kmeans(points, clusters=min(len(np.unique(labels)), len(np.unique(first))), seed=seed)
    return measure(points, found, labels, dimensions=embeddings.shape[1])


def coordinates(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """The same points in at most N dimensions: all distances, so all measures and k-means, stay as they are.

    Of N points only the Gram matrix of the centred rows matters, and its eigenvectors scaled by the roots of
    its eigenvalues are coordinates with that Gram matrix (classical scaling, Torgerson 1952). Arrays that are
    not wider than high are only centred.

    Args:
        embeddings: (N, D), finite; read block by block of columns.

    Returns:
        (N, d) with d <= min(N, D), centred; d = 1 at least.
    """
    images, dimensions = embeddings.shape
    if dimensions <= images:
        centred: NDArray[np.float64] = embeddings.astype(np.float64)
        centred -= centred.mean(axis=0)
        return centred
    gram = np.zeros((images, images))
    step = max(1, BLOCK_BYTES // (8 * images))
    for start in range(0, dimensions, step):
        block = embeddings[:, start : start + step].astype(np.float64)  # (N, step)
        block -= block.mean(axis=0)
        gram += block @ block.T
    values, vectors = np.linalg.eigh(gram)
    kept = values > values[-1] * images * np.finfo(np.float64).eps
    kept[-1] = True
    points: NDArray[np.float64] = vectors[:, kept] * np.sqrt(np.maximum(values[kept], 0.0))
    return points


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
    return Clustering(
        adjusted_rand=float(metrics.adjusted_rand_score(labels, found)),
        mutual_information=max(0.0, float(metrics.mutual_info_score(labels, found))),
        silhouette=float(metrics.silhouette_score(points, found)) if several else None,
        davies_bouldin=float(metrics.davies_bouldin_score(points, found)) if several else None,
        calinski_harabasz=(
            float(metrics.calinski_harabasz_score(points, found)) if several and _spread(points, found) else None
        ),
        images=len(points),
        dimensions=dimensions,
    )


def _first_equal_rows(embeddings: NDArray[np.floating]) -> NDArray[np.int64]:
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
    return first


def _kmeans(points: NDArray[np.float64], clusters: int, seed: int) -> NDArray[np.int32]:
    from sklearn.cluster import KMeans

    # scikit-learn's tolerance follows the mean variance per dimension, which depends on the coordinates.
    model = KMeans(clusters, init="k-means++", n_init=RESTARTS, tol=0.0, random_state=seed)
    labels: NDArray[np.int32] = model.fit_predict(points)
    return labels


def _spread(points: NDArray[np.float64], found: NDArray[np.integer]) -> bool:
    """Whether any cluster holds two distinct points."""
    return any(np.ptp(points[found == number], axis=0).any() for number in np.unique(found))
