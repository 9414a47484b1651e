import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from backbones.kit import loading
from backbones.kit.errors import DataError, JobError
from backbones.kit.job import FillJob
from backbones.kit.published import checkpoints
from support.backbones import WithoutWeights


def test_an_encoder_without_parameters_is_loaded_from_a_classifiers_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    checkpoints.save(path, {"encoder": {}, "head": {"linear.weight": torch.zeros(2, 3)}})
    loading._load_checkpoint(loading.build_backbone("pixels", ""), path)
    with pytest.raises(ValueError, match="missing"):
        loading._load_checkpoint(loading.build_backbone("lama", ""), path)


def test_a_checkpoint_of_neither_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    checkpoints.save(path, {"other": {"weight": torch.zeros(1)}})
    with pytest.raises(DataError, match=r"holds the state dicts \['other'\], expected `backbone` or `head`"):
        loading._load_checkpoint(loading.build_backbone("pixels", ""), path)


def test_an_unknown_variant_is_refused_with_the_known_ones() -> None:
    with pytest.raises(JobError, match="lama has no variant 'big'; it has: none"):
        loading.build_backbone("lama", "big")
    with pytest.raises(JobError, match=r"deepfillv2 has no variant 'x'; it has: .*tf"):
        loading.build_backbone("deepfillv2", "x")


class Packaged(WithoutWeights):
    """A backbone that remembers the loaded weights."""

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        return {f"{name}.{key}": value for key, value in checkpoint.items()}

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        self.loaded = name, dict(state)


def test_weights_of_a_package_must_have_the_stated_sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "net_weights_of_a_test" / "net.pth"
    file.parent.mkdir()
    (file.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    torch.save({"weight": torch.ones(2)}, file)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    entry = {"name": "own", "role": "encoder", "package": file.parent.name, "file": file.name, "sha256": sha256}
    monkeypatch.setattr(loading, "weights_of", lambda *_: [entry])
    job = FillJob(
        folder=tmp_path, variant="", image_size=8, seed=0, precision="float32", fast=True,
        batch_size=1, init="published", weights={}, checkpoint=None, threads=1, device="cpu",
    )  # fmt: skip

    def loaded() -> Any:
        backbone = Packaged()
        loading._load_published("net", job, backbone)
        return backbone.loaded

    assert loaded() == ("own", {"own.weight": pytest.approx(torch.ones(2))})
    torch.save({"weight": torch.zeros(2)}, file)
    with pytest.raises(DataError, match=rf"net\.pth of the package net_weights_of_a_test .*expected {sha256}"):
        loaded()
    entry["sha256"] = ""
    assert loaded() == ("own", {"own.weight": pytest.approx(torch.zeros(2))})
    entry["sha256"] = sha256
    file.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        loaded()
