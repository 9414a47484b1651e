"""Evaluation of many images and of wide embeddings: clustering, retrieval, audit, scoring.

Each measurement is a process of its own, whose highest resident memory is noted. Full sizes take many minutes and
gigabytes, so `make perf` leaves them out: `make perf ARGS="evaluation --full"` measures them.
"""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmark.audit.audit import audit
from benchmark.metrics.cluster_validation import validate_clusters
from benchmark.metrics.clustering import cluster, kmeans, measure, reduce
from benchmark.metrics.kmeans import PointSet
from benchmark.metrics.retrieval import retrieve
from perf.support.apart import cost_of
from perf.support.samples import audit_sample, embedded, labels_of, write_embeddings
from perf.support.target import Measurement, Target

WIDE = 2**20
"""Dimensions of a flattened feature map of 256 channels at 64 x 64 positions."""

NARROW = 512
INDIVIDUALS = 6
STARTS = 2
"""Starts of k-means in the comparison; both sides have the same."""


def cluster_raw(path: Path, images: int) -> None:
    """The paper's metrics by scikit-learn on the whole array."""
    from sklearn import metrics
    from sklearn.cluster import KMeans

    raw, labels = np.load(path).astype(np.float32), labels_of(images, INDIVIDUALS)
    clusters = KMeans(INDIVIDUALS, n_init=STARTS, tol=0.0, random_state=0).fit_predict(raw)
    metrics.adjusted_rand_score(labels, clusters)
    metrics.mutual_info_score(labels, clusters)
    for score in (metrics.silhouette_score, metrics.davies_bouldin_score, metrics.calinski_harabasz_score):
        score(raw, clusters)


def cluster_reduced(path: Path, images: int) -> None:
    """The same metrics as a record has them, by the distances of the images."""
    embeddings, labels = np.load(path, mmap_mode="r"), labels_of(images, INDIVIDUALS)
    points = PointSet(reduce(embeddings, images).points)
    measure(points, kmeans(points, INDIVIDUALS, 0, STARTS), labels, embeddings.shape[1], seed=0)


def evaluate_clusters(path: Path, images: int) -> None:
    """All of a record's clustering, with every start and number of clusters, in each view of the embeddings."""
    embeddings, labels = np.load(path, mmap_mode="r"), labels_of(images, INDIVIDUALS)
    reduced = reduce(embeddings, images)
    cluster(reduced, labels, 0)
    validate_clusters(reduced, labels, 0)


def compare_clustering(images: int, dimensions: int) -> Measurement:
    """scikit-learn on the raw array against our own way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeddings.npy"
        write_embeddings(path, images, dimensions, INDIVIDUALS)
        raw = cost_of(partial(cluster_raw, path, images))
        ours = cost_of(partial(cluster_reduced, path, images))
    note = f"{STARTS} starts; peak of memory {ours.mebibytes:.0f} MiB, of scikit-learn {raw.mebibytes:.0f}"
    return Measurement(raw.seconds / ours.seconds, raw.seconds, ours.seconds, note)


def time_clustering(images: int, dimensions: int, limit: float) -> Measurement:
    """Seconds of a record's clustering."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeddings.npy"
        write_embeddings(path, images, dimensions, INDIVIDUALS)
        cost = cost_of(partial(evaluate_clusters, path, images))
    return Measurement(limit / cost.seconds, limit, cost.seconds, f"peak of memory {cost.mebibytes:.0f} MiB")


def search(images: int, individuals: int) -> None:
    """Rank a gallery for as many queries, by both distances."""
    retrieve(embedded(images, NARROW, individuals, 1), embedded(images, NARROW, individuals, 2))


def measure_retrieval(images: int, individuals: int, mebibytes: float) -> Measurement:
    """Peak of memory of a search."""
    cost = cost_of(partial(search, images, individuals))
    note = f"{NARROW} dimensions; {cost.seconds:.0f} s"
    return Measurement(mebibytes / cost.mebibytes, mebibytes, cost.mebibytes, note, "MiB")


def audit_images(images: int, individuals: int) -> None:
    """Audit a split with its search for look-alikes."""
    sample = audit_sample(images, individuals)
    audit(sample.catalogue, sample.split, hashes=sample.hashes)


def measure_audit(images: int, individuals: int, limit: float) -> Measurement:
    """Seconds of an audit."""
    cost = cost_of(partial(audit_images, images, individuals))
    return Measurement(limit / cost.seconds, limit, cost.seconds, f"peak of memory {cost.mebibytes:.0f} MiB")


def score_embeddings(images: int, individuals: int) -> None:
    """Cluster and search some test images, as the scoring of one encoder state does."""
    test, gallery = (embedded(images, NARROW, individuals, seed) for seed in (1, 2))
    reduced = reduce(test.embeddings, images)
    cluster(reduced, test.labels, 0)
    validate_clusters(reduced, test.labels, 0)
    retrieve(test, gallery)


def measure_scoring(images: int, individuals: int, limit: float) -> Measurement:
    """Seconds of the scoring."""
    cost = cost_of(partial(score_embeddings, images, individuals))
    note = f"clusters and rankings of {NARROW} dimensions; peak of memory {cost.mebibytes:.0f} MiB"
    return Measurement(limit / cost.seconds, limit, cost.seconds, note)


TARGETS = [
    Target("Clustering of 150 x 262,144 against scikit-learn", 10, partial(compare_clustering, 150, 2**18)),
    Target("Clustering of 300 x 262,144, at most 20 s", 1, partial(time_clustering, 300, 2**18, 20)),
    Target("Retrieval of 5,000 in 5,000, at most 1,500 MiB", 1, partial(measure_retrieval, 5_000, 500, 1_500)),
    Target("Audit of 5,000 images of 500, at most 10 s", 1, partial(measure_audit, 5_000, 500, 10)),
    Target("Scoring of 500 images of 80, at most 30 s", 1, partial(measure_scoring, 500, 80, 30)),
    Target(
        "Clustering of 600 x 1,048,576 against scikit-learn",
        50,
        partial(compare_clustering, 600, WIDE),
        full=True,
    ),
    Target("Clustering of 2,000 x 1,048,576, at most 120 s", 1, partial(time_clustering, 2_000, WIDE, 120), full=True),
    Target(
        "Retrieval of 50,000 in 50,000, at most 4,000 MiB",
        1,
        partial(measure_retrieval, 50_000, 5_000, 4_000),
        full=True,
    ),
    Target("Audit of 50,000 images of 5,000, at most 60 s", 1, partial(measure_audit, 50_000, 5_000, 60), full=True),
    Target("Scoring of 3,000 images of 500, at most 60 s", 1, partial(measure_scoring, 3_000, 500, 60), full=True),
]
