"""What a job starts from: random weights, published ones, or the checkpoint of an earlier stage."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backbones.kit import checkpoints
from backbones.kit.api import Backbone, Recipe, RecipeSettings
from backbones.kit.errors import DataError, JobError
from backbones.kit.job import InpaintJob, Job
from backbones.kit.weights import strict_load


def start(name: str, job: Job) -> Backbone:
    """Build the backbone and give it the weights that the job names; nothing is ever loaded in part.

    Raises:
        JobError: `init` names weights that did not come with the job.
        DataError: a file is unreadable, or its keys or shapes are not the expected ones.
    """
    backbone: Backbone = importlib.import_module(f"backbones.{name}.model").build()
    try:
        if job.checkpoint is not None:
            _resume(backbone, job.checkpoint)
        elif job.init != "random":
            backbone.load_published(job.init, read_weights(_file(job, job.init)))
    except ValueError as error:
        raise DataError(str(error)) from error
    return backbone


def recipe(name: str, job: InpaintJob, backbone: Backbone) -> Recipe:
    """The backbone's inpainting recipe, with the perceptual networks' weights that came with the job."""
    weights = {other: read_weights(_file(job, other)) for other in job.weights if other != job.init}
    try:
        found = backbone.recipe(RecipeSettings(job.perceptual, weights))
    except ValueError as error:
        raise DataError(str(error)) from error
    if found is None:
        raise JobError(f"{name} cannot inpaint: its description lacks the capability train:inpaint.")
    return found


def read_weights(path: Path) -> Mapping[str, Any]:
    """A published file as it is: safetensors, or a pickle of tensors alone (nothing in it is ever executed)."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        loaded: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DataError(
            f"{path.name}: cannot be read as weights ({type(error).__name__}: {str(error).splitlines()[0]}). The file "
            "is truncated, or holds more than tensors; get it again from the address in backbone.toml."
        ) from error
    return loaded


def _file(job: Job, name: str) -> Path:
    if name not in job.weights:
        raise JobError(f"init is {name!r}, but the job's weights have only {sorted(job.weights)}.")
    return job.weights[name]


def _resume(backbone: Backbone, path: Path) -> None:
    parts: dict[str, dict[str, Tensor]] = checkpoints.load(path)
    if "backbone" in parts:
        strict_load(backbone.network, parts["backbone"], str(path))
    elif "encoder" in parts:
        strict_load(backbone.encoder, parts["encoder"], str(path))
    else:
        raise DataError(f"{path}: has the parts {sorted(parts)}, expected `backbone` or `encoder`.")
