"""Reading of published weight files; nothing in them is ever executed."""

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
    """Replaces an object of a training framework: takes any arguments and state, and stores none."""

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
"""Classes that checkpoints of PyTorch Lightning name besides the weights, LaMa's published one among them."""

BESIDE_WEIGHTS = (
    "_codecs.encode",
    "argparse.Namespace",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.dtype",
    "numpy.ndarray",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PureWindowsPath",
    "pathlib.WindowsPath",
)
"""Numbers, options and paths that trainings of one's own store besides the weights."""

PARALLEL = "module."
"""Start of every key of a network that was trained on several GPUs."""

READABLE: list[Any] = [
    *((_Ignored, name) for name in (*FRAMEWORKS, *BESIDE_WEIGHTS)),
    (_without_factory, "collections.defaultdict"),
    (typing.Any, "typing.Any"),
    dict,
    int,
    list,
]
"""Names that a pickle may use besides those that torch allows; each is replaced by the object here, none imported."""

MAGIC_NUMBERS = (b"PK\x03\x04", b"\x80\x02")
"""First bytes of a file that torch writes: a zip archive, or until 2020 a pickle."""


def read_published(path: Path) -> Mapping[str, Any]:
    """The content of a published file: safetensors, or a pickle of tensors and objects of training frameworks.

    Raises:
        DataError: the file cannot be read, names other objects, or holds no mapping.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return plain_keys(load_file(path))
        with torch.serialization.safe_globals(READABLE):
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        raise DataError(
            f"{path.name}: cannot be read as weights because it {_problem(path, str(error))}. Get a published file "
            "again from the address in backbone.toml; of a network of your own, save the weights alone: "
            "torch.save(network.state_dict(), FILE)."
        ) from error
    if not isinstance(loaded, Mapping):
        raise DataError(
            f"{path.name}: holds a {type(loaded).__name__}, not weights by name. Is it the file in backbone.toml?"
        )
    return plain_keys(loaded)


def plain_keys(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The content without `module.` in front of the keys of any mapping in which every key starts so.

    >>> plain_keys({"generator": {"module.x": 1, "module.y": 2}, "module.z": 3})
    {'generator': {'x': 1, 'y': 2}, 'module.z': 3}
    """
    parallel = bool(content) and all(isinstance(key, str) and key.startswith(PARALLEL) for key in content)
    return {
        key.removeprefix(PARALLEL) if parallel else key: plain_keys(value) if isinstance(value, Mapping) else value
        for key, value in content.items()
    }


def _problem(path: Path, message: str) -> str:
    """What is wrong with a file. torch's own message is not shown: it advises to allow the execution of code."""
    if path.suffix == ".safetensors":
        return "is truncated, damaged or no safetensors file"
    refused = re.search(r"GLOBAL (\w\S*)", message)
    if refused:
        return f"holds more than tensors: it names {refused[1]}, which is not allowed and was not run"
    if "TorchScript" in message:
        return "holds more than tensors: it is a TorchScript program, which was not run"
    with path.open("rb") as file:
        torch_file = file.read(4).startswith(MAGIC_NUMBERS)
    if torch_file and zipfile.is_zipfile(path):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            torch_file = any(name.endswith("/data.pkl") for name in archive.namelist())
    return "is truncated or damaged" if torch_file else "is no file that PyTorch wrote"


def read_state(path: Path) -> dict[str, Tensor]:
    """A state dict that `patternbench weights` stored.

    Raises:
        DataError: the file is unreadable or no safetensors file.
    """
    if path.suffix != ".safetensors":
        raise DataError(f"{path.name}: weights must be safetensors; `patternbench weights import` converts them.")
    return dict(read_published(path))
