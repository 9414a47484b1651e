"""Conversion of a published file to safetensors: plain keys, tensors alone."""

from pathlib import Path

from backbones.kit.api import Backbone, RecipeSettings
from backbones.kit.errors import DataError
from backbones.kit.published.files import read_published


def convert(backbone: Backbone, entry: str, role: str, file: Path, output: Path) -> None:
    """Unpack a published file, check that it fits the network exactly, and write its weights.

    The weights keep the authors' precision; `strict_load` converts them to the network's.

    Args:
        backbone: the owner of the weights, with random ones.
        entry: name of the weights in backbone.toml.
        role: their role in backbone.toml.
        file: the file as published.
        output: the .safetensors file to write.

    Raises:
        DataError: the file is unreadable or has another layout, or a tensor is missing, unknown, not finite, or of
            another shape or kind.
    """
    from safetensors.torch import save_file

    try:
        state = backbone.unpack(entry, read_published(file))
        if role == "perceptual":
            backbone.recipe(RecipeSettings("published", {entry: state}))
        else:
            backbone.load(entry, state)
    except ValueError as error:
        raise DataError(str(error)) from error
    save_file({key: tensor.detach().clone().contiguous() for key, tensor in state.items()}, output)
