from pathlib import Path

import numpy as np
import pytest

from benchmark.protocol import Overrides, read_protocol
from benchmark.records.provenance import Stage
from harness.contract import Result
from harness.execution.holes import HoleTest, flipped
from harness.execution.results import StageResult
from harness.execution.store import Entry
from harness.scoring.inpainting import score
from support.paths import ROOT

SIDE, PHOTOS = 16, 6


def test_the_model_is_compared_with_each_filling_photo_by_photo(tmp_path: Path) -> None:
    truth = np.random.default_rng(0).integers(0, 200, (PHOTOS, SIDE, SIDE, 3), dtype=np.uint8)
    holes = np.zeros((PHOTOS, SIDE, SIDE), np.uint8)
    holes[:, 4:9, 5:12] = 1
    test = HoleTest(flipped(truth), flipped(holes))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "history.csv").write_text("epoch,validation\n1,0.5\n")
    errors = np.arange(1, PHOTOS + 1, dtype=np.uint8)[:, None, None, None]  # by photo, the same in its flips
    np.save(tmp_path / "out" / "reconstructions.npy", flipped(truth + errors))
    result = Result(contract="1", images=1, seconds=1, peak_memory_mib=1, versions={}, epoch=1, iterations=1, loss=0.5)
    stage = StageResult(Entry("key", tmp_path, {}), result, Stage(key="key", seconds=1))
    protocol = read_protocol("quick", ROOT / "benchmark" / "protocols").resolve("net", Overrides())
    scores = score(stage, stage, test, protocol, lpips_file=None)
    model = scores.reconstruction["model"]
    assert (model.photos, model.images) == (PHOTOS, 4 * PHOTOS)
    assert model.l1 == pytest.approx(np.mean(errors) / 255)
    assert set(scores.differences) == {"mean_colour", "telea"}
    for name, difference in scores.differences.items():
        assert difference.l1 == pytest.approx(model.l1 - scores.reconstruction[name].l1)
        assert difference.ssim == pytest.approx(model.ssim - scores.reconstruction[name].ssim)
        assert difference.intervals["ssim"].low > 0
        assert difference.intervals["l1"].groups == PHOTOS
