"""AOT-GAN's networks, each to be run alone. Outputs are in the networks' own range, [-1, 1] for images."""

from collections.abc import Mapping

from torch import Tensor, nn

from backbones.aotgan.discriminator import Discriminator
from backbones.aotgan.generator import Generator, network_input
from backbones.kit.api import Part


def _generate(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    assert isinstance(network, Generator)
    images, masks = 2 * given["image"] - 1, given["mask"]
    return {"output": network(images, masks), "encoder": network.encoder(network_input(images, masks))}


def _judge(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {"output": network(2 * given["image"] - 1)}


PARTS = {
    "generator": Part(Generator, ("image", "mask"), _generate),
    "discriminator": Part(Discriminator, ("image",), _judge),
}
