"""DeepFillV2's networks, each to be run alone."""

from collections.abc import Mapping
from functools import partial

from torch import Tensor, nn

from backbones.deepfillv2.discriminator import Discriminator
from backbones.deepfillv2.generator import TENSORFLOW, Generator, require_built_in_fusion, require_size
from backbones.kit.api import Part
from backbones.kit.tensors import signed

MAPS = {
    "encoder": "stage1.encoder",
    "encoder_convolution": "stage2.convolution.encoder",
    "encoder_attention": "stage2.attention.encoder",
    "attention": "stage2.attention.attend",
}


def _generate(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Beside the output, the maps on the way, and the output of the authors' attention, which takes the first mask."""
    images, masks = signed(given["image"]), given["mask"]
    require_size(images)
    _, first = network(images, masks, masks[:1].expand_as(masks))
    seen: dict[str, Tensor] = {}
    hooks = [
        network.get_submodule(path).register_forward_hook(lambda *call, name=name: seen.update({name: call[-1]}))
        for name, path in MAPS.items()
    ]
    stage1, output = network(images, masks)
    for hook in hooks:
        hook.remove()
    return {"output": output, "stage1": stage1, "output_first_mask": first} | seen


def _judge(network: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {"output": network(signed(given["image"]), given["mask"])}


PARTS = {
    "generator": Part(Generator, ("image", "mask"), _generate, require_built_in_fusion),
    "generator_tf": Part(partial(Generator, TENSORFLOW), ("image", "mask"), _generate),
    "discriminator": Part(Discriminator, ("image", "mask"), _judge),
    "discriminator_tf": Part(partial(Discriminator, same=True), ("image", "mask"), _judge),
}
