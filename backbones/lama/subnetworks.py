"""LaMa's networks, each to be run alone."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from backbones.kit.api import Part
from backbones.lama.discriminator import Discriminator
from backbones.lama.generator import ENCODER_DEPTH, Generator, require_size
from backbones.lama.recipe import SMALLEST


def _generate(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    assert isinstance(network, Generator)
    images, masks = given["image"], given["mask"]
    require_size(images, SMALLEST)
    encoded = network.model[:ENCODER_DEPTH](torch.cat((images * (1 - masks), masks), dim=1))
    return {"output": network(images, masks), "encoder": torch.cat(encoded, dim=1)}


def _judge(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    logits, features = network(given["image"])
    return {"output": logits} | {f"feat{number}": feature for number, feature in enumerate(features)}


PARTS = {
    "generator": Part(Generator, ("image", "mask"), _generate),
    "discriminator": Part(Discriminator, ("image",), _judge),
}
