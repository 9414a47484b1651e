"""EdgeConnect's networks, each to be run alone."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from backbones.edgeconnect.discriminator import SMALLEST_JUDGED, Discriminator, without_copies
from backbones.edgeconnect.generators import EdgeGenerator, InpaintGenerator
from backbones.kit.api import Part
from backbones.kit.tensors import require_least


def _generate(network: nn.Module, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
    assert isinstance(network, EdgeGenerator | InpaintGenerator)
    return {"output": network(*inputs), "encoder": network.encoder(network.join(*inputs))}


def _judge(network: nn.Module, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
    require_least(inputs[0], SMALLEST_JUDGED)
    maps = network(torch.cat(list(inputs), dim=1))
    return {"output": maps[-1].sigmoid()} | {f"feat{number}": features for number, features in enumerate(maps)}


def _part(
    build: Callable[[], nn.Module],
    run: Callable[[nn.Module, Sequence[Tensor]], dict[str, Tensor]],
    *inputs: str,
) -> Part:
    def pick(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return run(network, [given[name] for name in inputs])

    return Part(build, inputs, pick, without_copies)


def _discriminator(inputs: int) -> Discriminator:
    network = Discriminator(inputs)
    network.features = network.conv1  # the authors' second name of this layer stands in their files too
    return network


PARTS = {
    "edge_generator": _part(EdgeGenerator, _generate, "gray", "edge", "mask"),
    "edge_discriminator": _part(partial(_discriminator, 2), _judge, "gray", "edge"),
    "inpaint_generator": _part(InpaintGenerator, _generate, "image", "edge", "mask"),
    "inpaint_discriminator": _part(partial(_discriminator, 3), _judge, "image"),
}
