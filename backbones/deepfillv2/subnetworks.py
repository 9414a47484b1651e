"""DeepFillV2's networks, each to run alone. Output images are in the networks' own range, [-1, 1]."""

from collections.abc import Mapping
from functools import partial

from torch import Tensor, nn

from backbones.deepfillv2.discriminator import Discriminator
from backbones.deepfillv2.generator import TENSORFLOW, Generator, require_built_in_fusion, require_size
from backbones.kit.api import SubNetwork
from backbones.kit.learning.tensors import signed

FEATURE_MAPS = {
    "encoder": "stage1.encoder",
    "encoder_convolution": "stage2.convolution.encoder",
    "encoder_attention": "stage2.attention.encoder",
    "attention": "stage2.attention.attend",
}
"""Layers of the generator whose outputs are returned, by output name."""


def _run_generator(network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Predictions of both stages, `FEATURE_MAPS`, and the prediction if the attention uses the first image's mask."""
    images, masks = signed(inputs["image"]), inputs["mask"]
    require_size(images)
    _, first_mask_output = network(images, masks, masks[:1].expand_as(masks))
    feature_maps: dict[str, Tensor] = {}
    hooks = [
        network.get_submodule(path).register_forward_hook(
            lambda *call, name=name: feature_maps.update({name: call[-1]})
        )
        for name, path in FEATURE_MAPS.items()
    ]
    stage1, output = network(images, masks)
    for hook in hooks:
        hook.remove()
    return {"output": output, "stage1": stage1, "output_first_mask": first_mask_output} | feature_maps


def _run_discriminator(network: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The scores."""
    return {"output": network(signed(inputs["image"]), inputs["mask"])}


SUBNETWORKS = {
    "generator": SubNetwork(Generator, ("image", "mask"), _run_generator, require_built_in_fusion),
    "generator_tf": SubNetwork(partial(Generator, TENSORFLOW), ("image", "mask"), _run_generator),
    "discriminator": SubNetwork(Discriminator, ("image", "mask"), _run_discriminator),
    "discriminator_tf": SubNetwork(partial(Discriminator, same=True), ("image", "mask"), _run_discriminator),
}
