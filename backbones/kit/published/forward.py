"""Run one network of a model alone, to compare it with its authors' implementation."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backbones.kit.api import SubNetwork
from backbones.kit.errors import DataError, JobError
from backbones.kit.facts import BACKBONES
from backbones.kit.published.weights import strict_load

CHANNELS = {"image": 3, "gray": 1, "edge": 1, "mask": 1}
"""Channels of each input tensor (B, channels, H, W) in [0, 1], by name."""

ROUNDING = 1e-6
"""Distance by which a value may exceed [0, 1]: a gray image is a sum of products."""


def forward(name: str, network_name: str, state: Path, inputs: Path, output: Path) -> None:
    """Load a state dict strictly, run a network in evaluation mode and float32, and write its outputs.

    Args:
        name: the backbone's folder.
        network_name: one of its sub-networks.
        state: npz or safetensors file with the network's published state dict keys.
        inputs: npz file with the network's input tensors: `image` (B, 3, H, W), `gray`, `edge` and `mask`
            (B, 1, H, W), B at least 1, all with the same B, H and W. Values are in [0, 1], those of a mask 0 or 1;
            `image` and `gray` are floating-point.
        output: npz file to write.

    Raises:
        JobError: there is no such network, it does not take images of this size, or the output cannot be written.
        DataError: a file is unreadable, an input is missing or not as described above, or the state does not fit.
    """
    known = subnetworks(name)
    if network_name not in known:
        raise JobError(
            f"{name} has no part {network_name!r}; it has: {', '.join(known) or 'none that can be run alone'}."
        )
    network = known[network_name]
    _require_writable(output)
    tensors = _read(inputs)
    missing = [key for key in network.inputs if key not in tensors]
    if missing:
        raise DataError(f"{inputs}: {missing[0]!r} is missing; {network_name} takes {', '.join(network.inputs)}.")
    try:
        checked = _checked(tensors, network.inputs)
    except ValueError as error:
        raise DataError(f"{inputs}: {error}") from error
    outputs = _run(network, network_name, _read(state), str(state), checked)
    try:
        with output.open("wb") as file:
            np.savez(file, **{key: tensor.numpy() for key, tensor in outputs.items()})  # type: ignore[arg-type]
    except OSError as error:
        raise JobError(f"{output}: cannot be written: {error.strerror}.") from error


def subnetworks(name: str) -> Mapping[str, SubNetwork]:
    """The networks of a backbone that can run alone, by name."""
    if not (BACKBONES / name / "subnetworks.py").is_file():
        return {}
    networks: Mapping[str, SubNetwork] = import_module(f"backbones.{name}.subnetworks").SUBNETWORKS
    return networks


def _run(
    subnetwork: SubNetwork, name: str, state: Mapping[str, Tensor], what: str, inputs: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    network = subnetwork.build()
    try:
        strict_load(network, state, what)
        if subnetwork.check:
            subnetwork.check(state)
    except ValueError as error:
        raise DataError(f"{name}: {error}") from error
    try:
        with torch.no_grad():
            return subnetwork.run(network.eval(), inputs)
    except ValueError as error:
        raise JobError(f"{name}: {error}") from error


def _require_writable(output: Path) -> None:
    """Refuse an output path that no file can have, before anything is computed."""
    if output.is_dir():
        raise JobError(f"{output}: is a folder; name the npz file to write.")
    if not output.parent.is_dir():
        raise JobError(f"{output}: there is no folder {output.parent}; create it first.")


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with np.load(path, allow_pickle=False) as arrays:
            return {key: torch.from_numpy(np.asarray(arrays[key])) for key in arrays.files}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        raise DataError(
            f"{path}: cannot be read as npz or safetensors. It is truncated, of another format (a .pt or .pth file has "
            "to be converted first), or holds more than plain numbers."
        ) from error


def _checked(tensors: Mapping[str, Tensor], names: Sequence[str]) -> dict[str, Tensor]:
    """The named tensors in float32; raises ValueError if one is not as `forward` documents."""
    checked: dict[str, Tensor] = {}
    for name in names:
        _require_shape(name, tensors[name])
        _require_numbers(name, tensors[name])
        checked[name] = tensors[name].float()
        _require_range(name, checked[name])
    first = names[0]
    for name, tensor in checked.items():
        if (tensor.shape[0], *tensor.shape[2:]) != (checked[first].shape[0], *checked[first].shape[2:]):
            raise ValueError(
                f"{name} is {tuple(tensor.shape)} and {first} {tuple(checked[first].shape)}; batch, height and width "
                "must be the same."
            )
    return checked


def _require_shape(name: str, tensor: Tensor) -> None:
    channels = CHANNELS[name]
    if tensor.ndim != 4 or tensor.shape[1] != channels or not tensor.numel():  # noqa: PLR2004 - as in (B, C, H, W)
        raise ValueError(
            f"{name} is {tuple(tensor.shape)}, but should be (B, {channels}, H, W) with at least one image and pixel."
        )


def _require_numbers(name: str, tensor: Tensor) -> None:
    kind = str(tensor.dtype).removeprefix("torch.")
    if tensor.is_complex():
        raise ValueError(f"{name} is {kind}, but should be real.")
    if name in {"image", "gray"} and not tensor.is_floating_point():
        raise ValueError(f"{name} is {kind}, but should be floating-point in [0, 1]: divide values in 0..255 by 255.")


def _require_range(name: str, tensor: Tensor) -> None:
    if not tensor.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinity, but should be in [0, 1].")
    low, high = tensor.min().item(), tensor.max().item()
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"{name} goes from {low:g} to {high:g}, but should be in [0, 1]; the network converts it to its own range."
        )
    between = tensor[(tensor != 0) & (tensor != 1)]
    if name == "mask" and between.numel():
        raise ValueError(f"mask holds {between[0].item():g}, but should be 1 in holes and 0 elsewhere.")
