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
    """Download and convert a network's weights by timm, and write them without the classifier.

    Args:
        variant: the variant.
        output: the .safetensors file to write: the network's tensors, and its description in the tensor `config`.

    Raises:
        ValueError: there is no such variant, its weights are not for timm, or they do not cover the whole network.
        OSError: the download failed.
    """
    names.check(variant)
    arguments = _arguments(variant)
    licence = about.on_card(variant) if names.on_hub(variant) else ""
    packed, again = (pack(variant, _download(variant, seed), arguments, licence) for seed in (0, 1))
    # timm loads some networks partially; tensors that are not in the file differ between the two random seeds
    random = [key for key in packed if not torch.equal(packed[key], again[key])]
    if random:
        raise ValueError(f"The weights of timm:{variant} leave {len(random)} tensors random, such as {random[0]}.")
    save_file({key: tensor.contiguous().clone() for key, tensor in packed.items()}, output)


def _download(variant: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    if miewid.is_miewid(variant):
        return miewid.download(variant)
    try:
        return timm.create_model(variant, pretrained=True)
    except RuntimeError as error:
        raise ValueError(f"timm cannot load {variant}: {error}") from error


def _arguments(variant: str) -> dict[str, Any]:
    """Arguments by which a hub model differs from timm's own architecture of its name, from its config.json."""
    if not names.on_hub(variant) or miewid.is_miewid(variant):
        return {}
    try:
        return dict(load_model_config_from_hf(variant.removeprefix(names.HUB))[2])
    except KeyError as error:
        raise ValueError(f"Its config.json has no {error}: it was not published for timm.") from error


def main(arguments: list[str]) -> int:
    """Fetch, or print the error; return the exit code."""
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
