"""AOT-GAN's networks, each to be run alone. Outputs are in the networks' own range, [-1, 1] for images."""

from collections.abc import Mapping

from torch import Tensor, nn

from backbones.aotgan.discriminator import SMALLEST_JUDGED, Discriminator
from backbones.aotgan.generator import SMALLEST, Generator, network_input, require_size
from backbones.kit.api import Part
from backbones.kit.tensors import require_least, signed


def _generate(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    assert isinstance(network, Generator)
    images, masks = signed(given["image"]), given["mask"]
    require_size(images, SMALLEST)
    return {"output": network(images, masks), "encoder": network.encoder(network_input(images, masks))}


def _judge(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    require_least(given["image"], SMALLEST_JUDGED)
    return {"output": network(signed(given["image"]))}


PARTS = {
    "generator": Part(Generator, ("image", "mask"), _generate),
    "discriminator": Part(Discriminator, ("image",), _judge),
}
