"""Probes of a run: the training images of each encoder state, the known test images, the record part."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.records.provenance import Stage
from harness.contract import Result
from harness.execution.results import StageResult
from harness.execution.store import Entry
from harness.scoring.probing import score
from harness.scoring.test_set import TestSet
from support.pets import cut, pets


def encoded(folder: Path, embeddings: NDArray[np.floating]) -> StageResult:
    (folder / "out").mkdir(parents=True)
    np.save(folder / "out" / "embeddings.npy", embeddings.astype(np.float16))
    result = Result(contract="1", images=len(embeddings), seconds=1, peak_memory_mib=1, versions={})
    return StageResult(Entry("key", folder, {}), result, Stage(key="key", seconds=1))


def test_every_state_with_encoded_training_images_is_probed(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    test_set = TestSet(crops, 0)
    marks = np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 5.0]])
    train = encoded(tmp_path / "train", marks[crops.rows("train").labels])
    test = encoded(tmp_path / "test", marks[test_set.labels])
    probes = score({"initial": test, "finetuned": test}, {"initial": {"train": train}, "finetuned": {}}, test_set)
    assert set(probes) == {"initial"}
    both = probes["initial"]
    assert both.linear.answers == both.nearest.answers == tuple(test_set.labels.tolist())
    assert (both.linear.test.accuracy, both.linear.test.images, both.linear.converged) == (1, 1, True)
