"""AOT-GAN's discriminator (SM-PatchGAN, Zeng et al., TVCG 2023): predicts how much of each patch is filled in."""

from torch import Tensor, nn

from backbones.aotgan.generator import initialise
from backbones.kit.published.spectral import spectral_norm

SMALLEST_DISCRIMINATED = 24
"""Least side in pixels of the discriminator's images."""


def _layer(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, 4, stride, padding=1, bias=False)
    return [spectral_norm(conv), nn.LeakyReLU(0.2)]


class Discriminator(nn.Module):
    """A PatchGAN (Isola et al., CVPR 2017) with spectral normalisation, trained to predict the softened mask."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            *_layer(3, 64, stride=2),
            *_layer(64, 128, stride=2),
            *_layer(128, 256, stride=2),
            *_layer(256, 512, stride=1),
            nn.Conv2d(512, 1, 4, padding=1),
        )
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Predict the softened mask of images.

        Args:
            images: (B, 3, H, W) in [-1, 1]; H and W are at least 24.

        Returns:
            Scores (B, 1, H // 8 - 2, W // 8 - 2), unbounded; 1 = filled in, 0 = real.
        """
        scores: Tensor = self.conv(images)
        return scores
