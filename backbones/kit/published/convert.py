"""A published file, read once with care and kept as safetensors: plain keys, tensors alone."""

from pathlib import Path

from backbones.kit.api import Backbone, RecipeSettings
from backbones.kit.errors import DataError
from backbones.kit.published.files import read_published


def convert(backbone: Backbone, entry: str, role: str, file: Path, output: Path) -> None:
    """Unpack a published file, see that it fits the network exactly, and write its weights.

    They keep the authors' precision; the network's is given to them when they are loaded, see `strict_load`.

    Args:
        backbone: whose weights they are.
        entry: name of the weights in backbone.toml.
        role: of the weights.
        file: as published.
        output: a .safetensors file.

    Raises:
        DataError: the file is unreadable, has another layout, or a key is missing, unknown, misshapen, of another
            kind or not finite.
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
