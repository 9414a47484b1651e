"""AOT-GAN's generator: an encoder, eight AOT blocks at a quarter of the resolution, a decoder.

Attribute names are the keys of the published state dict (`middle.<i>.block00.1.weight`, ...).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

SIZE_MULTIPLE = 4
SMALLEST = 36
"""Least side in pixels: the blocks pad a quarter-size feature map by reflection of 8 positions, so it needs 9."""

RATES = (1, 2, 4, 8)
"""Dilations of a block's branches."""

BLOCKS = 8
WIDTH = 256
"""Channels of the feature map."""

GATE_EPSILON = 1e-9
WEIGHT_DEVIATION = 0.02


def require_size(images: Tensor, smallest: int = SIZE_MULTIPLE) -> None:
    """Refuse images whose sides cannot be halved twice, or are too small for reflection padding.

    Raises:
        ValueError: height or width is less than `smallest` or no multiple of 4.
    """
    height, width = images.shape[-2:]
    if height % SIZE_MULTIPLE or width % SIZE_MULTIPLE or min(height, width) < smallest:
        raise ValueError(
            f"AOT-GAN takes images with height and width a multiple of {SIZE_MULTIPLE} and at least {smallest}, "
            f"not {height} x {width}. Resize or pad them."
        )


def initialise(network: nn.Module) -> None:
    """Draw random weights as the authors do: normal with standard deviation 0.02, biases zero."""
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=WEIGHT_DEVIATION)
        else:
            nn.init.zeros_(parameter)


def network_input(images: Tensor, masks: Tensor) -> Tensor:
    """The generator's input (B, 4, H, W): images (B, 3, H, W) in [-1, 1] with white holes, and masks (B, 1, H, W)."""
    return torch.cat((images * (1 - masks) + masks, masks), dim=1)


def _padded_conv(inputs: int, outputs: int, rate: int = 1) -> list[nn.Module]:
    return [nn.ReflectionPad2d(rate), nn.Conv2d(inputs, outputs, 3, dilation=rate)]


class AotBlock(nn.Module):
    """Aggregated contextual transformations: dilated branches, fused, and mixed with the input by a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.block00, self.block01, self.block02, self.block03 = (
            nn.Sequential(*_padded_conv(WIDTH, WIDTH // len(RATES), rate), nn.ReLU()) for rate in RATES
        )
        self.fuse = nn.Sequential(*_padded_conv(WIDTH, WIDTH))
        self.gate = nn.Sequential(*_padded_conv(WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 256, h, w), h and w greater than 8 -> the same shape."""
        branches = (self.block00, self.block01, self.block02, self.block03)
        fused = self.fuse(torch.cat([branch(x) for branch in branches], dim=1))
        gate = _gate(self.gate(x))
        mixed: Tensor = x * (1 - gate) + fused * gate
        return mixed


def _gate(logits: Tensor) -> Tensor:
    """Sigmoid of the logits standardised over positions; in float32 or better, as the factor 5 magnifies errors."""
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    deviation, mean = torch.std_mean(logits, dim=(2, 3), keepdim=True)
    return torch.sigmoid(5 * (2 * (logits - mean) / (deviation + GATE_EPSILON) - 1))


class Upsample(nn.Module):
    """Bilinear upsampling to twice the resolution, and a convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C', 2h, 2w)."""
        out: Tensor = self.conv(interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
        return out


class Generator(nn.Module):
    """AOT-GAN's generator (Zeng et al., TVCG 2023): predicts whole images from images with holes.

    Args:
        blocks: number of AOT blocks; the published weights have 8.
    """

    def __init__(self, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(4, 64, 7),
            nn.ReLU(),
            nn.Conv2d(64, 128, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(128, WIDTH, 4, stride=2, padding=1),
            nn.ReLU(),
        )
        self.middle = nn.Sequential(*(AotBlock() for _ in range(blocks)))
        self.decoder = nn.Sequential(
            Upsample(WIDTH, 128), nn.ReLU(), Upsample(128, 64), nn.ReLU(), nn.Conv2d(64, 3, 3, padding=1)
        )
        initialise(self)

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """Predict whole images, known pixels included.

        Args:
            images: (B, 3, H, W) in [-1, 1]; H and W are multiples of 4, at least 36. Holes are set to 1.
            masks: (B, 1, H, W), 1 = hole, 0 = known; appended as the fourth channel.

        Returns:
            (B, 3, H, W) in [-1, 1].
        """
        feature_maps = self.middle(self.encoder(network_input(images, masks)))
        return torch.tanh(self.decoder(feature_maps))
