"""Reading the files in which weights are published; nothing in them is ever executed."""

import re
import typing
import zipfile
from collections.abc import Mapping
from contextlib import suppress
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

BEGINNINGS = (b"PK\x03\x04", b"\x80\x02")
"""Of a file that torch writes: a zip archive, or until 2020 a pickle."""


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
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        raise DataError(
            f"{path.name}: cannot be read as weights because it {_fault(path, str(error))}. Get it again from the "
            "address in backbone.toml."
        ) from error
    if not isinstance(loaded, Mapping):
        raise DataError(f"{path.name}: holds a {type(loaded).__name__}, not weights by name. Is it the file named?")
    return loaded


def _fault(path: Path, said: str) -> str:
    """What is wrong with a file, in words of our own: torch's advise to let the file run what it holds."""
    if path.suffix == ".safetensors":
        return "is truncated, damaged or no safetensors file"
    refused = re.search(r"GLOBAL (\w\S*)", said)
    if refused:
        return f"holds more than tensors: it names {refused[1]}, which is not let pass and was not run"
    if "TorchScript" in said:
        return "holds more than tensors: it is a TorchScript program, which was not run"
    with path.open("rb") as file:
        torch_file = file.read(4).startswith(BEGINNINGS)
    if torch_file and zipfile.is_zipfile(path):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            torch_file = any(name.endswith("/data.pkl") for name in archive.namelist())
    return "is truncated or damaged" if torch_file else "is no file that PyTorch wrote"


def read_state(path: Path) -> dict[str, Tensor]:
    """Unpacked weights, as `patternbench weights` keeps them."""
    if path.suffix != ".safetensors":
        raise DataError(f"{path.name}: weights come as safetensors; `patternbench weights import` converts them.")
    return dict(read_published(path))
