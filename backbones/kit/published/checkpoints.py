"""Checkpoints as safetensors: of inpainting (`backbone.*`) or of classification (`encoder.*`, `head.*`)."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from backbones.kit.errors import DataError


def save(path: Path, parts: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Write the state of each part under its name; keys become `<part>.<key>`."""
    from safetensors.torch import save_file

    tensors = {
        f"{part}.{key}": tensor.detach().cpu().contiguous().clone()
        for part, state in parts.items()
        for key, tensor in state.items()
    }
    save_file(tensors, path)


def load(path: Path) -> dict[str, dict[str, Tensor]]:
    """What `save` was given.

    Raises:
        DataError: the file is missing, truncated or not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path}: not a readable safetensors checkpoint: {error}") from error
    parts: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        part, _, rest = key.partition(".")
        parts.setdefault(part, {})[rest] = tensor
    return parts
