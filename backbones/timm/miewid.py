"""MiewID (Otarashvili et al., 2024, arXiv:2412.05602): a network of timm, published in a layout of its own.

Its class has timm's network as `backbone`, with a generalised mean and a batch normalisation in place of the
classifier. These two are its head and are left out, like the classifiers of other networks. Images are normalised as
ImageNet's. It was trained on 440 x 440 pixels and, like other convolutional networks of timm, takes any size.
"""

from collections.abc import Mapping

import timm
from huggingface_hub import hf_hub_download
from safetensors.torch import load_file
from timm.data.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import Tensor, nn

from backbones.kit.published.weights import strict_load
from backbones.timm import names

MODELS = ("conservationxlabs/miewid-msv2", "conservationxlabs/miewid-msv3")
ARCHITECTURE = "efficientnetv2_rw_m"
INPUT = {
    "input_size": (3, 440, 440),
    "interpolation": "bilinear",
    "mean": IMAGENET_DEFAULT_MEAN,
    "std": IMAGENET_DEFAULT_STD,
}
PREFIX = "backbone."
HEAD = ("pooling.p", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked")


def is_miewid(variant: str) -> bool:
    """Whether a variant is a MiewID, of any revision."""
    return names.on_hub(variant) and variant.removeprefix(names.HUB).partition("@")[0] in MODELS


def download(variant: str) -> nn.Module:
    """The network of a MiewID with published weights, without its head.

    Raises:
        ValueError: the file has other tensors than the authors' class.
        OSError: the download failed.
    """
    address, _, revision = variant.removeprefix(names.HUB).partition("@")
    state = load_file(hf_hub_download(address, "model.safetensors", revision=revision or None))
    facts = {**INPUT, "hf_hub_id": address, "tag": None}
    network: nn.Module = timm.create_model(ARCHITECTURE, num_classes=0, pretrained_cfg_overlay=facts)
    strict_load(network, _without_head(state), f"The file of timm:{variant}")
    return network


def _without_head(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict with timm's keys, without the head; other keys stay the same, and strict loading refuses them."""
    return {key.removeprefix(PREFIX): value for key, value in state.items() if key not in HEAD}
