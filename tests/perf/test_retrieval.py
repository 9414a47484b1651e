"""Time and memory of ranking by blocks, compared with holding all similarities and all rankings at once.

With `--benchmark-enable --benchmark-json FILE` the numbers in brackets are the ratios in time, and `peak_mib` in the
file is the highest memory of Python and NumPy. Without it, each implementation runs once.
"""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmark.metrics.matches import Images
from benchmark.metrics.retrieval import Block, retrieve

IMAGES, DIMENSIONS, INDIVIDUALS = 1000, 64, 20


def part(seed: int) -> Images:
    random = np.random.default_rng(seed)
    labels = np.arange(IMAGES) % INDIVIDUALS
    centres = np.random.default_rng(0).normal(size=(INDIVIDUALS, DIMENSIONS))
    return Images(centres[labels] + 2 * random.normal(size=(IMAGES, DIMENSIONS)), labels)


def by_blocks(queries: Images, gallery: Images) -> list[float]:
    rankings = retrieve(queries, gallery, block=Block(bytes=2**20, columns=DIMENSIONS))
    return [float(np.mean(matches.precision)) for matches in rankings.values()]


def at_once(queries: Images, gallery: Images) -> list[float]:
    products = queries.embeddings @ gallery.embeddings.T
    lengths = [(images.embeddings**2).sum(axis=1) for images in (queries, gallery)]
    cosine = products / np.sqrt(np.outer(*lengths))
    closeness = 2 * products - lengths[1]
    return [mean_average_precision(similarity, queries.labels, gallery.labels) for similarity in (cosine, closeness)]


def mean_average_precision(similarity: np.ndarray, labels: np.ndarray, gallery_labels: np.ndarray) -> float:
    right = gallery_labels[np.argsort(-similarity, axis=1)] == labels[:, None]
    precision = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    return float(((precision * right).sum(axis=1) / right.sum(axis=1)).mean())


@pytest.mark.benchmark(group="retrieval")
@pytest.mark.parametrize("rank", [by_blocks, at_once])
def test_ranking(rank: Callable[[Images, Images], list[float]], benchmark: BenchmarkFixture) -> None:
    queries, gallery = part(1), part(2)
    tracemalloc.start()
    precisions = rank(queries, gallery)
    benchmark.extra_info["peak_mib"] = round(tracemalloc.get_traced_memory()[1] / 2**20, 1)
    tracemalloc.stop()
    assert precisions == pytest.approx(at_once(queries, gallery))
    benchmark(rank, queries, gallery)
