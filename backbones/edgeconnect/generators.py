"""EdgeConnect's two generators, of one architecture: one completes edges, the other fills in colours between them.

Attribute names are the keys of the published state dicts (`middle.<i>.conv_block.5.weight`, ...). The paper states
batch norm; the authors' code, and this one, have instance norm without learned scales.
"""

import torch
from torch import Tensor, nn

from backbones.kit.published.spectral import spectral_norm

SIZE_MULTIPLE = 4
SMALLEST_ENCODED, SMALLEST_GENERATED = 8, 12
"""Least side in pixels that an encoder and a generator take."""

WIDTH = 256
"""Channels of the feature map."""

BLOCKS = 8


def require_size(images: Tensor, smallest: int) -> None:
    """Refuse images whose sides cannot be halved twice, or are too small for the next layers.

    Raises:
        ValueError: height or width is less than `smallest` or no multiple of 4.
    """
    height, width = images.shape[-2:]
    if height % SIZE_MULTIPLE or width % SIZE_MULTIPLE or min(height, width) < smallest:
        raise ValueError(
            f"EdgeConnect takes images with height and width a multiple of {SIZE_MULTIPLE} and at least {smallest}, "
            f"not {height} x {width}. Resize or pad them."
        )


class ResidualBlock(nn.Module):
    """A dilated and a plain convolution and a residual sum, without a final activation."""

    def __init__(self, *, spectral: bool) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(2),
            _normed(nn.Conv2d(WIDTH, WIDTH, 3, dilation=2, bias=not spectral), spectral=spectral),
            nn.InstanceNorm2d(WIDTH),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            _normed(nn.Conv2d(WIDTH, WIDTH, 3, bias=not spectral), spectral=spectral),
            nn.InstanceNorm2d(WIDTH),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, 256, h, w) -> the same shape."""
        out: Tensor = x + self.conv_block(x)
        return out


class Generator(nn.Module):
    """Encoder, residual blocks, decoder (Johnson et al., ECCV 2016, with dilated blocks).

    Args:
        inputs: input channels.
        outputs: output channels.
        blocks: number of residual blocks; the published weights have 8.
        spectral: whether all convolutions but the last have spectral norm; those of the blocks then have no bias.
    """

    def __init__(self, inputs: int, outputs: int, blocks: int, *, spectral: bool) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_unit(nn.Conv2d(inputs, 64, 7), spectral=spectral),
            *_unit(nn.Conv2d(64, 128, 4, stride=2, padding=1), spectral=spectral),
            *_unit(nn.Conv2d(128, WIDTH, 4, stride=2, padding=1), spectral=spectral),
        )
        self.middle = nn.Sequential(*(ResidualBlock(spectral=spectral) for _ in range(blocks)))
        self.decoder = nn.Sequential(
            *_unit(nn.ConvTranspose2d(WIDTH, 128, 4, stride=2, padding=1), spectral=spectral),
            *_unit(nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1), spectral=spectral),
            nn.ReflectionPad2d(3),
            nn.Conv2d(64, outputs, 7),
        )

    def _generate(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W), before the final activation."""
        require_size(x, SMALLEST_GENERATED)
        out: Tensor = self.decoder(self.middle(self.encoder(x)))
        return out


class EdgeGenerator(Generator):
    """Completes an edge map (Nazeri et al., ICCV Workshops 2019, section 3.1)."""

    def __init__(self, blocks: int = BLOCKS) -> None:
        super().__init__(3, 1, blocks, spectral=True)

    def forward(self, gray: Tensor, edges: Tensor, masks: Tensor) -> Tensor:
        """Predict the edges of whole images, known ones included.

        Args:
            gray: (B, 1, H, W) in [0, 1]; H and W are multiples of 4, at least 12.
            edges: (B, 1, H, W), 1 = edge.
            masks: (B, 1, H, W), 1 = hole: there gray is set to 1 and edges to 0.

        Returns:
            (B, 1, H, W), the probability of an edge.
        """
        return self._generate(self.join(gray, edges, masks)).sigmoid()

    @staticmethod
    def join(gray: Tensor, edges: Tensor, masks: Tensor) -> Tensor:
        """The encoder's input (B, 3, H, W): gray with white holes, edges outside the holes, and the mask."""
        return torch.cat((_whitened(gray, masks), edges * (1 - masks), masks), dim=1)


class InpaintGenerator(Generator):
    """Fills the holes of an image, given its edges (Nazeri et al., ICCV Workshops 2019, section 3.2)."""

    def __init__(self, blocks: int = BLOCKS) -> None:
        super().__init__(4, 3, blocks, spectral=False)

    def forward(self, images: Tensor, edges: Tensor, masks: Tensor) -> Tensor:
        """Predict whole images, known pixels included.

        Args:
            images: (B, 3, H, W) in [0, 1]; H and W are multiples of 4, at least 12.
            edges: (B, 1, H, W) in [0, 1], 1 = edge; used in the holes too.
            masks: (B, 1, H, W), 1 = hole: there images are set to 1. The mask itself is no input.

        Returns:
            (B, 3, H, W) in [0, 1].
        """
        return (self._generate(self.join(images, edges, masks)).tanh() + 1) / 2

    @staticmethod
    def join(images: Tensor, edges: Tensor, masks: Tensor) -> Tensor:
        """The encoder's input (B, 4, H, W): the image with white holes, and the edges."""
        return torch.cat((_whitened(images, masks), edges), dim=1)


def _whitened(images: Tensor, masks: Tensor) -> Tensor:
    """Images whose holes are 1."""
    return images * (1 - masks) + masks


def _normed(conv: nn.Module, *, spectral: bool) -> nn.Module:
    return spectral_norm(conv) if spectral else conv


def _unit(conv: nn.Conv2d | nn.ConvTranspose2d, *, spectral: bool) -> list[nn.Module]:
    return [_normed(conv, spectral=spectral), nn.InstanceNorm2d(conv.out_channels), nn.ReLU()]
