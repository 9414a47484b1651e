"""DeepFillV2's generator: a coarse network, then a refining one with contextual attention; in two layouts."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from backbones.deepfillv2.attention import ContextualAttention
from backbones.deepfillv2.keys import PYTORCH_NAMES, TENSORFLOW_NAMES, publish_names
from backbones.deepfillv2.layers import Convolution, GatedConvolution
from backbones.kit.learning.tensors import compose

FUSION_KEY = "stage2.contextual_attention.fuse_weight"
SIZE_MULTIPLE = 8
WIDTH = 96
"""Channels at a quarter of the resolution, between encoders and decoders."""

DILATIONS = (2, 4, 8, 16)
"""Dilations of the middle layers after the first."""


class Layout(NamedTuple):
    """Differences between the published versions.

    Attributes:
        same: strided convolutions have the padding of TensorFlow's "SAME".
        aligned: the attention reduces feature maps and masks from corner to corner.
        fusion: the attention sums the scores of neighbouring pairs.
        names: names of the layers in the published file, by own name.
    """

    same: bool
    aligned: bool
    fusion: bool
    names: Mapping[str, str]


PYTORCH = Layout(same=False, aligned=False, fusion=True, names=PYTORCH_NAMES)
"""Layout of the PyTorch version (its networks.py), for which its weights were fine-tuned."""

TENSORFLOW = Layout(same=True, aligned=True, fusion=False, names=TENSORFLOW_NAMES)
"""Layout of the original authors' weights (networks_tf.py of the PyTorch version)."""


def require_size(images: Tensor) -> None:
    """Refuse images whose sides the attention cannot divide by 8.

    Raises:
        ValueError: height or width is no multiple of 8.
    """
    height, width = images.shape[-2:]
    if height % SIZE_MULTIPLE or width % SIZE_MULTIPLE or not min(height, width):
        raise ValueError(
            f"DeepFillV2 takes images with height and width a multiple of {SIZE_MULTIPLE}, not {height} x {width}. "
            "Resize or pad them."
        )


def require_built_in_fusion(state: Mapping[str, Tensor]) -> None:
    """Refuse a state dict, with published keys, whose attention sums scores in another way.

    Raises:
        ValueError: its `fuse_weight`, if it has one, is not the identity.
    """
    weight = state.get(FUSION_KEY)
    if isinstance(weight, Tensor) and not torch.equal(weight, torch.eye(3, dtype=weight.dtype)[None, None]):
        raise ValueError(f"The state dict has another {FUSION_KEY} than the identity, the only one supported.")


def stage1_input(images: Tensor, masks: Tensor) -> Tensor:
    """Input of the first stage, (B, 5, H, W): the image with holes of zero, ones, and the mask.

    Args:
        images: (B, 3, H, W) in [-1, 1].
        masks: (B, 1, H, W), 1 = hole.
    """
    return torch.cat((images * (1 - masks), torch.ones_like(masks), masks), dim=1)


def _encoder(inputs: int, widths: tuple[int, int, int, int, int], *, same: bool) -> nn.Sequential:
    """Five gated convolutions; the second and the fourth halve the resolution."""
    first, second, third, fourth, fifth = widths
    return nn.Sequential(
        GatedConvolution(inputs, first, 5),
        GatedConvolution(first, second, stride=2, same=same),
        GatedConvolution(second, third),
        GatedConvolution(third, fourth, stride=2, same=same),
        GatedConvolution(fourth, fifth),
    )


def _dilated() -> list[nn.Module]:
    """Five gated convolutions with increasing dilation."""
    return [GatedConvolution(WIDTH, WIDTH, dilation=dilation) for dilation in (1, *DILATIONS)]


def _decoder() -> nn.Sequential:
    """(B, 96, h, w) -> images (B, 3, 4h, 4w) in [-1, 1]."""
    colours = Convolution(WIDTH // 8, 3)
    assert colours.bias is not None
    nn.init.zeros_(colours.bias)
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        GatedConvolution(WIDTH, WIDTH // 2),
        GatedConvolution(WIDTH // 2, WIDTH // 2),
        nn.Upsample(scale_factor=2, mode="nearest"),
        GatedConvolution(WIDTH // 2, WIDTH // 4),
        GatedConvolution(WIDTH // 4, WIDTH // 8),
        colours,
        nn.Tanh(),
    )


class Stage1(nn.Module):
    """The coarse network (Yu et al., ICCV 2019)."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.encoder = _encoder(5, (24, 48, 48, 96, WIDTH), same=layout.same)
        self.middle = nn.Sequential(*_dilated(), GatedConvolution(WIDTH, WIDTH), GatedConvolution(WIDTH, WIDTH))
        self.decoder = _decoder()

    def forward(self, x: Tensor) -> Tensor:
        """(B, 5, H, W) of `stage1_input` -> images (B, 3, H, W) in [-1, 1]."""
        out: Tensor = self.decoder(self.middle(self.encoder(x)))
        return out


class ConvolutionBranch(nn.Module):
    """The branch of the second stage that predicts the content of holes by dilated convolutions."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.encoder = _encoder(3, (24, 24, 48, 48, WIDTH), same=layout.same)
        self.middle = nn.Sequential(*_dilated())

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] -> (B, 96, H / 4, W / 4)."""
        out: Tensor = self.middle(self.encoder(images))
        return out


class AttentionBranch(nn.Module):
    """The branch of the second stage that copies patches of the known region by contextual attention."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.encoder = _encoder(3, (24, 24, 48, 96, WIDTH), same=layout.same)
        self.before = GatedConvolution(WIDTH, WIDTH, activation=relu)
        self.attend = ContextualAttention(aligned=layout.aligned, fusion=layout.fusion)
        self.after = nn.Sequential(GatedConvolution(WIDTH, WIDTH), GatedConvolution(WIDTH, WIDTH))

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [-1, 1] and masks (B, 1, H, W) -> (B, 96, H / 4, W / 4)."""
        out: Tensor = self.after(self.attend(self.before(self.encoder(images)), masks))
        return out


class Stage2(nn.Module):
    """The refining network: two branches, joined before the decoder."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.convolution = ConvolutionBranch(layout)
        self.attention = AttentionBranch(layout)
        self.merge = nn.Sequential(GatedConvolution(2 * WIDTH, WIDTH), GatedConvolution(WIDTH, WIDTH))
        self.decoder = _decoder()

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """Predict whole images.

        Args:
            images: (B, 3, H, W) in [-1, 1], holes filled by the first stage.
            masks: (B, 1, H, W), 1 = hole, for the attention.

        Returns:
            (B, 3, H, W) in [-1, 1].
        """
        feature_maps = torch.cat((self.convolution(images), self.attention(images, masks)), dim=1)
        out: Tensor = self.decoder(self.merge(feature_maps))
        return out


class Generator(nn.Module):
    """DeepFillV2's generator (Yu et al., ICCV 2019), with the published state dict keys.

    Args:
        layout: layout of one of the published versions.
    """

    def __init__(self, layout: Layout = PYTORCH) -> None:
        super().__init__()
        self.stage1 = Stage1(layout)
        self.stage2 = Stage2(layout)
        publish_names(self, layout.names)

    def forward(self, images: Tensor, masks: Tensor, attention_masks: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Predict whole images, known pixels included.

        Args:
            images: (B, 3, H, W) in [-1, 1]; H and W are multiples of 8. The content of holes has no effect.
            masks: (B, 1, H, W), 1 = hole, 0 = known.
            attention_masks: masks of the attention; None = `masks`. The PyTorch version uses the first image's mask
                for the whole batch; here every image has its own.

        Returns:
            Predictions of the first and the second stage, each (B, 3, H, W) in [-1, 1].
        """
        coarse = self.stage1(stage1_input(images, masks))
        composed = compose(coarse, images, masks)
        return coarse, self.stage2(composed, masks if attention_masks is None else attention_masks)
