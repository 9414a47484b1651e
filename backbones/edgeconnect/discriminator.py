"""EdgeConnect's discriminator: a patch classifier with spectral normalisation, one for each generator."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from backbones.kit.published.spectral import spectral_norm

SMALLEST_JUDGED = 24


def without_copies(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Drop `features.*`, the authors' second name of `conv1.*`.

    Raises:
        ValueError: the two differ.
    """
    for key, value in state.items():
        original = key.replace("features.", "conv1.", 1)
        if key.startswith("features.") and not _same(value, state.get(original)):
            raise ValueError(f"The state dict has {key}, which should equal {original} and does not.")
    return {key: value for key, value in state.items() if not key.startswith("features.")}


def _same(one: object, other: object) -> bool:
    return isinstance(one, Tensor) and isinstance(other, Tensor) and torch.equal(one, other)


def _conv(inputs: int, outputs: int, stride: int) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, 4, stride, padding=1, bias=False))


def _layer(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs, stride), nn.LeakyReLU(0.2))


class Discriminator(nn.Module):
    """Judges overlapping patches; its maps feed the feature matching loss.

    Args:
        inputs: channels; 2 for a gray image with its edges, 3 for a colour image.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv1 = _layer(inputs, 64, 2)
        self.conv2 = _layer(64, 128, 2)
        self.conv3 = _layer(128, 256, 2)
        self.conv4 = _layer(256, 512, 1)
        self.conv5 = nn.Sequential(_conv(512, 1, 1))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Judge images.

        Args:
            images: (B, inputs, H, W) in [0, 1]; H and W at least 24.

        Returns:
            The maps of the five layers. The last, (B, 1, h, w), are the logits, positive = real.
        """
        maps: list[Tensor] = []
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            maps.append(layer(maps[-1] if maps else images))
        return maps
