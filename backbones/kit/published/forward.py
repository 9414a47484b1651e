"""Running one network of a model alone, so that anyone can hold it against its authors'."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backbones.kit.api import Part
from backbones.kit.errors import DataError, JobError
from backbones.kit.facts import FOLDER
from backbones.kit.published.weights import strict_load

CHANNELS = {"image": 3, "gray": 1, "edge": 1, "mask": 1}
"""Of the tensors that parts take, (B, channels, H, W) in [0, 1]."""

ROUNDING = 1e-6
"""How far a value may lie outside [0, 1]: a gray image is a sum of products."""


def forward(name: str, part: str, state: Path, given: Path, output: Path) -> None:
    """Load a state strictly, apply the part in evaluation mode and float32, and write what it gives.

    Args:
        name: the backbone's folder.
        part: one of its parts.
        state: npz or safetensors, keyed by the published state-dict names of that part.
        given: npz with the tensors that the part takes: `image` (B, 3, H, W), `gray`, `edge` and `mask` (B, 1, H, W)
            of at least one image, all of one batch, height and width. Values in [0, 1], of a mask 0 or 1 alone; of
            image and gray floating-point.
        output: npz, written.

    Raises:
        JobError: there is no such part, it does not take images of this size, or the output cannot be written.
        DataError: a file is unreadable, a tensor is missing or not as said above, or the state does not fit.
    """
    found = parts(name)
    if part not in found:
        raise JobError(f"{name} has no part {part!r}; it has: {', '.join(found) or 'none that can be run alone'}.")
    _require_place(output)
    tensors = _read(given)
    missing = [wanted for wanted in found[part].inputs if wanted not in tensors]
    if missing:
        raise DataError(f"{given}: lacks {missing[0]!r}; {part} takes {', '.join(found[part].inputs)}.")
    try:
        inputs = _checked(tensors, found[part].inputs)
    except ValueError as error:
        raise DataError(f"{given}: {error}") from error
    seen = _apply(found[part], part, _read(state), str(state), inputs)
    try:
        with output.open("wb") as file:
            np.savez(file, **{key: tensor.numpy() for key, tensor in seen.items()})  # type: ignore[arg-type]
    except OSError as error:
        raise JobError(f"{output}: cannot be written: {error.strerror}.") from error


def parts(name: str) -> Mapping[str, Part]:
    """The networks of a backbone that can be run alone, by name."""
    if not (FOLDER / name / "parts.py").is_file():
        return {}
    found: Mapping[str, Part] = import_module(f"backbones.{name}.parts").PARTS
    return found


def _apply(
    part: Part, name: str, state: Mapping[str, Tensor], what: str, inputs: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    network = part.build()
    try:
        strict_load(network, state, what)
        if part.check:
            part.check(state)
    except ValueError as error:
        raise DataError(f"{name}: {error}") from error
    try:
        with torch.no_grad():
            return part.run(network.eval(), inputs)
    except ValueError as error:
        raise JobError(f"{name}: {error}") from error


def _require_place(output: Path) -> None:
    """See before anything is computed that a file can stand there."""
    if output.is_dir():
        raise JobError(f"{output}: is a folder; name the npz file to write.")
    if not output.parent.is_dir():
        raise JobError(f"{output}: there is no folder {output.parent}; make it first.")


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
            "to be made one of these first), or holds more than plain numbers."
        ) from error


def _checked(tensors: Mapping[str, Tensor], wanted: Sequence[str]) -> dict[str, Tensor]:
    """The wanted tensors in float32; ValueError where one is not as `forward` says."""
    checked: dict[str, Tensor] = {}
    for name in wanted:
        _require_shape(name, tensors[name])
        _require_numbers(name, tensors[name])
        checked[name] = tensors[name].float()
        _require_range(name, checked[name])
    first = wanted[0]
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
        raise ValueError(f"{name} is {kind}, but should be floating-point in [0, 1]: divide what is in 0..255 by 255.")


def _require_range(name: str, tensor: Tensor) -> None:
    if not tensor.isfinite().all():
        raise ValueError(f"{name} holds NaN or infinity, but should be in [0, 1].")
    low, high = tensor.min().item(), tensor.max().item()
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"{name} goes from {low:g} to {high:g}, but should be in [0, 1]; the model's own range is made inside."
        )
    between = tensor[(tensor != 0) & (tensor != 1)]
    if name == "mask" and between.numel():
        raise ValueError(f"mask holds {between[0].item():g}, but should be 1 in holes and 0 elsewhere.")
