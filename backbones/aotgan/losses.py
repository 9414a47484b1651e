"""The terms of AOT-GAN's loss, unweighted (Zeng et al., TVCG 2023).

Images and predictions are (B, 3, H, W) in [-1, 1]; masks are (B, 1, H, W), 1 = hole; verdicts are the discriminator's
(B, 1, h, w); feature maps come by the name of their layer in VGG-19. Every term is a scalar.
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


class Adversary(Enum):
    """What the generator wants of the discriminator, on which the authors' paper and their code disagree.

    In both the discriminator tells filled-in pixels from others; as in the code, 1 means filled in here.
    """

    CODE = "code"
    """The released code: the generator wants 1 everywhere, which is what the discriminator should say of its holes,
    and the discriminator's gradients keep those of this wish, because nothing clears them in between."""

    PAPER = "paper"
    """Towards the label of real images, 0, in holes only; the discriminator learns from its own loss alone. (The
    paper's labels are the complements: its discriminator says 1 of real images, and its generator wants 1.)"""


def vgg_maps(network: Vgg19, images: Tensor) -> dict[str, Tensor]:
    """What the style and the perceptual loss compare, with ImageNet's mean and deviation applied before."""
    mean, std = (images.new_tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    maps: dict[str, Tensor] = network(((images + 1) / 2 - mean) / std, STYLE_LAYERS + PERCEPTUAL_LAYERS)
    return maps


def style(fake: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> Tensor:
    """Absolute error of Gram matrices, summed over layers (Gatys et al., CVPR 2016)."""
    return torch.stack([l1_loss(gram(fake[layer]), gram(real[layer])) for layer in STYLE_LAYERS]).sum()


def perceptual(fake: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> Tensor:
    """Absolute error of features, summed over layers (Johnson et al., ECCV 2016)."""
    return torch.stack([l1_loss(fake[layer].float(), real[layer].float()) for layer in PERCEPTUAL_LAYERS]).sum()


def adversarial(fake_verdicts: Tensor, masks: Tensor, adversary: Adversary) -> Tensor:
    """The generator's least-squares loss (Mao et al., ICCV 2017) on the verdicts about composed images."""
    verdicts = _full_size(fake_verdicts, masks)
    if adversary is Adversary.CODE:
        return (verdicts - 1).square().mean()
    return (masks * verdicts.square()).mean()


def discrimination(fake_verdicts: Tensor, real_verdicts: Tensor, masks: Tensor) -> Tensor:
    """The discriminator's loss: composed images should be seen as their softened mask, real ones as zero."""
    on_fake = mse_loss(_full_size(fake_verdicts, masks), soften(masks))
    return on_fake + _full_size(real_verdicts, masks).square().mean()


def soften(masks: Tensor) -> Tensor:
    """Masks blurred by a Gaussian of 10 pixels, cut off at 35; nothing is a hole outside the image."""
    distance = torch.arange(BLUR_SIZE, dtype=masks.dtype, device=masks.device) - BLUR_SIZE // 2
    kernel = torch.exp(-(distance**2) / (2 * BLUR_SIGMA**2))
    kernel = kernel / kernel.sum()
    with torch.autocast(masks.device.type, enabled=False):
        rows = conv2d(masks, kernel.view(1, 1, 1, -1), padding=(0, BLUR_SIZE // 2))
        return conv2d(rows, kernel.view(1, 1, -1, 1), padding=(BLUR_SIZE // 2, 0))


def _full_size(verdicts: Tensor, masks: Tensor) -> Tensor:
    return interpolate(verdicts.float(), size=masks.shape[-2:], mode="bilinear", align_corners=True)
