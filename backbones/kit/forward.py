"""Running one network of a model alone, so that anyone can hold it against its authors'."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backbones.kit.api import Part
from backbones.kit.errors import DataError, JobError
from backbones.kit.facts import FOLDER
from backbones.kit.weights import strict_load


def forward(name: str, part: str, state: Path, given: Path, output: Path) -> None:
    """Load a state strictly, apply the part in evaluation mode and float32, and write what it gives.

    Args:
        name: the backbone's folder.
        part: one of its parts.
        state: npz or safetensors, keyed by the published state-dict names of that part.
        given: npz with the tensors that the part takes.
        output: npz, written.

    Raises:
        JobError: there is no such part.
        DataError: a file is unreadable, a tensor is missing, or the state does not fit.
    """
    found = parts(name)
    if part not in found:
        raise JobError(f"{name} has no part {part!r}; it has: {', '.join(found) or 'none that can be run alone'}.")
    network = found[part].build()
    tensors = _read(given)
    missing = [wanted for wanted in found[part].inputs if wanted not in tensors]
    if missing:
        raise DataError(f"{given}: lacks {missing[0]!r}; {part} takes {', '.join(found[part].inputs)}.")
    try:
        strict_load(network, _read(state), str(state))
        with torch.no_grad():
            seen = found[part].run(network.eval(), {wanted: tensors[wanted].float() for wanted in found[part].inputs})
    except (ValueError, RuntimeError) as error:
        raise DataError(f"{part}: {error}") from error
    with output.open("wb") as file:
        np.savez(file, **{key: tensor.numpy() for key, tensor in seen.items()})  # type: ignore[arg-type]


def parts(name: str) -> Mapping[str, Part]:
    """The networks of a backbone that can be run alone, by name."""
    if not (FOLDER / name / "parts.py").is_file():
        return {}
    found: Mapping[str, Part] = import_module(f"backbones.{name}.parts").PARTS
    return found


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with np.load(path, allow_pickle=False) as arrays:
            return {key: torch.from_numpy(np.asarray(arrays[key])) for key in arrays.files}
    except Exception as error:
        raise DataError(f"{path}: cannot be read as npz or safetensors: {error}") from error
