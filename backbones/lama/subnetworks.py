"""LaMa's networks, each to run alone. Images are in [0, 1], as the networks take them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from backbones.kit.api import SubNetwork
from backbones.lama.discriminator import Discriminator
from backbones.lama.generator import ENCODER_DEPTH, Generator, require_size
from backbones.lama.recipe import SMALLEST


def _run_generator(network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The prediction, and the encoder's feature map."""
    assert isinstance(network, Generator)
    images, masks = inputs["image"], inputs["mask"]
    require_size(images, SMALLEST)
    encoded = network.model[:ENCODER_DEPTH](torch.cat((images * (1 - masks), masks), dim=1))
    return {"output": network(images, masks), "encoder": torch.cat(encoded, dim=1)}


def _run_discriminator(network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The logits, and the features of each hidden layer."""
    logits, features = network(inputs["image"])
    return {"output": logits} | {f"feat{number}": feature for number, feature in enumerate(features)}


SUBNETWORKS = {
    "generator": SubNetwork(Generator, ("image", "mask"), _run_generator),
    "discriminator": SubNetwork(Discriminator, ("image",), _run_discriminator),
}
