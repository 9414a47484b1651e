from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.cluster import KMeans

from benchmark.errors import InputError, RunError
from benchmark.metrics.clustering import PERMUTATIONS, cluster, kmeans, measure, permute_labels, reduce, shape
from benchmark.metrics.kmeans import PointSet
from benchmark.records.clustering import Clustering

INDIVIDUALS = 4


def blobs(images: int, dimensions: int, spread: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Clouds about the individuals' centres, far from the origin, as embeddings behind a ReLU are."""
    random = np.random.default_rng(7)
    labels = np.arange(images) % INDIVIDUALS
    centres = random.normal(size=(INDIVIDUALS, dimensions))
    values = 50 + centres[labels] + spread * random.normal(size=(images, dimensions))
    return values.astype(np.float32), labels


def resident(path: Path) -> int:
    """Bytes of a file in the memory of this process."""
    mappings = Path("/proc/self/smaps").read_text()
    sizes = [part.split("Rss:")[1].split()[0] for part in mappings.split(f"{path}\n")[1:]]
    return 1024 * sum(map(int, sizes))


def clustered(embeddings: NDArray[np.floating], labels: NDArray[np.integer], seed: int) -> Clustering:
    return cluster(reduce(embeddings, len(labels)), labels, seed)


def numbers(clustering: Clustering) -> dict[str, float | None]:
    """All numbers but those of permuted labels; the clusters have no order."""
    return clustering.model_dump(exclude={"permuted", "clusters"})


@pytest.mark.parametrize("dimensions", [3, 60, 5000])
def test_metrics_agree_with_scikit_learn_on_the_raw_array(dimensions: int) -> None:
    embeddings, labels = blobs(60, dimensions, spread=1.5)
    raw = embeddings.astype(np.float64)
    clusters = KMeans(INDIVIDUALS, n_init=10, tol=0.0, random_state=3).fit_predict(raw)
    reduced = measure(PointSet(reduce(embeddings, len(embeddings)).points), clusters, labels, dimensions, seed=0)
    assert reduced.adjusted_rand == pytest.approx(metrics.adjusted_rand_score(labels, clusters), abs=1e-6)
    assert reduced.mutual_information == pytest.approx(metrics.mutual_info_score(labels, clusters), abs=1e-6)
    adjusted = metrics.adjusted_mutual_info_score(labels, clusters)
    assert reduced.adjusted_mutual_information == pytest.approx(adjusted, abs=1e-6)
    assert reduced.silhouette == pytest.approx(metrics.silhouette_score(raw, clusters), abs=1e-6)
    assert reduced.davies_bouldin == pytest.approx(metrics.davies_bouldin_score(raw, clusters), abs=1e-6)
    assert reduced.calinski_harabasz == pytest.approx(metrics.calinski_harabasz_score(raw, clusters), rel=1e-6)


def test_k_means_finds_the_same_clusters_as_on_the_raw_array() -> None:
    embeddings, labels = blobs(60, 5000, spread=9.0)
    clusters = KMeans(INDIVIDUALS, n_init=10, tol=0.0, random_state=3).fit_predict(embeddings.astype(np.float64))
    expected = measure(PointSet(reduce(embeddings, len(embeddings)).points), clusters, labels, 5000, seed=3)
    assert 0.1 < expected.adjusted_rand < 0.9  # neither trivial nor noise
    result = clustered(embeddings, labels, seed=3)
    assert numbers(result) == pytest.approx(numbers(expected), abs=1e-9)
    assert result.permuted == expected.permuted


def test_coordinates_keep_every_distance() -> None:
    embeddings, _ = blobs(30, 4000, spread=1.0)
    points = reduce(embeddings, len(embeddings)).points
    assert points.shape[1] <= 30
    expected = metrics.euclidean_distances(embeddings.astype(np.float64) - embeddings.mean(0, dtype=np.float64))
    assert metrics.euclidean_distances(points) == pytest.approx(expected, rel=1e-9, abs=1e-5)


def test_blocks_of_columns_give_the_result_of_one_block() -> None:
    embeddings, labels = blobs(20, 1001, spread=0.3)
    whole = clustered(embeddings, labels, seed=0)
    pieces = cluster(reduce(embeddings, 20, block_bytes=8 * 20 * 100), labels, seed=0)
    assert numbers(pieces) == pytest.approx(numbers(whole), rel=1e-9)


def test_memory_mapped_half_precision(tmp_path: Path) -> None:
    embeddings, labels = blobs(24, 3000, spread=0.1)
    np.save(tmp_path / "embeddings.npy", embeddings.astype(np.float16))
    mapped = np.load(tmp_path / "embeddings.npy", mmap_mode="r")
    result = clustered(mapped, labels, seed=0)
    assert result.adjusted_rand == 1.0
    assert result.mutual_information == pytest.approx(np.log(INDIVIDUALS))
    assert (result.images, result.dimensions) == (24, 3000)


def test_reading_a_file_does_not_keep_it_in_memory(tmp_path: Path) -> None:
    embeddings, _ = blobs(24, 100_000, spread=0.1)
    np.save(tmp_path / "embeddings.npy", embeddings)
    mapped = np.load(tmp_path / "embeddings.npy", mmap_mode="r")
    assert resident(tmp_path / "embeddings.npy") == 0
    mapped.sum()
    assert resident(tmp_path / "embeddings.npy") >= embeddings.nbytes
    reduced = reduce(mapped, 24)
    assert resident(tmp_path / "embeddings.npy") == 0
    assert reduced.points == pytest.approx(reduce(embeddings, 24).points)


def test_the_same_seed_gives_the_same_result() -> None:
    embeddings, labels = blobs(40, 200, spread=3.0)
    assert clustered(embeddings, labels, seed=1) == clustered(embeddings, labels, seed=1)


@pytest.mark.parametrize("dimensions", [2, 500])
def test_constant_embeddings_are_one_cluster(dimensions: int) -> None:
    result = clustered(np.full((12, dimensions), 0.1, np.float32), np.arange(12) % 3, seed=0)
    assert (result.adjusted_rand, result.mutual_information) == (0.0, 0.0)
    assert result.silhouette is result.davies_bouldin is result.calinski_harabasz is None


@pytest.mark.parametrize("dimensions", [2, 500])
def test_fewer_distinct_points_than_individuals(dimensions: int) -> None:
    embeddings = np.random.default_rng(0).normal(size=(2, dimensions)).astype(np.float32)[np.arange(12) % 2]
    result = clustered(embeddings, np.arange(12) % 4, seed=0)
    assert result.adjusted_rand == pytest.approx(metrics.adjusted_rand_score(np.arange(12) % 4, np.arange(12) % 2))
    assert (result.silhouette, result.davies_bouldin) == pytest.approx((1.0, 0.0))
    assert result.calinski_harabasz is None


def test_negative_zero_is_zero() -> None:
    embeddings = np.zeros((6, 40), np.float32)
    embeddings[::2] *= -1
    assert clustered(embeddings, np.arange(6) % 2, seed=0).silhouette is None


@pytest.mark.parametrize("each", [1, 2])
def test_one_or_two_images_of_each_individual_are_not_measured(each: int) -> None:
    embeddings, labels = blobs(4 * each, 10, spread=1.0)
    result = clustered(embeddings, labels, seed=0)
    assert set(numbers(result).items()) >= {("images", 4 * each), ("dimensions", 10), ("exact", True)}
    assert result.clusters == ()
    measures = result.model_dump(exclude={"images", "dimensions", "exact", "clusters"})
    assert set(measures.values()) == {None}
    more = clustered(np.vstack([embeddings, embeddings[:1]]), np.append(labels, 0), seed=0)
    assert (more.adjusted_rand is None) == (each == 1)  # one individual with three images is enough


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1e4])
@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_the_shape_does_not_depend_on_the_scale(scale: float, offset: float) -> None:
    points = offset + blobs(60, 5, spread=0.4)[0].astype(np.float64)
    clusters = kmeans(PointSet(points), INDIVIDUALS, seed=0)
    scaled = shape(PointSet(points * scale), clusters)
    assert scaled.davies_bouldin == pytest.approx(metrics.davies_bouldin_score(points, clusters), rel=1e-6)
    assert scaled.silhouette == pytest.approx(metrics.silhouette_score(points, clusters), rel=1e-6)
    assert scaled.calinski_harabasz == pytest.approx(metrics.calinski_harabasz_score(points, clusters), rel=1e-6)
    assert (kmeans(PointSet(points * scale), INDIVIDUALS, seed=0) == clusters).all()


def test_permuted_labels_have_the_agreement_expected_by_chance() -> None:
    random = np.random.default_rng(2)
    labels = np.repeat(np.arange(6), 6)
    clusters = np.where(random.random(36) < 0.7, labels, random.integers(0, 6, 36))
    permuted = permute_labels(clusters, labels, seed=4)
    table = metrics.cluster.contingency_matrix(labels, clusters)
    expected = metrics.cluster.expected_mutual_information(table, 36)  # exact (Vinh et al. 2010, eq. 24)
    assert metrics.mutual_info_score(labels, clusters) > 1.5 * expected > 0.4
    assert permuted.mutual_information == pytest.approx(expected, abs=0.02)
    assert permuted.adjusted_rand == pytest.approx(0, abs=0.015)
    assert permuted.adjusted_mutual_information == pytest.approx(0, abs=0.02)
    assert permuted.permutations == PERMUTATIONS
    assert permuted == permute_labels(clusters, labels, seed=4) != permute_labels(clusters, labels, seed=5)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_an_embedding_that_is_not_finite_is_refused_and_its_row_named(value: float) -> None:
    embeddings, labels = blobs(8, 100, spread=1.0)
    embeddings[5, 99] = value
    with pytest.raises(RunError, match="row 5 "):
        clustered(embeddings, labels, seed=0)


def test_no_image_is_refused() -> None:
    with pytest.raises(InputError, match="no embedding"):
        clustered(np.zeros((0, 8)), np.zeros(0, int), seed=0)


@pytest.mark.parametrize("shape", [(7, 3), (8,), (8, 2, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RunError, match=r"\(8, dimensions\)"):
        clustered(np.zeros(shape), np.arange(8) % 2, seed=0)
