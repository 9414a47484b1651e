"""k-means on squared distances: the clusters of scikit-learn's k-means, at a cost without the number of dimensions.

Embeddings that were reduced to N dimensions make k-means cost N² k an iteration. Every quantity that it needs follows
from the squared distances of the points, which are computed once for all numbers of clusters, starts and silhouettes:
an iteration then costs N², and a start N k log k. The squared distance of point i from the mean of cluster c is

    mean over j in c of D[i, j]  -  1/2 mean over j, l in c of D[j, l].
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

ITERATIONS = 300
"""Most iterations of one start, as in scikit-learn."""


@dataclass(frozen=True, eq=False)
class PointSet:
    """Points whose squared distances are computed once, at their first use.

    Attributes:
        values: (N, d) coordinates; equal points have equal rows.
    """

    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def squares(self) -> NDArray[np.float64]:
        """(N, N) squared Euclidean distances."""
        return squared_distances(self.values)


def squared_distances(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, N) squared Euclidean distances; 0 between equal points.

    Args:
        points: (N, d) coordinates.
    """
    points = points - points.mean(axis=0)  # far from the origin, small distances would be lost in rounding
    squares = np.einsum("nd,nd->n", points, points)
    distances = points @ points.T
    distances *= -2
    distances += squares[:, None]
    distances += squares
    # a distance within the rounding of the three terms is that of equal points
    rounding = 4 * np.finfo(np.float64).eps * points.shape[1] ** 0.5
    distances[distances <= rounding * np.add.outer(squares, squares)] = 0
    return distances


def kmeans(squares: NDArray[np.float64], count: int, seed: int, restarts: int) -> NDArray[np.int32]:
    """k-means++ (Arthur & Vassilvitskii 2007), the best of several starts by inertia.

    Draws and decisions are those of scikit-learn's `KMeans` with `tol=0`, so that the clusters are the same.

    Args:
        squares: (N, N) squared distances.
        count: number of clusters, at most the number of distinct points.
        seed: of the starts.
        restarts: number of starts.

    Returns:
        (N,) cluster numbers.

    Raises:
        InputError: there are more clusters than points.

    Example:
        >>> kmeans(squared_distances(np.array([[-1.0], [-0.9], [2.0]])), count=2, seed=0, restarts=1)
        array([0, 0, 1], dtype=int32)
    """
    if count > len(squares):
        raise InputError(f"{count} clusters cannot be made of {len(squares)} images; at most one for each image.")
    random = np.random.RandomState(seed)  # the generator that scikit-learn draws from
    best, lowest = np.zeros(len(squares), np.int32), np.inf
    for _ in range(restarts):
        clusters, inertia = _converge(squares, _choose_centres(squares, count, random), count)
        if inertia < lowest and not _same_partition(clusters, best):
            best, lowest = clusters, inertia
    return best


def _choose_centres(squares: NDArray[np.float64], count: int, random: np.random.RandomState) -> NDArray[np.int64]:
    """The points that k-means++ starts from: of some candidates, each step takes the one that lowers the sum most."""
    images = len(squares)
    trials = 2 + int(np.log(count))
    centres = np.empty(count, np.int64)
    centres[0] = random.choice(images, p=np.full(images, 1 / images))
    closest = squares[centres[0]]
    total = closest.sum()
    for number in range(1, count):
        drawn = np.searchsorted(np.cumsum(closest), random.uniform(size=trials) * total)
        candidates = np.minimum(drawn, images - 1)
        updated = np.minimum(closest, squares[candidates])
        totals = updated.sum(axis=1)
        chosen = int(totals.argmin())
        centres[number], closest, total = candidates[chosen], updated[chosen], totals[chosen]
    return centres


def _converge(squares: NDArray[np.float64], centres: NDArray[np.int64], count: int) -> tuple[NDArray[np.int32], float]:
    """Lloyd's iterations from points taken as centres: the clusters, and their sum of squared distances."""
    to_centres = squares[centres]
    clusters = np.full(len(squares), -1, np.int32)
    for _ in range(ITERATIONS):
        before, clusters = clusters, to_centres.argmin(axis=0).astype(np.int32)
        if np.array_equal(clusters, before):
            break
        to_centres = _to_means(squares, _fill_empty(clusters, to_centres, count), count)
    return clusters, float(to_centres[clusters, np.arange(len(clusters))].sum())


def _fill_empty(clusters: NDArray[np.int32], to_centres: NDArray[np.float64], count: int) -> NDArray[np.int32]:
    """The clusters, each empty one given one of the points that are farthest from their centres."""
    empty = np.flatnonzero(np.bincount(clusters, minlength=count) == 0)
    if not len(empty):
        return clusters
    distances = to_centres[clusters, np.arange(len(clusters))]
    if not distances.any():
        return clusters
    farthest = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
    filled = clusters.copy()
    filled[farthest] = empty
    return filled


def _to_means(squares: NDArray[np.float64], clusters: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """(count, N) squared distance of each point from the mean of each cluster; infinite for an empty one."""
    from scipy.sparse import csr_array

    images = len(squares)
    sizes = np.bincount(clusters, minlength=count)
    order = np.argsort(clusters, kind="stable")
    starts = np.append(0, sizes.cumsum())
    members = csr_array((np.ones(images), order, starts), shape=(count, images))
    sums: NDArray[np.float64] = members @ squares
    within = np.bincount(clusters, sums[clusters, np.arange(images)], minlength=count)
    divisor = np.where(sizes > 0, sizes, 1)[:, None]
    sums /= divisor
    sums -= (within / (2 * divisor[:, 0] ** 2))[:, None]
    sums[sizes == 0] = np.inf
    return np.maximum(sums, 0, out=sums)


def _same_partition(one: NDArray[np.int32], other: NDArray[np.int32]) -> bool:
    """Whether two partitions differ only in the numbers of their clusters."""
    pairs = np.unique(np.stack([one, other]), axis=1)
    return len(pairs.T) == len(np.unique(one)) == len(np.unique(other))
