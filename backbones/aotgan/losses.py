"""The terms of AOT-GAN's loss, unweighted (Zeng et al., TVCG 2023).

Images and predictions are (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W), 1 = hole; scores are the discriminator's
outputs (B, 1, h, w), 1 = filled in; feature maps are VGG-19's by layer name. Every term is a scalar.
"""

from collections.abc import Mapping
from enum import Enum

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, l1_loss, mse_loss

from backbones.kit.published.vgg import Vgg19, gram

STYLE_LAYERS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")
PERCEPTUAL_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
BLUR_SIZE, BLUR_SIGMA = 71, 10.0
"""Size and standard deviation in pixels of the Gaussian that softens masks."""


class Adversary(Enum):
    """Target of the generator's adversarial loss, on which the authors' paper and code disagree.

    In both the discriminator distinguishes filled-in pixels from real ones. As in the code, 1 means filled in.
    """

    CODE = "code"
    """The released code. The target is 1 everywhere, which is also the discriminator's own target in holes. This loss's
    gradients stay in the discriminator and add to its own, because they are not cleared in between."""

    PAPER = "paper"
    """The paper. The target is the label of real images, 0, in holes only, and the discriminator has its own loss's
    gradients alone. (The paper's labels are the complements: 1 = real, and the generator's target is 1.)"""


def vgg_feature_maps(network: Vgg19, images: Tensor) -> dict[str, Tensor]:
    """Feature maps of the style and the perceptual loss, of images normalised by ImageNet's mean and deviation.

    Args:
        network: VGG-19.
        images: (B, 3, H, W) in [-1, 1].

    Returns:
        (B, C, h, w) by layer name.
    """
    mean, std = (images.new_tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    feature_maps: dict[str, Tensor] = network(((images + 1) / 2 - mean) / std, STYLE_LAYERS + PERCEPTUAL_LAYERS)
    return feature_maps


def style(fake: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> Tensor:
    """Mean absolute error of Gram matrices, summed over layers (Gatys et al., CVPR 2016)."""
    return torch.stack([l1_loss(gram(fake[layer]), gram(real[layer])) for layer in STYLE_LAYERS]).sum()


def perceptual(fake: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> Tensor:
    """Mean absolute error of feature maps, summed over layers (Johnson et al., ECCV 2016)."""
    return torch.stack([l1_loss(fake[layer].float(), real[layer].float()) for layer in PERCEPTUAL_LAYERS]).sum()


def adversarial(fake_scores: Tensor, masks: Tensor, adversary: Adversary) -> Tensor:
    """The generator's least-squares loss (Mao et al., ICCV 2017).

    Args:
        fake_scores: scores of composed images.
        masks: their masks.
        adversary: target of the loss.
    """
    scores = _full_size(fake_scores, masks)
    if adversary is Adversary.CODE:
        return (scores - 1).square().mean()
    return (masks * scores.square()).mean()


def discrimination(fake_scores: Tensor, real_scores: Tensor, masks: Tensor) -> Tensor:
    """The discriminator's least-squares loss: the target is the softened mask for composed images, 0 for real ones.

    Args:
        fake_scores: scores of composed images.
        real_scores: scores of real images.
        masks: masks of the composed images.
    """
    fake_loss = mse_loss(_full_size(fake_scores, masks), soften(masks))
    return fake_loss + _full_size(real_scores, masks).square().mean()


def soften(masks: Tensor) -> Tensor:
    """Masks blurred by a Gaussian with a standard deviation of 10 pixels, cut off at 35; zero-padded, (B, 1, H, W)."""
    distance = torch.arange(BLUR_SIZE, dtype=masks.dtype, device=masks.device) - BLUR_SIZE // 2
    kernel = torch.exp(-(distance**2) / (2 * BLUR_SIGMA**2))
    kernel = kernel / kernel.sum()
    with torch.autocast(masks.device.type, enabled=False):
        rows = conv2d(masks, kernel.view(1, 1, 1, -1), padding=(0, BLUR_SIZE // 2))
        return conv2d(rows, kernel.view(1, 1, -1, 1), padding=(BLUR_SIZE // 2, 0))


def _full_size(scores: Tensor, masks: Tensor) -> Tensor:
    """Scores resized to the masks, (B, 1, H, W) float32."""
    return interpolate(scores.float(), size=masks.shape[-2:], mode="bilinear", align_corners=True)
