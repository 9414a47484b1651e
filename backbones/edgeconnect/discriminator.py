"""EdgeConnect's discriminator, one per generator: a patch classifier with spectral normalisation.

Isola et al., CVPR 2017 (PatchGAN); Miyato et al., ICLR 2018.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from backbones.kit.published.spectral import spectral_norm

SMALLEST_DISCRIMINATED = 24
"""Least side in pixels of a discriminator's images."""


def without_copies(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict without `features.*`, the authors' second name of `conv1.*`.

    Raises:
        ValueError: the tensors of the two names differ.
    """
    for key, value in state.items():
        original = key.replace("features.", "conv1.", 1)
        if key.startswith("features.") and not _are_equal(value, state.get(original)):
            raise ValueError(f"The state dict has {key}, which should equal {original} and does not.")
    return {key: value for key, value in state.items() if not key.startswith("features.")}


def _are_equal(first: object, second: object) -> bool:
    return isinstance(first, Tensor) and isinstance(second, Tensor) and torch.equal(first, second)


def _conv(inputs: int, outputs: int, stride: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, padding=1, bias=False))


def _layer(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs, stride), nn.LeakyReLU(0.2))


class Discriminator(nn.Module):
    """Classifies overlapping patches as real or fake; the feature matching loss compares its feature maps.

    Args:
        inputs: input channels: 2 for a gray image with its edges, 3 for a colour image.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv1 = _layer(inputs, 64, 2)
        self.conv2 = _layer(64, 128, 2)
        self.conv3 = _layer(128, 256, 2)
        self.conv4 = _layer(256, 512, 1)
        self.conv5 = nn.Sequential(_conv(512, 1, 1))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Classify the patches of images.

        Args:
            images: (B, inputs, H, W) in [0, 1]; H and W are at least 24.

        Returns:
            Feature maps (B, C, h, w) of the five layers. The last, (B, 1, h, w), are the logits, positive = real.
        """
        feature_maps: list[Tensor] = []
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            feature_maps.append(layer(feature_maps[-1] if feature_maps else images))
        return feature_maps
