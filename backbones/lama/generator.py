"""LaMa's generator ("big-lama"): an encoder, 18 residual blocks of fast Fourier convolutions, a decoder.

Attribute names are the keys of the published state dict (`model.<i>.ffc.convl2g.weight`, ...). From the split at index
4 to the join after the blocks, features are a pair: 128 local channels and 384 global ones.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

SIZE_MULTIPLE = 8
ENCODER_DEPTH = 5
"""Modules of `Generator.model` that form the encoder, the split included."""

LOCAL, GLOBAL = 128, 384
"""Local and global channels."""

BLOCKS = 18

Pair = tuple[Tensor, Tensor]


def require_size(images: Tensor, smallest: int = SIZE_MULTIPLE) -> None:
    """Refuse images whose sides cannot be halved three times, or are too small for reflection padding.

    Raises:
        ValueError: height or width is less than `smallest` or no multiple of 8.
    """
    height, width = images.shape[-2:]
    if height % SIZE_MULTIPLE or width % SIZE_MULTIPLE or min(height, width) < smallest:
        raise ValueError(
            f"LaMa takes images with height and width a multiple of {SIZE_MULTIPLE} and at least {smallest}, "
            f"not {height} x {width}. Resize or pad them."
        )


def _conv3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, padding_mode="reflect", bias=False)


class FourierUnit(nn.Module):
    """A 1x1 convolution of the half spectrum: each output pixel depends on the whole image.

    Chi et al., "Fast Fourier Convolution", NeurIPS 2020. Channel 2c of the spectrum is the real part of
    channel c, channel 2c + 1 its imaginary part.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_layer = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape; in float32 or better, because the FFT does not support bfloat16."""
        real = torch.promote_types(x.dtype, torch.float32)
        spectrum = torch.fft.rfft2(x.to(real), norm="ortho")  # (B, C, H, W // 2 + 1)
        parts = torch.stack((spectrum.real, spectrum.imag), dim=2).flatten(1, 2)  # (B, 2C, H, W // 2 + 1)
        parts = relu(self.bn(self.conv_layer(parts)))
        parts = parts.to(real)
        spectrum = torch.complex(parts[:, 0::2], parts[:, 1::2])
        out: Tensor = torch.fft.irfft2(spectrum, s=x.shape[-2:], norm="ortho")
        return out


class SpectralTransform(nn.Module):
    """The global-to-global path: halves the channels, adds the output of a Fourier unit, restores the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv1 = nn.Sequential(nn.Conv2d(channels, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU())
        self.fu = FourierUnit(half)
        self.conv2 = nn.Conv2d(half, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> the same shape."""
        x = self.conv1(x)
        out: Tensor = self.conv2(x + self.fu(x))
        return out


class LocalUnit(nn.Module):
    """Convolution, batch norm, ReLU."""

    normalised_convolutions = (("ffc.convl2l", "bn_l"),)

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.ffc = nn.ModuleDict({"convl2l": conv})
        self.bn_l = nn.BatchNorm2d(conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        return relu(self.bn_l(self.ffc["convl2l"](x)))


class SplitUnit(nn.Module):
    """Halves the resolution and splits the features into local and global ones."""

    normalised_convolutions = (("ffc.convl2l", "bn_l"), ("ffc.convl2g", "bn_g"))

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.ffc = nn.ModuleDict(
            {"convl2l": _conv3(inputs, LOCAL, stride=2), "convl2g": _conv3(inputs, GLOBAL, stride=2)}
        )
        self.bn_l = nn.BatchNorm2d(LOCAL)
        self.bn_g = nn.BatchNorm2d(GLOBAL)

    def forward(self, x: Tensor) -> Pair:
        """(B, C, H, W) -> (B, 128, H / 2, W / 2) and (B, 384, H / 2, W / 2)."""
        return relu(self.bn_l(self.ffc["convl2l"](x))), relu(self.bn_g(self.ffc["convl2g"](x)))


class FourierConvolution(nn.Module):
    """Four paths between local and global features; batch norm and ReLU on their sums (Chi et al., NeurIPS 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.ffc = nn.ModuleDict(
            {
                "convl2l": _conv3(LOCAL, LOCAL),
                "convl2g": _conv3(LOCAL, GLOBAL),
                "convg2l": _conv3(GLOBAL, LOCAL),
                "convg2g": SpectralTransform(GLOBAL),
            }
        )
        self.bn_l = nn.BatchNorm2d(LOCAL)
        self.bn_g = nn.BatchNorm2d(GLOBAL)

    def forward(self, pair: Pair) -> Pair:
        """Local (B, 128, h, w) and global (B, 384, h, w) features -> the same shapes."""
        local, distant = pair
        to_local = self.ffc["convl2l"](local) + self.ffc["convg2l"](distant)
        to_global = self.ffc["convl2g"](local) + self.ffc["convg2g"](distant)
        return relu(self.bn_l(to_local)), relu(self.bn_g(to_global))


class FourierBlock(nn.Module):
    """Two Fourier convolutions and a residual sum, without a final activation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = FourierConvolution()
        self.conv2 = FourierConvolution()

    def forward(self, pair: Pair) -> Pair:
        """Local (B, 128, h, w) and global (B, 384, h, w) features -> the same shapes."""
        local, distant = self.conv2(self.conv1(pair))
        return pair[0] + local, pair[1] + distant


class Join(nn.Module):
    """Concatenates the local and the global features, in this order."""

    def forward(self, pair: Pair) -> Tensor:
        """(B, 128, h, w) and (B, 384, h, w) -> (B, 512, h, w)."""
        return torch.cat(pair, dim=1)


def _encoder() -> list[nn.Module]:
    return [
        nn.ReflectionPad2d(3),
        LocalUnit(nn.Conv2d(4, 64, 7, bias=False)),
        LocalUnit(_conv3(64, 128, stride=2)),
        LocalUnit(_conv3(128, 256, stride=2)),
        SplitUnit(256),
    ]


def _upsample(inputs: int) -> list[nn.Module]:
    outputs = inputs // 2
    transposed = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
    return [transposed, nn.BatchNorm2d(outputs), nn.ReLU()]


class Generator(nn.Module):
    """LaMa's generator (Suvorov et al., WACV 2022): predicts whole images from images with holes.

    Args:
        blocks: number of residual Fourier blocks; the published weights have 18.
    """

    def __init__(self, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.model = nn.Sequential(
            *_encoder(),
            *(FourierBlock() for _ in range(blocks)),
            Join(),
            *_upsample(512),
            *_upsample(256),
            *_upsample(128),
            nn.ReflectionPad2d(3),
            nn.Conv2d(64, 3, 7),
            nn.Sigmoid(),
        )

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """Predict whole images, known pixels included.

        Args:
            images: (B, 3, H, W) in [0, 1]; H and W are multiples of 8, at least 16. Holes are set to zero.
            masks: (B, 1, H, W), 1 = hole, 0 = known; appended as the fourth channel.

        Returns:
            (B, 3, H, W) in [0, 1].
        """
        out: Tensor = self.model(torch.cat((images * (1 - masks), masks), dim=1))
        return out
