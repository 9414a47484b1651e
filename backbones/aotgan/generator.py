"""AOT-GAN's generator: a convolutional front, eight AOT blocks at a quarter of the resolution, an upsampling back.

Attribute names spell the keys of the published state dict (`middle.<i>.block00.1.weight`, ...).
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

SIZE_MULTIPLE = 4
SMALLEST = 36
"""The blocks mirror 8 pixels of a quarter-size map at the border: it must be larger than 8."""
RATES = (1, 2, 4, 8)
BLOCKS = 8
WIDTH = 256
GATE_EPSILON = 1e-9
WEIGHT_DEVIATION = 0.02


def require_size(images: Tensor, smallest: int = SIZE_MULTIPLE) -> None:
    """Refuse images that cannot be halved evenly twice, or are too small to be mirrored at the border.

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
    """Draw convolutions anew as the authors do: weights normal with deviation 0.02, biases zero."""
    for parameter in network.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=WEIGHT_DEVIATION)
        else:
            nn.init.zeros_(parameter)


def network_input(images: Tensor, masks: Tensor) -> Tensor:
    """Images (B, 3, H, W) in [-1, 1] with white holes, and the masks (B, 1, H, W), as (B, 4, H, W)."""
    return torch.cat((images * (1 - masks) + masks, masks), dim=1)


def _mirrored(inputs: int, outputs: int, rate: int = 1) -> list[nn.Module]:
    return [nn.ReflectionPad2d(rate), nn.Conv2d(inputs, outputs, 3, dilation=rate)]


class AotBlock(nn.Module):
    """Aggregated contextual transformations: dilated branches, fused, and mixed with the input by a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.block00, self.block01, self.block02, self.block03 = (
            nn.Sequential(*_mirrored(WIDTH, WIDTH // len(RATES), rate), nn.ReLU()) for rate in RATES
        )
        self.fuse = nn.Sequential(*_mirrored(WIDTH, WIDTH))
        self.gate = nn.Sequential(*_mirrored(WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 256, h, w), h and w more than 8 -> the same shape."""
        branches = (self.block00, self.block01, self.block02, self.block03)
        fused = self.fuse(torch.cat([branch(x) for branch in branches], dim=1))
        share = _gate(self.gate(x))
        mixed: Tensor = x * (1 - share) + fused * share
        return mixed


def _gate(logits: Tensor) -> Tensor:
    """Logits standardised over positions, then squashed; in float32 at least, because the factor 5 magnifies errors."""
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    deviation, mean = torch.std_mean(logits, dim=(2, 3), keepdim=True)
    return torch.sigmoid(5 * (2 * (logits - mean) / (deviation + GATE_EPSILON) - 1))


class Upsample(nn.Module):
    """Twice the resolution, bilinearly, and a convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C', 2h, 2w)."""
        out: Tensor = self.conv(interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))
        return out


class Generator(nn.Module):
    """Zeng et al., "Aggregated Contextual Transformations for High-Resolution Image Inpainting", TVCG 2023.

    Args:
        blocks: AOT blocks; the published weights have 8.
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
            images: (B, 3, H, W) in [-1, 1]; H and W multiples of 4, at least 36.
            masks: (B, 1, H, W), 1 = hole.

        Returns:
            (B, 3, H, W) in [-1, 1].
        """
        maps = self.middle(self.encoder(network_input(images, masks)))
        return torch.tanh(self.decoder(maps))
