"""AOT-GAN's networks, each to run alone. Output images are in the networks' own range, [-1, 1]."""

from collections.abc import Mapping

from torch import Tensor, nn

from backbones.aotgan.discriminator import SMALLEST_DISCRIMINATED, Discriminator
from backbones.aotgan.generator import SMALLEST, Generator, network_input, require_size
from backbones.kit.api import SubNetwork
from backbones.kit.learning.tensors import require_least, signed


def _run_generator(network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The prediction, and the encoder's feature map."""
    assert isinstance(network, Generator)
    images, masks = signed(inputs["image"]), inputs["mask"]
    require_size(images, SMALLEST)
    return {"output": network(images, masks), "encoder": network.encoder(network_input(images, masks))}


def _run_discriminator(network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The scores."""
    require_least(inputs["image"], SMALLEST_DISCRIMINATED)
    return {"output": network(signed(inputs["image"]))}


SUBNETWORKS = {
    "generator": SubNetwork(Generator, ("image", "mask"), _run_generator),
    "discriminator": SubNetwork(Discriminator, ("image",), _run_discriminator),
}
