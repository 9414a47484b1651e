"""EdgeConnect's networks, each to run alone. Images are in [0, 1], as the networks take them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from backbones.edgeconnect.discriminator import SMALLEST_DISCRIMINATED, Discriminator, without_copies
from backbones.edgeconnect.generators import EdgeGenerator, InpaintGenerator
from backbones.kit.api import SubNetwork
from backbones.kit.learning.tensors import require_least


def _run_generator(network: nn.Module, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
    """The prediction, and the encoder's feature map."""
    assert isinstance(network, EdgeGenerator | InpaintGenerator)
    return {"output": network(*inputs), "encoder": network.encoder(network.join(*inputs))}


def _run_discriminator(network: nn.Module, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
    """The probability that each patch is real, and the feature maps of each layer."""
    require_least(inputs[0], SMALLEST_DISCRIMINATED)
    feature_maps = network(torch.cat(list(inputs), dim=1))
    numbered = {f"feat{number}": feature_map for number, feature_map in enumerate(feature_maps)}
    return {"output": feature_maps[-1].sigmoid()} | numbered


def _subnetwork(
    build: Callable[[], nn.Module],
    run: Callable[[nn.Module, Sequence[Tensor]], dict[str, Tensor]],
    *names: str,
) -> SubNetwork:
    """A sub-network whose inputs, by name, are the positional ones of `run`."""

    def run_by_name(network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return run(network, [inputs[name] for name in names])

    return SubNetwork(build, names, run_by_name, without_copies)


def _discriminator(inputs: int) -> Discriminator:
    network = Discriminator(inputs)
    network.features = network.conv1  # the authors' second name of this layer, which their files contain too
    return network


SUBNETWORKS = {
    "edge_generator": _subnetwork(EdgeGenerator, _run_generator, "gray", "edge", "mask"),
    "edge_discriminator": _subnetwork(partial(_discriminator, 2), _run_discriminator, "gray", "edge"),
    "inpaint_generator": _subnetwork(InpaintGenerator, _run_generator, "image", "edge", "mask"),
    "inpaint_discriminator": _subnetwork(partial(_discriminator, 3), _run_discriminator, "image"),
}
