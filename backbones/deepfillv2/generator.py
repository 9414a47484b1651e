"""DeepFillV2's generator: a coarse network, then one that refines with contextual attention; in two layouts."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from backbones.deepfillv2.attention import ContextualAttention
from backbones.deepfillv2.keys import PYTORCH_NAMES, TENSORFLOW_NAMES, publish_names
from backbones.deepfillv2.layers import Convolution, GatedConvolution
from backbones.kit.tensors import compose

FUSION_KEY = "stage2.contextual_attention.fuse_weight"
SIZE_MULTIPLE = 8
WIDTH = 96
"""Channels at a quarter of the resolution, between encoders and decoders."""

DILATIONS = (2, 4, 8, 16)


class Layout(NamedTuple):
    """In what the published versions differ.

    Attributes:
        same: strided convolutions pad as TensorFlow's "SAME" does.
        aligned: the attention reduces maps and masks from corner to corner.
        fusion: the attention adds up the scores of neighbouring pairs.
        names: of the layers in the published file, by own name.
    """

    same: bool
    aligned: bool
    fusion: bool
    names: Mapping[str, str]


PYTORCH = Layout(same=False, aligned=False, fusion=True, names=PYTORCH_NAMES)
"""Of the PyTorch version, networks.py there; its weights were fine-tuned for it."""

TENSORFLOW = Layout(same=True, aligned=True, fusion=False, names=TENSORFLOW_NAMES)
"""Of the original authors' weights, networks_tf.py there."""


def require_size(images: Tensor) -> None:
    """Refuse images that the attention cannot reduce evenly.

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
    """Refuse a state dict by published names whose attention would fuse scores in another way.

    Raises:
        ValueError: its `fuse_weight`, if it has one, is not the identity.
    """
    found = state.get(FUSION_KEY)
    if isinstance(found, Tensor) and not torch.equal(found, torch.eye(3, dtype=found.dtype)[None, None]):
        raise ValueError(f"The state dict has another {FUSION_KEY} than the identity, which is built in.")


def stage1_input(images: Tensor, masks: Tensor) -> Tensor:
    """What the first stage sees: (B, 5, H, W), the image with empty holes, ones, and the mask.

    Args:
        images: (B, 3, H, W) in [-1, 1].
        masks: (B, 1, H, W), 1 = hole.
    """
    return torch.cat((images * (1 - masks), torch.ones_like(masks), masks), dim=1)


def _encoder(inputs: int, widths: tuple[int, int, int, int, int], *, same: bool) -> nn.Sequential:
    """Five gated convolutions, the second and the fourth halving the resolution."""
    first, second, third, fourth, fifth = widths
    return nn.Sequential(
        GatedConvolution(inputs, first, 5),
        GatedConvolution(first, second, stride=2, same=same),
        GatedConvolution(second, third),
        GatedConvolution(third, fourth, stride=2, same=same),
        GatedConvolution(fourth, fifth),
    )


def _dilated() -> list[nn.Module]:
    """Five gated convolutions, the later ones with an ever wider view."""
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
    """The coarse network."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.encoder = _encoder(5, (24, 48, 48, 96, WIDTH), same=layout.same)
        self.middle = nn.Sequential(*_dilated(), GatedConvolution(WIDTH, WIDTH), GatedConvolution(WIDTH, WIDTH))
        self.decoder = _decoder()

    def forward(self, x: Tensor) -> Tensor:
        """What `stage1_input` gives -> images (B, 3, H, W) in [-1, 1]."""
        out: Tensor = self.decoder(self.middle(self.encoder(x)))
        return out


class ConvolutionBranch(nn.Module):
    """The half of the second stage that imagines what the hole may hold."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.encoder = _encoder(3, (24, 24, 48, 48, WIDTH), same=layout.same)
        self.middle = nn.Sequential(*_dilated())

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] -> (B, 96, H / 4, W / 4)."""
        out: Tensor = self.middle(self.encoder(images))
        return out


class AttentionBranch(nn.Module):
    """The half of the second stage that copies from the known part."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.encoder = _encoder(3, (24, 24, 48, 96, WIDTH), same=layout.same)
        self.before = GatedConvolution(WIDTH, WIDTH, activation=relu)
        self.attend = ContextualAttention(aligned=layout.aligned, fusion=layout.fusion)
        self.after = nn.Sequential(GatedConvolution(WIDTH, WIDTH), GatedConvolution(WIDTH, WIDTH))

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] and (B, 1, H, W) -> (B, 96, H / 4, W / 4)."""
        out: Tensor = self.after(self.attend(self.before(self.encoder(images)), masks))
        return out


class Stage2(nn.Module):
    """The refining network."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.convolution = ConvolutionBranch(layout)
        self.attention = AttentionBranch(layout)
        self.merge = nn.Sequential(GatedConvolution(2 * WIDTH, WIDTH), GatedConvolution(WIDTH, WIDTH))
        self.decoder = _decoder()

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """Images with coarsely filled holes, in [-1, 1], and the masks for the attention -> images in [-1, 1]."""
        maps = torch.cat((self.convolution(images), self.attention(images, masks)), dim=1)
        out: Tensor = self.decoder(self.merge(maps))
        return out


class Generator(nn.Module):
    """Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019; state dict keyed as published.

    Args:
        layout: which of the published versions.
    """

    def __init__(self, layout: Layout = PYTORCH) -> None:
        super().__init__()
        self.stage1 = Stage1(layout)
        self.stage2 = Stage2(layout)
        publish_names(self, layout.names)

    def forward(self, images: Tensor, masks: Tensor, attention_masks: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Predict whole images, known pixels included.

        Args:
            images: (B, 3, H, W) in [-1, 1]; H and W multiples of 8. What is in the holes does not matter.
            masks: (B, 1, H, W), 1 = hole.
            attention_masks: what the attention takes for the masks. The authors of the PyTorch version take the first
                image's for the whole batch; here every image has its own.

        Returns:
            The predictions of both stages, (B, 3, H, W) in [-1, 1].
        """
        coarse = self.stage1(stage1_input(images, masks))
        pasted = compose(coarse, images, masks)
        return coarse, self.stage2(pasted, masks if attention_masks is None else attention_masks)
