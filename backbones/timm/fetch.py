"""Download a variant's published weights: `python -m backbones.timm.fetch VARIANT OUTPUT`."""

import sys
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import save_file
from timm.models import load_model_config_from_hf
from torch import nn

from backbones.timm import about, miewid, names
from backbones.timm.published import pack


def fetch(variant: str, output: Path) -> None:
    """Let timm download and convert a network's weights, and write them without the classifier.

    Args:
        variant: as the backbone's.
        output: a .safetensors file: the tensors of the network, and `config`, a description of it.

    Raises:
        ValueError: there is no such variant, or its weights are not for timm, or not for all of its network.
        OSError: the download failed.
    """
    names.check(variant)
    arguments = _arguments(variant)
    licence = about.on_card(variant) if names.on_hub(variant) else ""
    packed, again = (pack(variant, _download(variant, seed), arguments, licence) for seed in (0, 1))
    # timm loads some networks in part; what was not in the file differs, because the two started from other numbers
    random = [key for key in packed if not torch.equal(packed[key], again[key])]
    if random:
        raise ValueError(f"The weights of timm:{variant} leave {len(random)} tensors random, such as {random[0]}.")
    save_file({key: tensor.contiguous().clone() for key, tensor in packed.items()}, output)


def _download(variant: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    if miewid.is_one(variant):
        return miewid.download(variant)
    try:
        return timm.create_model(variant, pretrained=True)
    except RuntimeError as error:
        raise ValueError(f"timm cannot load {variant}: {error}") from error


def _arguments(variant: str) -> dict[str, Any]:
    """What the hub says about how the network differs from timm's own of the same name."""
    if not names.on_hub(variant) or miewid.is_one(variant):
        return {}
    try:
        return dict(load_model_config_from_hf(variant.removeprefix(names.HUB))[2])
    except KeyError as error:
        raise ValueError(f"Its config.json has no {error}: it was not published for timm.") from error


def main(arguments: list[str]) -> int:
    """Fetch, or say what went wrong; returns the exit code."""
    try:
        variant, output = arguments
    except ValueError:
        sys.stderr.write("usage: python -m backbones.timm.fetch VARIANT OUTPUT\n")
        return 2
    try:
        fetch(variant, Path(output))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"timm:{variant} was not fetched: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
