from pathlib import Path

import numpy as np
import pytest
import torch

from backbones.kit import checkpoints, start
from backbones.kit.errors import DataError, JobError


def test_an_encoder_without_parameters_comes_back_from_a_classifier_s_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    checkpoints.save(path, {"encoder": {}, "head": {"linear.weight": torch.zeros(2, 3)}})
    start._resume(start.build("pixels", ""), path)
    with pytest.raises(ValueError, match="missing"):
        start._resume(start.build("lama", ""), path)


def test_a_checkpoint_of_neither_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    checkpoints.save(path, {"other": {"weight": torch.zeros(1)}})
    with pytest.raises(DataError, match=r"has the parts \['other'\], expected `backbone` or `head`"):
        start._resume(start.build("pixels", ""), path)


def test_an_unknown_variant_names_those_there_are() -> None:
    with pytest.raises(JobError, match="lama has no variant 'big'; it has: none"):
        start.build("lama", "big")
    with pytest.raises(JobError, match=r"deepfillv2 has no variant 'x'; it has: .*tf"):
        start.build("deepfillv2", "x")


def test_what_is_no_mapping_of_weights_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "tensor.pt")
    with pytest.raises(DataError, match="holds a Tensor, not weights by name"):
        start.read_published(tmp_path / "tensor.pt")
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(DataError, match="cannot be read as weights"):
        start.read_published(tmp_path / "array.npy")
