"""The authors' networks: their state dicts, and their outputs for weights and inputs made by a rule.

`rule` is the fixture of that name.
"""

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from backbones.kit.published.vgg import Vgg19
from support.networks import relative_error
from support.paths import REFERENCE

Shapes = dict[str, tuple[int, ...]]


def manifest(model: str, part: str) -> Shapes:
    """The keys of a published state dict in their order, with the tensors' shapes."""
    entries = json.loads((REFERENCE / f"manifest_{model}_{part}.json").read_text())["state_dict"]
    return {entry["key"]: tuple(entry["shape"]) for entry in entries}


def shapes_of(network: nn.Module) -> Shapes:
    """The same of a network of ours."""
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def apply_rule(rule: ModuleType, network: nn.Module, shapes: Shapes, prefix: str = "", gain: float = 1.0) -> None:
    """Give a network the weights of the reference values, strictly, and set it to evaluation.

    Args:
        rule: makes a tensor of its key and shape.
        network: whose state dict has exactly these keys and shapes.
        shapes: by key.
        prefix: of the keys in the authors' larger model, where the network is a part of it.
        gain: of the weights of two and more dimensions.
    """
    arrays = rule.make_weights({prefix + key: shape for key, shape in shapes.items()}, gain)
    state = {key.removeprefix(prefix): torch.from_numpy(array) for key, array in arrays.items()}
    network.load_state_dict(state, strict=True)
    network.eval()


def ruled_vgg(rule: ModuleType) -> Vgg19:
    """The perceptual network of the recorded losses."""
    network = Vgg19()
    apply_rule(rule, network, shapes_of(network), prefix="vgg19.", gain=2**0.5)
    return network


def reference_batch(rule: ModuleType, seed: int = 20240601) -> dict[str, Tensor]:
    """`image` (2, 3, 64, 64) and `gray`, `mask`, `edge` (2, 1, 64, 64), float32 in [0, 1]; mask 1 = hole, edge 1."""
    names = {"image01": "image", "gray01": "gray", "mask": "mask", "edge": "edge"}
    return {names[key]: torch.from_numpy(array) for key, array in rule.make_inputs(seed, 2, 64, 64).items()}


def assert_recorded(
    recorded: Mapping[str, Any], name: str, tensor: Tensor, *, within: float, moments: float = 1e-4
) -> None:
    """Compare a tensor with what is recorded of the authors': its shape, some of its values, mean and deviation.

    Args:
        recorded: the content of a refA file.
        name: of the tensor in it.
        tensor: ours.
        within: what the picked values may differ by, as a share of the largest.
        moments: what mean and standard deviation may, each as a share of itself.
    """
    assert list(tensor.shape) == recorded[f"{name}_shape"].tolist()
    picked = tensor.flatten().numpy()[recorded[f"{name}_index"]]
    assert relative_error(picked, recorded[f"{name}_value"]) <= within
    assert float(tensor.double().mean()) == pytest.approx(float(recorded[f"{name}_mean"]), rel=moments, abs=1e-6)
    assert float(tensor.double().std(correction=0)) == pytest.approx(float(recorded[f"{name}_std"]), rel=moments)
