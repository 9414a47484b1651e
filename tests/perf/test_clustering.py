"""Time and memory of clustering wide embeddings by the dimensions of their Gram matrix, compared with scikit-learn.

And the share of a file of wide embeddings that is in memory while its part of a record is computed.

`pytest tests/perf -s` shows the ratios. More starts of k-means make the first larger.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.cluster import KMeans

from benchmark.metrics.cluster_validation import validate_clusters
from benchmark.metrics.clustering import BLOCK_BYTES, cluster, kmeans, measure, reduce
from benchmark.metrics.kmeans import PointSet
from benchmark.metrics.matches import Images
from benchmark.metrics.projections import pca
from benchmark.metrics.retrieval import Block, retrieve

IMAGES, DIMENSIONS, INDIVIDUALS, STARTS = 300, 100_000, 6, 2


def measured(work: Callable[[], tuple[float, ...]]) -> tuple[tuple[float, ...], float, float]:
    """Result of the work, its seconds, and its peak of allocated memory in MiB."""
    tracemalloc.start()
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return result, seconds, peak


def in_full(embeddings: NDArray[np.float16], labels: NDArray[np.int64]) -> tuple[float, ...]:
    """The paper's metrics by scikit-learn on the whole array."""
    raw = embeddings.astype(np.float64)
    clusters = KMeans(INDIVIDUALS, n_init=STARTS, tol=0.0, random_state=0).fit_predict(raw)
    return (
        metrics.adjusted_rand_score(labels, clusters),
        metrics.mutual_info_score(labels, clusters),
        metrics.silhouette_score(raw, clusters),
        metrics.davies_bouldin_score(raw, clusters),
        metrics.calinski_harabasz_score(raw, clusters),
    )


def reduced(embeddings: NDArray[np.float16], labels: NDArray[np.int64]) -> tuple[float, ...]:
    points = PointSet(reduce(embeddings, IMAGES).points)
    scores = measure(points, kmeans(points, INDIVIDUALS, 0, STARTS), labels, DIMENSIONS, seed=0)
    names = ("adjusted_rand", "mutual_information", "silhouette", "davies_bouldin", "calinski_harabasz")
    return tuple(getattr(scores, name) for name in names)


def test_reduced_embeddings_cost_a_fraction_of_the_raw_ones(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(IMAGES) % INDIVIDUALS
    centres = random.normal(scale=0.1, size=(INDIVIDUALS, DIMENSIONS)).astype(np.float32)
    values = 1 + centres[labels] + random.standard_normal((IMAGES, DIMENSIONS), np.float32)
    np.save(tmp_path / "embeddings.npy", values.astype(np.float16))
    embeddings = np.load(tmp_path / "embeddings.npy", mmap_mode="r")
    ours, seconds, memory = measured(lambda: reduced(embeddings, labels))
    theirs, raw_seconds, raw_memory = measured(lambda: in_full(embeddings, labels))
    sys.stdout.write(
        f"\n{IMAGES} x {DIMENSIONS}: {seconds:.2f} s and {memory:.0f} MiB, "
        f"raw {raw_seconds:.2f} s and {raw_memory:.0f} MiB: "
        f"{raw_seconds / seconds:.1f} times faster, {raw_memory / memory:.1f} times smaller\n"
    )
    assert ours == pytest.approx(theirs, abs=1e-6, rel=1e-6)
    assert memory < raw_memory


def evaluated(embeddings: NDArray[np.float16], labels: NDArray[np.int64]) -> tuple[float, ...]:
    """Metrics of embeddings in a record, except t-SNE and UMAP, which take the points that PCA takes."""
    reduced = reduce(embeddings, len(labels), block_bytes=BLOCK_BYTES // 100)
    rands = [part.given.mean.agreement.adjusted_rand for part in validate_clusters(reduced, labels, 0).values()]
    _, variance = pca(reduced.points)
    images, block = Images(embeddings, labels), Block(bytes=Block().bytes // 100)
    matches = retrieve(images, images, block=block)["cosine"]
    return (cluster(reduced, labels, 0).adjusted_rand, *rands, *variance, float(matches.precision.mean()))


def test_wide_embeddings_are_evaluated_within_a_fraction_of_their_size(tmp_path: Path) -> None:
    """A hundredth of 2000 images of 1,048,576 dimensions, with blocks as much smaller."""
    images, dimensions = 64, 400_000
    labels = np.arange(images) % INDIVIDUALS
    values = np.random.default_rng(0).standard_normal((images, dimensions), np.float32)
    values += 0.1 * values[labels]  # images of an individual are a little like its first
    np.save(tmp_path / "embeddings.npy", values.astype(np.float16))
    embeddings = np.load(tmp_path / "embeddings.npy", mmap_mode="r")
    metrics_, _, memory = measured(lambda: evaluated(embeddings, labels))
    size = embeddings.nbytes / 2**20
    sys.stdout.write(f"\n{images} x {dimensions}: {memory:.1f} MiB for a file of {size:.0f}\n")
    assert metrics_[-1] > 2 / INDIVIDUALS  # above chance
    assert memory < size / 3
