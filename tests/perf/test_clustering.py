"""What reducing wide embeddings to the dimensions of their Gram matrix saves: time and memory beside scikit-learn.

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

from benchmark.metrics.clustering import coordinates, kmeans, measure

IMAGES, DIMENSIONS, INDIVIDUALS, STARTS = 300, 100_000, 6, 2


def measured(work: Callable[[], tuple[float, ...]]) -> tuple[tuple[float, ...], float, float]:
    """What the work gives, its seconds, and its peak of allocated memory in MiB."""
    tracemalloc.start()
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return result, seconds, peak


def in_full(embeddings: NDArray[np.float16], labels: NDArray[np.int64]) -> tuple[float, ...]:
    """The study's measures by scikit-learn on the array as it is."""
    raw = embeddings.astype(np.float64)
    found = KMeans(INDIVIDUALS, n_init=STARTS, tol=0.0, random_state=0).fit_predict(raw)
    return (
        metrics.adjusted_rand_score(labels, found),
        metrics.mutual_info_score(labels, found),
        metrics.silhouette_score(raw, found),
        metrics.davies_bouldin_score(raw, found),
        metrics.calinski_harabasz_score(raw, found),
    )


def reduced(embeddings: NDArray[np.float16], labels: NDArray[np.int64]) -> tuple[float, ...]:
    points = coordinates(embeddings)
    five = measure(points, kmeans(points, INDIVIDUALS, 0, STARTS), labels, DIMENSIONS).model_dump()
    return tuple(five.values())[:5]


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
    assert seconds < raw_seconds
