"""A job's backbone: built with random weights, then loaded with published weights or a checkpoint."""

import hashlib
from collections.abc import Mapping
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from backbones.kit.api import Backbone, Recipe, RecipeSettings
from backbones.kit.errors import DataError, JobError
from backbones.kit.facts import read_facts, weights_of
from backbones.kit.job import FillJob, InpaintJob, Job
from backbones.kit.published import checkpoints
from backbones.kit.published.files import read_published, read_state
from backbones.kit.published.weights import strict_load


def build_backbone(name: str, variant: str) -> Backbone:
    """The backbone with random weights.

    Raises:
        JobError: there is no such backbone, or it has no such variant.
    """
    allowed = read_facts(name).get("variants", [])
    if variant and variant not in allowed and "*" not in allowed:
        raise JobError(f"{name} has no variant {variant!r}; it has: {', '.join(allowed) or 'none'}.")
    module = import_module(f"backbones.{name}.model")
    try:
        backbone: Backbone = module.build(variant) if variant else module.build()
    except ValueError as error:
        raise JobError(f"{name}: {error}") from error
    return backbone


def load_backbone(name: str, job: Job) -> Backbone:
    """The backbone with the weights that the job names: published ones, then its checkpoint. Loading is strict.

    Raises:
        JobError: `init` is `published`, but a file of the weights did not come with the job.
        DataError: a file is unreadable, or its keys or shapes are not those of the network.
    """
    backbone = build_backbone(name, job.variant)
    try:
        if job.init == "published":
            _load_published(name, job, backbone)
        if job.checkpoint is not None:
            _load_checkpoint(backbone, job.checkpoint)
    except ValueError as error:
        raise DataError(str(error)) from error
    return backbone


def load_encoder(name: str, job: Job) -> nn.Module:
    """The encoder of the backbone that `load_backbone` returns; of a network that inpaints, only the encoder is loaded.

    The network is built without memory, and takes the tensors of the job's files unread: names, shapes and types are
    compared for the whole network, but only the values of the encoder are read. A network with random weights is built
    whole, as the draws of one layer decide those of the next, and what lies behind its encoder is dropped.

    Raises:
        JobError: as `load_backbone`.
        DataError: as `load_backbone`.
    """
    if job.starts_random or "train:inpaint" not in read_facts(name)["capabilities"]:
        return load_backbone(name, job).encoder
    try:
        with torch.device("meta"):
            encoder = load_backbone(name, job).encoder
    except RuntimeError:  # a network that computes with its own values while it is built
        return load_backbone(name, job).encoder
    if any(tensor.is_meta for tensor in (*encoder.parameters(), *encoder.buffers())):  # values that no file has
        return load_backbone(name, job).encoder
    tensors = encoder.state_dict()
    unread = sorted(key for key, tensor in tensors.items() if not tensor.isfinite().all())
    if unread:
        raise DataError(f"The weights of {name} are not finite: {unread[0]}. Are they of a training that diverged?")
    encoder.load_state_dict({key: tensor.clone() for key, tensor in tensors.items()}, assign=True)  # not in the file
    return encoder


def build_recipe(name: str, job: InpaintJob | FillJob, backbone: Backbone) -> Recipe:
    """The backbone's inpainting recipe, with the perceptual networks' weights that came with the job.

    A job that only fills holes has no loss, so its recipe has no perceptual network.

    Args:
        name: the backbone's folder.
        job: the job.
        backbone: the loaded backbone; the recipe shares its weights.

    Raises:
        JobError: the backbone cannot inpaint.
        DataError: weights of a perceptual network are missing or do not fit.
    """
    perceptual = job.perceptual if isinstance(job, InpaintJob) else "none"
    entries = [entry["name"] for entry in weights_of(name, job.variant) if entry["role"] == "perceptual"]
    weights = {entry: read_state(job.weights[entry]) for entry in entries if entry in job.weights}
    try:
        recipe = backbone.recipe(RecipeSettings(perceptual, weights))
    except ValueError as error:
        raise DataError(str(error)) from error
    if recipe is None:
        raise JobError(f"{name} cannot inpaint: its description lacks the capability train:inpaint.")
    return recipe


def _load_published(name: str, job: Job, backbone: Backbone) -> None:
    for entry in weights_of(name, job.variant):
        if entry["role"] == "perceptual":
            continue
        if entry.get("package"):
            file = resources.files(entry["package"]) / entry["file"]
            with resources.as_file(file) as path:
                _verify(path, entry)
                backbone.load(entry["name"], backbone.unpack(entry["name"], read_published(path)))
        elif entry["name"] in job.weights:
            backbone.load(entry["name"], read_state(job.weights[entry["name"]]))
        elif entry["role"] != "discriminator" or isinstance(job, InpaintJob):
            raise JobError(f"init is 'published', but the job's weights lack {entry['name']!r}.")


def _verify(path: Path, entry: Mapping[str, Any]) -> None:
    """Compare a package's file, which no import verified, with the sha256 in backbone.toml, unless that is empty."""
    expected = entry.get("sha256", "").lower()
    if not expected:
        return
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if actual != expected:
        raise DataError(
            f"{path.name} of the package {entry['package']} is not the file that backbone.toml names: its sha256 is "
            f"{actual}, expected {expected}. Install the package again, in the version of requirements.lock."
        )


def _load_checkpoint(backbone: Backbone, path: Path) -> None:
    states: dict[str, dict[str, Tensor]] = checkpoints.load(path)
    if "backbone" in states:
        strict_load(backbone.network, states["backbone"], str(path))
    elif "head" in states:
        strict_load(backbone.encoder, states.get("encoder", {}), str(path))  # an encoder may have no parameters
    else:
        raise DataError(f"{path}: holds the state dicts {sorted(states)}, expected `backbone` or `head`.")
