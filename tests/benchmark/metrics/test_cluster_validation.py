from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from benchmark.metrics import cluster_validation, clustering
from benchmark.metrics.cluster_validation import (
    ESTIMATE_SEEDS,
    ESTIMATES,
    STARTS,
    agreement,
    estimates,
    measure,
    permuted_silhouette,
    try_counts,
    unit,
    views,
    whiten,
)
from benchmark.metrics.clustering import Reduced, cluster
from benchmark.metrics.kmeans import PointSet
from benchmark.records.clustering import Agreement, ClusterValidation, Shape
from benchmark.vocabulary import EmbeddingView

INDIVIDUALS = 4


def blobs(images: int, dimensions: int, spread: float, offset: float = 2.0) -> tuple[NDArray[np.float32], NDArray]:
    """Clouds around the individuals' centres, away from the origin, as embeddings behind a ReLU are."""
    random = np.random.default_rng(7)
    labels = np.arange(images) % INDIVIDUALS
    centres = random.normal(size=(INDIVIDUALS, dimensions))
    sizes = random.uniform(0.5, 2, size=(images, 1))  # so that unit length changes the neighbours
    values = sizes * (offset + centres[labels] + spread * random.normal(size=(images, dimensions)))
    return values.astype(np.float32), labels


def reduce(embeddings: NDArray[np.floating], **limits: int) -> Reduced:
    return clustering.reduce(embeddings, len(embeddings), **limits)


def validated(
    embeddings: NDArray[np.floating], labels: NDArray[np.integer], seed: int
) -> dict[EmbeddingView, ClusterValidation]:
    return cluster_validation.validate_clusters(reduce(embeddings), labels, seed)


def numbers(part: Agreement | Shape) -> tuple[float | None, ...]:
    return tuple(part.model_dump().values())


def in_full(embeddings: NDArray[np.floating], components: int) -> dict[str, NDArray[np.float64]]:
    """The three views as scikit-learn makes them from the whole array."""
    raw = embeddings.astype(np.float64)
    pca = PCA(components, whiten=True, svd_solver="full")
    return {"raw": raw, "unit": normalize(raw), "whitened": pca.fit_transform(raw)}


# --- agreement -----------------------------------------------------------------------------------------------------


def test_agreement_by_hand() -> None:
    clusters = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    labels = np.array([5, 5, 5, 9, 9, 9, 5, 7])
    result = agreement(clusters, labels)
    assert result.purity == pytest.approx((3 + 2 + 1) / 8)
    # shares of the own individual: in cluster 0 three times 3/4, once 1/4; in 1 twice 2/3, once 1/3; in 2 once 1
    assert result.bcubed_precision == pytest.approx((3 * 3 / 4 + 1 / 4 + 2 * 2 / 3 + 1 / 3 + 1) / 8)
    # individual 5: three of its four are together; 9: two of three; 7: alone
    assert result.bcubed_recall == pytest.approx((3 * 3 / 4 + 1 / 4 + 2 * 2 / 3 + 1 / 3 + 1) / 8)
    assert result.bcubed == pytest.approx(result.bcubed_precision)


def test_bcubed_equals_its_definition_image_by_image() -> None:
    random = np.random.default_rng(0)
    clusters, labels = random.integers(0, 7, 90), random.integers(10, 15, 90)
    together = clusters[:, None] == clusters
    same = labels[:, None] == labels
    precision = ((together & same).sum(1) / together.sum(1)).mean()
    recall = ((together & same).sum(1) / same.sum(1)).mean()
    result = agreement(clusters, labels)
    assert (result.bcubed_precision, result.bcubed_recall) == pytest.approx((precision, recall))
    assert result.bcubed == pytest.approx(2 / (1 / precision + 1 / recall))


def test_agreement_equals_scikit_learn() -> None:
    random = np.random.default_rng(1)
    labels = random.integers(0, 5, 70)
    clusters = np.where(random.random(70) < 0.5, labels, random.integers(0, 9, 70))
    result = agreement(clusters, labels)
    assert result.adjusted_rand == pytest.approx(metrics.adjusted_rand_score(labels, clusters))
    assert result.mutual_information == pytest.approx(metrics.mutual_info_score(labels, clusters))
    assert result.adjusted_mutual_information == pytest.approx(metrics.adjusted_mutual_info_score(labels, clusters))
    assert result.normalised_mutual_information == pytest.approx(metrics.normalized_mutual_info_score(labels, clusters))


def test_one_cluster_of_several_individuals_has_no_information() -> None:
    result = numbers(agreement(np.zeros(12, int), np.arange(12) % 3))
    assert result == pytest.approx((0, 0, 0, 0, 1 / 3, 1 / 3, 1, 1 / 2))


def test_every_image_alone_is_pure_but_agrees_as_by_chance() -> None:
    result = agreement(np.arange(40), np.arange(40) % 4)
    assert (result.purity, result.bcubed_precision, result.bcubed_recall) == pytest.approx((1, 1, 1 / 10))
    assert (result.adjusted_rand, result.adjusted_mutual_information) == pytest.approx((0, 0), abs=1e-9)


def test_videos_that_nest_individuals_score_as_published() -> None:
    individuals = np.repeat(np.arange(6), 50)
    result = agreement(individuals // 3, individuals)  # two videos of three fish
    assert result.adjusted_rand == pytest.approx(0.333, abs=6e-3)
    assert result.mutual_information == pytest.approx(np.log(2))


# --- views ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [3, 60, 5000])
def test_metrics_of_every_view_agree_with_scikit_learn_on_the_raw_array(dimensions: int, tmp_path: Path) -> None:
    values, labels = blobs(60, dimensions, spread=1.5)
    np.save(tmp_path / "embeddings.npy", values.astype(np.float16))
    embeddings = np.load(tmp_path / "embeddings.npy", mmap_mode="r")
    kept = {view.name: view.dimensions for view in views(reduce(embeddings))}
    full = in_full(embeddings, kept["whitened"])
    assert kept["raw"] == kept["unit"] == dimensions
    for view in views(reduce(embeddings)):
        raw = full[view.name]
        for clusters in (labels, KMeans(5, n_init=2, tol=0.0, random_state=3).fit_predict(raw)):
            shape = measure(view.points, clusters, labels).shape
            assert shape.silhouette == pytest.approx(metrics.silhouette_score(raw, clusters), abs=1e-6)
            assert shape.davies_bouldin == pytest.approx(metrics.davies_bouldin_score(raw, clusters), rel=1e-6)
            assert shape.calinski_harabasz == pytest.approx(metrics.calinski_harabasz_score(raw, clusters), rel=1e-6)


@pytest.mark.parametrize("dimensions", [60, 3000])
def test_k_means_of_every_view_finds_the_clusters_of_the_raw_array(dimensions: int) -> None:
    embeddings, labels = blobs(60, dimensions, spread=9.0 if dimensions > 60 else 1.5)
    result = validated(embeddings, labels, seed=3)
    full = in_full(embeddings, result["whitened"].dimensions)
    for name, part in result.items():
        runs = [
            KMeans(INDIVIDUALS, n_init=10, tol=0.0, random_state=seed).fit_predict(full[name])
            for seed in range(3, 3 + STARTS)
        ]
        informations = [metrics.adjusted_mutual_info_score(labels, clusters) for clusters in runs]
        silhouettes = [metrics.silhouette_score(full[name], clusters) for clusters in runs]
        mean = part.given.mean
        assert mean.agreement.adjusted_mutual_information == pytest.approx(np.mean(informations), abs=1e-6)
        assert mean.shape.silhouette == pytest.approx(np.mean(silhouettes), abs=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_angles_and_lengths_are_those_of_the_embeddings(offset: float) -> None:
    embeddings = blobs(30, 4000, spread=1.0, offset=offset)[0].astype(np.float64)
    reduced = reduce(embeddings)
    assert reduced.lengths == pytest.approx(np.linalg.norm(embeddings, axis=1), rel=1e-12)
    expected = metrics.euclidean_distances(normalize(embeddings))
    assert metrics.euclidean_distances(unit(reduced)) == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_an_embedding_of_zeros_has_no_direction() -> None:
    embeddings, _ = blobs(20, 900, spread=1.0)
    embeddings[4] = 0
    distances = metrics.euclidean_distances(unit(reduce(embeddings)))
    assert np.delete(distances[4], 4) == pytest.approx(1.0)


def test_whitened_components_are_uncorrelated_and_too_few_to_be_a_simplex() -> None:
    components = whiten(reduce(blobs(80, 3000, spread=2.0)[0]).points)
    assert components.shape == (80, 8)
    assert np.cov(components.T) == pytest.approx(np.eye(8), abs=1e-9)


def test_whitening_keeps_the_fewest_components_that_hold_the_variance() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 6)) * [30, 20, 10, 1, 1, 1]
    assert whiten(values - values.mean(axis=0)).shape == (200, 3)


# --- validation ----------------------------------------------------------------------------------------------------


def test_k_is_estimated_if_the_clouds_are_distinct() -> None:
    embeddings, labels = blobs(48, 500, spread=0.05, offset=0)
    result = validated(normalize(embeddings), labels // 2, seed=0)["raw"]  # labels of two individuals, but four clouds
    assert result.given.clusters == 2
    assert result.estimated is not None
    assert result.estimated.clusters == INDIVIDUALS
    assert result.estimated.mean.agreement.purity == 1.0


def test_the_estimate_is_the_k_of_the_highest_silhouette() -> None:
    points = blobs(40, 3, spread=0.8)[0].astype(np.float64)
    silhouettes = {
        k: metrics.silhouette_score(points, KMeans(k, n_init=3, tol=0.0, random_state=5).fit_predict(points))
        for k in range(2, 3 * 3 + 1)
    }
    tried = try_counts(PointSet(points), individuals=3, seeds=[5])
    assert tried.counts == tuple(silhouettes)
    assert tried.silhouettes[0] == pytest.approx(tuple(silhouettes.values()), abs=1e-6)
    assert estimates(tried) == [max(silhouettes, key=lambda k: silhouettes[k])]


def test_the_range_of_the_estimate_is_over_several_seeds() -> None:
    embeddings, labels = blobs(60, 8, spread=2.0)
    points = PointSet(reduce(embeddings).points)
    counts = estimates(try_counts(points, INDIVIDUALS, range(2, 2 + ESTIMATE_SEEDS)))
    part = validated(embeddings, labels, seed=2)["raw"]
    assert part.estimated is not None
    assert part.estimated.clusters == counts[0]
    assert part.estimated_range == (min(counts), max(counts))
    assert len(set(counts)) > 1  # the seed matters for these clouds


def test_of_many_k_a_sample_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    def counted(points: PointSet, count: int, *_: int) -> NDArray[np.int64]:
        counts.append(count)
        return np.arange(len(points)) % count

    monkeypatch.setattr(clustering, "kmeans", counted)
    try_counts(PointSet(blobs(200, 3, spread=0.8)[0].astype(np.float64)), individuals=50, seeds=[0])
    assert counts[:4] == [2, 3, 4, 5]
    assert counts[-1] == 150
    assert len(counts) <= ESTIMATES
    assert counts == sorted(set(counts))
    assert max(np.diff(counts) / counts[:-1]) <= 1 / 2


def test_the_starts_are_the_published_row_with_other_seeds() -> None:
    embeddings, labels = blobs(50, 200, spread=6.0)
    given = validated(embeddings, labels, seed=11)["raw"].given
    rows = [cluster(reduce(embeddings), labels, seed) for seed in range(11, 11 + STARTS)]
    assert given.starts == STARTS == 5
    rands = [row.adjusted_rand for row in rows]
    assert np.ptp(rands) > 0
    assert given.mean.agreement.adjusted_rand == pytest.approx(np.mean(rands))
    assert given.sd.agreement.adjusted_rand == pytest.approx(np.std(rands, ddof=1))
    assert given.mean.shape.davies_bouldin == pytest.approx(np.mean([row.davies_bouldin for row in rows]))
    assert given.sd.shape.silhouette == pytest.approx(np.std([row.silhouette for row in rows], ddof=1))


def test_the_true_labels_agree_with_themselves() -> None:
    embeddings, labels = blobs(40, 100, spread=1.0)
    for part in validated(embeddings, labels, seed=0).values():
        assert numbers(part.truth.agreement) == pytest.approx((1, np.log(INDIVIDUALS), 1, 1, 1, 1, 1, 1))


# --- degenerate input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimensions", [2, 500])
def test_constant_embeddings_are_one_cluster_without_shape(dimensions: int) -> None:
    labels = np.arange(12) % 3
    for part in validated(np.full((12, dimensions), 0.1, np.float32), labels, seed=0).values():
        assert part.given.clusters == 1
        assert part.estimated is None
        assert numbers(part.given.mean.agreement) == pytest.approx((0, 0, 0, 0, 1 / 3, 1 / 3, 1, 1 / 2))
        for shape in (part.given.mean.shape, part.given.sd.shape, part.truth.shape):
            assert numbers(shape) == (None, None, None)


@pytest.mark.parametrize("dimensions", [1, 3, 500])
def test_embeddings_that_differ_in_length_alone_are_one_direction(dimensions: int) -> None:
    row = np.random.default_rng(0).random(dimensions).astype(np.float32)
    embeddings = row * 2.0 ** np.arange(9)[:, None]
    result = validated(embeddings.astype(np.float32), np.arange(9) % 3, seed=0)
    assert (result["raw"].given.clusters, result["unit"].given.clusters) == (3, 1)
    assert numbers(result["unit"].truth.shape) == (None, None, None)
    assert result["whitened"].dimensions == 1


@pytest.mark.parametrize("dimensions", [2, 500])
def test_fewer_distinct_embeddings_than_individuals(dimensions: int) -> None:
    embeddings = np.random.default_rng(0).normal(size=(2, dimensions)).astype(np.float32)[np.arange(12) % 2]
    for part in validated(embeddings, np.arange(12) % 4, seed=0).values():
        assert part.given.clusters == 2
        assert part.estimated is not None
        assert part.estimated.clusters == 2
        assert numbers(part.given.mean.shape) == pytest.approx((1.0, 0.0, None), abs=1e-7)


def test_one_individual() -> None:
    embeddings, _ = blobs(20, 60, spread=1.0)
    for part in validated(embeddings, np.zeros(20, int), seed=0).values():
        assert part.given.clusters == 1
        assert numbers(part.given.mean.agreement) == pytest.approx((1, 0, 1, 1, 1, 1, 1, 1))
        assert numbers(part.truth.shape) == (None, None, None)
        assert part.estimated is not None
        assert 2 <= part.estimated.clusters <= 3


@pytest.mark.parametrize("each", [1, 2])
def test_one_or_two_images_of_each_individual_are_not_measured(each: int) -> None:
    embeddings, _ = blobs(24, 60, spread=1.0)
    assert validated(embeddings, np.arange(24) // each, seed=0) == {}
    assert validated(embeddings, np.append(np.arange(22) // each, [0, 0]), seed=0).keys() == {"raw", "unit", "whitened"}


@pytest.mark.parametrize("images", [1, 2])
def test_one_or_two_images(images: int) -> None:
    assert validated(np.eye(images, 5, dtype=np.float16), np.arange(images), seed=0) == {}


# --- too many for exact results    ---------------------------------------------------------------------------------


def test_many_images_are_sampled_and_the_result_is_marked() -> None:
    embeddings, labels = blobs(160, 40, spread=0.3, offset=0)
    reduced = reduce(embeddings)
    for limit in (160, 80):
        result = cluster(reduced, labels, seed=0, exact_images=limit)
        assert (result.exact, result.adjusted_rand) == (limit == 160, 1.0)
        directions = PointSet(unit(reduced))
        clusters = clustering.kmeans(directions, INDIVIDUALS, seed=0, exact_images=limit)
        assert agreement(clusters, labels).adjusted_rand == 1.0
    whole, some = (clustering.shape(PointSet(unit(reduced)), labels, limit) for limit in (160, 80))
    assert some.davies_bouldin == whole.davies_bouldin
    assert some.silhouette == pytest.approx(whole.silhouette, abs=0.01)
    assert some.silhouette != whole.silhouette


def test_a_sketch_keeps_distances_nearly() -> None:
    embeddings, _ = blobs(40, 20_000, spread=1.0, offset=50)
    expected = metrics.euclidean_distances(reduce(embeddings).points)
    sketched = reduce(embeddings, exact_images=20)
    assert sketched.points.shape[1] <= 40
    ratios = metrics.euclidean_distances(sketched.points)[expected > 0] / expected[expected > 0]
    assert ratios.mean() == pytest.approx(1, abs=0.03)
    assert ratios.std() < 1.5 / np.sqrt(2 * clustering.SKETCH)  # of a distance half that of its square
    assert sketched.lengths == pytest.approx(np.linalg.norm(embeddings, axis=1), rel=0.2)


def test_blocks_of_rows_make_the_same_sketch() -> None:
    embeddings, _ = blobs(30, 3000, spread=1.0)
    whole = reduce(embeddings, exact_images=20).points
    assert reduce(embeddings, exact_images=20, block_bytes=8 * 3000 * 7).points == pytest.approx(whole)


def test_individuals_without_relation_to_the_embeddings_have_the_permuted_silhouette_in_any_dimension() -> None:
    """With a relation they exceed it; in few dimensions the same clouds reach more, so that levels do not compare."""
    levels = {}
    for dimensions in (2, 200):
        points, labels = np.random.default_rng(1).normal(size=(240, dimensions)), np.arange(240) % 6
        null = permuted_silhouette(PointSet(points), labels, seed=0)
        assert null is not None
        assert null == pytest.approx(metrics.silhouette_score(points, labels), abs=0.02)
        apart = np.random.default_rng(2).normal(size=(6, dimensions))[labels] + points
        excess = metrics.silhouette_score(apart, labels) - (permuted_silhouette(PointSet(apart), labels, seed=0) or 0)
        assert excess > 0.1
        levels[dimensions] = null
    assert levels[2] < levels[200] - 0.02


def test_few_distinct_labels_have_no_permuted_silhouette() -> None:
    points = np.arange(6.0)[:, None]
    assert permuted_silhouette(PointSet(points), np.zeros(6, int), seed=0) is None
    assert permuted_silhouette(PointSet(points), np.arange(6), seed=0) is None


def test_of_many_images_the_sample_of_the_silhouette_is_permuted() -> None:
    points, labels = np.random.default_rng(3).normal(size=(60, 5)), np.arange(60) % 4
    rows = clustering.sample(60, 40)
    sampled = permuted_silhouette(PointSet(points), labels, seed=0, exact_images=40)
    assert sampled == permuted_silhouette(PointSet(points[rows]), labels[rows], seed=0)
