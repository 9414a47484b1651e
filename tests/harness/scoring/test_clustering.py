from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.metrics import clustering as metrics
from benchmark.metrics import projections
from benchmark.metrics.cluster_validation import validate_clusters
from benchmark.records.provenance import Stage
from harness.contract import Result
from harness.execution.results import StageResult
from harness.execution.store import Entry
from harness.scoring import clustering

pytestmark = pytest.mark.xdist_group("umap")


class FakeTestSet:
    """Test images of two videos."""

    def __init__(self, labels: NDArray[np.int64], *, videos: bool) -> None:
        self.labels, self.positions, self.seed = labels, 100 + np.arange(len(labels)), 3
        self._videos = videos

    def recordings(self, positions: NDArray[np.int64]) -> NDArray[np.str_] | None:
        return np.array([f"Vid{position % 2}" for position in positions]) if self._videos else None


def encoded(folder: Path, embeddings: NDArray[np.floating]) -> StageResult:
    (folder / "out").mkdir(parents=True)
    np.save(folder / "out" / "embeddings.npy", embeddings)
    result = Result(contract="1", images=len(embeddings), seconds=1, peak_memory_mib=1, versions={})
    return StageResult(Entry("key", folder, {}), result, Stage(key="key", seconds=1))


@pytest.fixture
def embeddings() -> NDArray[np.float16]:
    random = np.random.default_rng(0)
    return (random.normal(size=(3, 90))[np.arange(12) % 3] + random.normal(size=(12, 90))).astype(np.float16)


def test_all_embeddings_are_scored_and_the_initial_and_finetuned_projected(
    tmp_path: Path, embeddings: NDArray[np.float16]
) -> None:
    labels = np.arange(12) % 3
    stages = {name: encoded(tmp_path / name, place + embeddings) for place, name in enumerate(("untrained", "initial"))}
    scores = clustering.score(stages, FakeTestSet(labels, videos=True))
    reduced = metrics.reduce(1 + embeddings, 12)
    assert set(scores.clustering) == set(scores.cluster_validation) == {"untrained", "initial"}
    assert scores.clustering["initial"] == metrics.cluster(reduced, labels, 3)
    assert scores.cluster_validation["initial"] == validate_clusters(reduced, labels, 3)
    assert set(scores.projections) == {"initial"}
    projected = scores.projections["initial"]
    assert projected == projections.project(reduced.points, 3)
    coordinates = (*projected.tsne.x, *projected.tsne.y)
    assert max(len(f"{abs(value):.10g}".replace(".", "").strip("0")) for value in coordinates) == 4
    assert scores.projected_images.rows == tuple(range(12))
    assert scores.projected_images.recordings == ("Vid0", "Vid1") * 6


def test_of_many_images_a_sample_is_projected_each_with_its_recording(
    tmp_path: Path, embeddings: NDArray[np.float16]
) -> None:
    stages = {name: encoded(tmp_path / name, embeddings) for name in ("initial", "finetuned")}
    scores = clustering.score(stages, FakeTestSet(np.arange(12) % 3, videos=True), most_projected=7)
    rows = scores.projected_images.rows
    assert len(rows) == len(scores.projections["finetuned"].pca.x) == len(scores.projections["initial"].umap.y) == 7
    assert scores.projected_images.recordings == tuple(f"Vid{row % 2}" for row in rows)


def test_recordings_may_be_unknown_and_few_images_have_no_neighbours(tmp_path: Path) -> None:
    stages = {"finetuned": encoded(tmp_path, np.eye(2, 5, dtype=np.float32))}
    scores = clustering.score(stages, FakeTestSet(np.arange(2), videos=False))
    assert scores.projected_images.recordings == ()
    assert scores.projections["finetuned"].tsne is scores.projections["finetuned"].umap is None
    assert scores.clustering["finetuned"].adjusted_rand is None
    assert scores.cluster_validation["finetuned"] == {}
