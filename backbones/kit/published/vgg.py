"""VGG-19 (Simonyan & Zisserman, ICLR 2015) as a frozen measure of perceptual distance."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from backbones.kit.published.weights import strict_load

BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""Convolutions and channels of each block; every block ends in max pooling."""


class Vgg19(nn.Module):
    """The convolutional part, keyed as torchvision's, in evaluation mode and without gradients to its weights."""

    def __init__(self) -> None:
        super().__init__()
        layers = _layers()
        self.features = nn.Sequential(*layers.values())
        self._names = tuple(layers)
        self.requires_grad_(requires_grad=False).eval()

    def forward(self, images: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """Outputs of some layers; those after the last one wanted are not run.

        Args:
            images: (B, 3, H, W), normalised or not as the loss's authors did.
            wanted: such as `relu3_4`, the fourth activation of the third block.

        Raises:
            ValueError: there is no layer of such a name.
        """
        strange = set(wanted) - set(self._names)
        if strange:
            raise ValueError(f"VGG-19 has no layer {min(strange)!r}; its layers are {', '.join(self._names)}.")
        maps: dict[str, Tensor] = {}
        for name, layer in zip(self._names, self.features, strict=True):
            if len(maps) == len(set(wanted)):
                break
            images = layer(images)
            if name in wanted:
                maps[name] = images
        return maps


def unpack_vgg19(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The convolutions of torchvision's published file; its classifier is passed over, any other key raises later."""
    return {key: value for key, value in checkpoint.items() if not str(key).startswith("classifier.")}


def load_vgg19(state: Mapping[str, Tensor]) -> Vgg19:
    """The network with published weights; ValueError where a key is missing, unknown or misshapen."""
    network = Vgg19()
    strict_load(network, state, "The state dict of VGG-19")
    return network


def gram(maps: Tensor) -> Tensor:
    """Gram matrices F F^T / (C h w) of feature maps (B, C, h, w), as (B, C, C); Gatys et al., CVPR 2016.

    In float32 at least: losses compare entries that differ by little.
    """
    with torch.autocast(maps.device.type, enabled=False):
        flat = maps.to(torch.promote_types(maps.dtype, torch.float32)).flatten(2)
        return torch.bmm(flat, flat.transpose(1, 2)) / (flat.shape[1] * flat.shape[2])


def _layers() -> dict[str, nn.Module]:
    layers: dict[str, nn.Module] = {}
    inputs = 3
    for block, (count, channels) in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            layers[f"conv{block}_{number}"] = nn.Conv2d(inputs, channels, 3, padding=1)
            layers[f"relu{block}_{number}"] = nn.ReLU()
            inputs = channels
        layers[f"pool{block}"] = nn.MaxPool2d(2)
    return layers
