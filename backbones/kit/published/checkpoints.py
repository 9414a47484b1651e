"""Checkpoints as safetensors: of inpainting (`backbone.*`) or of classification (`encoder.*`, `head.*`)."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from backbones.kit.errors import DataError


def save(path: Path, states: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Write the state dict of each network; keys become `<network>.<key>`."""
    from safetensors.torch import save_file

    tensors = {
        f"{network}.{key}": tensor.detach().cpu().contiguous().clone()
        for network, state in states.items()
        for key, tensor in state.items()
    }
    save_file(tensors, path)


def load(path: Path) -> dict[str, dict[str, Tensor]]:
    """The state dict of each network that `save` wrote, by its name.

    Raises:
        DataError: the file is missing, truncated or not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path}: not a readable safetensors checkpoint: {error}") from error
    states: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        network, _, own_key = key.partition(".")
        states.setdefault(network, {})[own_key] = tensor
    return states
