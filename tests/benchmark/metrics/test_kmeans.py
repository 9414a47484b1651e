import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.cluster import KMeans

from benchmark.errors import InputError
from benchmark.metrics.kmeans import PointSet, kmeans, squared_distances


def clouds(images: int, dimensions: int, centres: int, offset: float = 0.0) -> NDArray[np.float64]:
    random = np.random.default_rng(images + dimensions)
    means = random.normal(size=(centres, dimensions))
    points: NDArray[np.float64] = offset + means[np.arange(images) % centres]
    return points + 1.5 * random.normal(size=(images, dimensions))


@pytest.mark.parametrize(
    ("images", "dimensions", "count"), [(40, 2, 3), (60, 60, 7), (90, 30, 60), (150, 150, 1), (120, 120, 119)]
)
@pytest.mark.parametrize("seed", [0, 5])
def test_the_clusters_are_those_of_scikit_learn(images: int, dimensions: int, count: int, seed: int) -> None:
    points = clouds(images, dimensions, 6, offset=20.0)
    expected = KMeans(count, n_init=4, tol=0.0, random_state=seed).fit_predict(points)
    assert kmeans(squared_distances(points), count, seed, restarts=4).tolist() == expected.tolist()


def test_equal_points_have_no_distance() -> None:
    points = clouds(20, 30, 4, offset=1e4)[np.arange(60) % 20]
    squares = squared_distances(points)
    assert ((squares == 0) == (np.arange(60)[:, None] % 20 == np.arange(60) % 20)).all()
    assert squares == pytest.approx(metrics.euclidean_distances(points - points.mean(axis=0), squared=True), abs=1e-6)


def test_every_distinct_point_is_its_own_cluster_if_there_are_as_many() -> None:
    points = clouds(12, 5, 3)[np.arange(36) % 12]
    clusters = kmeans(squared_distances(points), count=12, seed=0, restarts=1)
    assert [len(set(clusters[start::12].tolist())) for start in range(12)] == [1] * 12
    assert len(set(clusters.tolist())) == 12


def test_an_empty_cluster_takes_a_far_point() -> None:
    """Four starts on points that later belong to one cluster: scikit-learn relocates too."""
    random = np.random.default_rng(4)
    points = np.vstack([np.zeros((30, 2)), random.normal(size=(6, 2)) + 50])
    expected = KMeans(6, n_init=1, tol=0.0, random_state=1).fit_predict(points)
    clusters = kmeans(squared_distances(points), 6, 1, restarts=1)
    assert metrics.adjusted_rand_score(clusters, expected) == 1.0


def test_more_clusters_than_images_are_refused() -> None:
    with pytest.raises(InputError, match="3 clusters cannot be made of 2 images"):
        kmeans(np.zeros((2, 2)), 3, 0, restarts=1)


def test_distances_are_computed_once() -> None:
    points = PointSet(clouds(10, 3, 2))
    assert points.squares is points.squares
    assert len(points) == 10
