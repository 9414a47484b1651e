"""LaMa's discriminator: the patch classifier of pix2pixHD (Wang et al., CVPR 2018)."""

from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512)
"""Channels of the strided layers."""


def _conv(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 4, stride, padding=2)


def _normed(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs, stride), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2))


class Discriminator(nn.Module):
    """Classifies overlapping patches as real or fake; the feature matching loss compares its hidden features."""

    def __init__(self) -> None:
        super().__init__()
        self.model0 = nn.Sequential(_conv(3, WIDTHS[0], 2), nn.LeakyReLU(0.2))
        self.model1 = _normed(WIDTHS[0], WIDTHS[1], 2)
        self.model2 = _normed(WIDTHS[1], WIDTHS[2], 2)
        self.model3 = _normed(WIDTHS[2], WIDTHS[3], 2)
        self.model4 = _normed(WIDTHS[3], WIDTHS[3], 1)
        self.model5 = nn.Sequential(_conv(WIDTHS[3], 1, 1))

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Classify the patches of images.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            Logits (B, 1, h, w), positive = real, and the features (B, C, h, w) of the five hidden layers.
        """
        features: list[Tensor] = []
        for layer in (self.model0, self.model1, self.model2, self.model3, self.model4):
            features.append(layer(features[-1] if features else images))
        logits: Tensor = self.model5(features[-1])
        return logits, features
