from pathlib import Path

import numpy as np
import pytest
from torch import Tensor, nn

from benchmark.metrics import perceptual
from benchmark.protocol import Overrides, ResolvedProtocol, read_protocol
from benchmark.records.provenance import Stage
from harness.contract import Result
from harness.execution.crops import CropSet
from harness.execution.holes import hole_test
from harness.execution.results import StageResult
from harness.execution.store import Entry
from harness.scoring.inpainting import kept_epochs, score
from support.paths import ROOT
from support.pets import cut, pets

PHOTOS = 5
"""Unseen photos of `pets`."""


class Brightness(nn.Module):
    """A stub of LPIPS: the difference in brightness at every pixel."""

    def forward(self, images: Tensor, others: Tensor, *, normalize: bool) -> Tensor:  # noqa: ARG002
        return (images - others).abs().mean(dim=1, keepdim=True)


@pytest.fixture
def crops(tmp_path: Path) -> CropSet:
    return cut(pets(tmp_path))


def protocol() -> ResolvedProtocol:
    return read_protocol("quick", ROOT / "benchmark" / "protocols").resolve("net", Overrides())


def stage(folder: Path, history: str, reconstructions: np.ndarray | None = None) -> StageResult:
    (folder / "out").mkdir(parents=True)
    (folder / "out" / "history.csv").write_text(history)
    if reconstructions is not None:
        np.save(folder / "out" / "reconstructions.npy", reconstructions)
    result = Result(contract="1", images=1, seconds=1, peak_memory_mib=1, versions={}, epoch=1, iterations=1, loss=0.5)
    return StageResult(Entry("key", folder, {}), result, Stage(key="key", seconds=1))


def test_the_model_is_compared_with_each_filling_photo_by_photo(
    tmp_path: Path, crops: CropSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model errs by 1 to 5 of 255, one for each photo; the mean colour of a grey photo is exact."""
    monkeypatch.setattr(perceptual, "load", lambda _: Brightness())
    monkeypatch.setattr(perceptual, "SMALLEST", 1)
    test = hole_test(crops, "pattern", 80)
    wrong = np.arange(1, PHOTOS + 1, dtype=np.uint8)
    filled = stage(tmp_path / "net", "epoch,validation\n1,0.5\n", test.truth + wrong[:, None, None, None])
    scores = score(filled, filled, crops, protocol(), lpips_file=tmp_path)
    model = scores.reconstruction["model"]
    assert (model.photos, model.images) == (PHOTOS, PHOTOS)
    assert model.by_photo["l1"] == pytest.approx(wrong / 255, abs=1e-6)
    assert model.lpips == pytest.approx(3 / 255, abs=1e-6)
    assert set(scores.differences) == {"mean_colour", "telea"}
    exact = scores.differences["mean_colour"]
    assert exact.psnr is None
    assert (exact.l1, exact.lpips) == pytest.approx((3 / 255, 3 / 255), abs=1e-6)
    for name, difference in scores.differences.items():
        gaps = np.subtract(model.by_photo["lpips"], scores.reconstruction[name].by_photo["lpips"])
        assert difference.lpips == pytest.approx(gaps.mean(), abs=1e-6)
        assert difference.intervals == {}  # five units
        assert difference.units == PHOTOS
    assert (len(scores.units), scores.unit_kind) == (PHOTOS, "images")


def test_a_training_without_test_photos_has_its_losses_alone(tmp_path: Path, crops: CropSet) -> None:
    scores = score(stage(tmp_path / "net", "epoch,validation\n1,0.5\n"), None, crops, protocol(), None)
    assert (scores.validation, scores.reconstruction, scores.units) == ((0.5,), {}, ())


def test_a_history_without_settled_losses_was_kept_by_the_lowest_loss(tmp_path: Path, crops: CropSet) -> None:
    """A contestant that writes the columns of before; without batch normalisation both rules keep the same epoch."""
    scores = score(stage(tmp_path / "net", "epoch,iterations,validation\n1,3,0.5\n"), None, crops, protocol(), None)
    assert (scores.rule, scores.settled, scores.kept) == ("lowest", (), {"lowest": 1, "settled": 1})


def test_both_curves_and_the_epochs_of_both_rules_are_recorded(tmp_path: Path, crops: CropSet) -> None:
    table = "epoch,validation,settled\n1,0.5,0.6\n2,0.3,0.4\n3,9.0,0.2\n"
    scores = score(stage(tmp_path / "net", table), None, crops, protocol(), None)
    assert (scores.validation, scores.settled) == ((0.5, 0.3, 9.0), (0.6, 0.4, 0.2))
    assert (scores.rule, scores.kept) == ("settled", {"lowest": 2, "settled": 3})


def test_a_rule_keeps_an_epoch_of_the_last_phase() -> None:
    rows = [
        {"phase": phase, "epoch": epoch, "validation": running, "settled": settled}
        for phase, epoch, running, settled in (("1", "1", "0", "0"), ("2", "2", "5", "7"), ("2", "3", "6", "4"))
    ]
    assert kept_epochs(rows) == {"lowest": 2, "settled": 3}
