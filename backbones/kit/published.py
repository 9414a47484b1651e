"""Reading the files in which weights are published; nothing in them is ever executed."""

import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backbones.kit.errors import DataError


class _Ignored:
    """What an object of a training framework is read as: made of anything, it keeps nothing."""

    def __new__(cls, *_: object) -> typing.Self:
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        pass


def _without_factory(*_: object) -> dict[Any, Any]:
    return {}


FRAMEWORKS = (
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.nodes.AnyNode",
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
)
"""Classes that PyTorch Lightning's checkpoints name beside the weights, as LaMa's published one does."""

READABLE: list[Any] = [
    *((_Ignored, name) for name in FRAMEWORKS),
    (_without_factory, "collections.defaultdict"),
    (typing.Any, "typing.Any"),
    dict,
    int,
    list,
]
"""What a pickle may name beside what torch itself lets pass; each is looked up here, none is imported."""


def read_published(path: Path) -> Mapping[str, Any]:
    """A published file as it is: safetensors, or a pickle of tensors and of what training frameworks leave beside them.

    Raises:
        DataError: it cannot be read, names anything else, or holds no mapping.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with torch.serialization.safe_globals(READABLE):
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        said = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])  # torch ends some with no message
        raise DataError(
            f"{path.name}: cannot be read as weights ({said}). The file is truncated, or holds more than tensors; get "
            "it again from the address in backbone.toml."
        ) from error
    if not isinstance(loaded, Mapping):
        raise DataError(f"{path.name}: holds a {type(loaded).__name__}, not weights by name. Is it the file named?")
    return loaded


def read_state(path: Path) -> dict[str, Tensor]:
    """Unpacked weights, as `patternbench weights` keeps them."""
    if path.suffix != ".safetensors":
        raise DataError(f"{path.name}: weights come as safetensors; `patternbench weights import` converts them.")
    return dict(read_published(path))
