"""The terms of EdgeConnect's losses, unweighted (Nazeri et al., ICCV Workshops 2019, sections 3.1 and 3.2).

Images are (B, 3, H, W) in [0, 1]; masks are (B, 1, H, W), 1 = hole; logits are (B, 1, h, w), positive = real;
feature maps are (B, C, h, w), of a discriminator or of VGG-19. Every term is a scalar and uses raw predictions, known
pixels included.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import softplus

from backbones.kit.published.vgg import Vgg19, gram

CONTENT_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE_LAYERS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")


def discrimination(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator's cross-entropy, mean of that on real images and that on predictions."""
    return (softplus(-real_logits.float()).mean() + softplus(fake_logits.float()).mean()) / 2


def adversarial(fake_logits: Tensor) -> Tensor:
    """The generator's non-saturating loss (Goodfellow et al. 2014)."""
    return softplus(-fake_logits.float()).mean()


def feature_matching(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean absolute error of the discriminator's feature maps, logits included, summed over its layers."""
    return _distances(fake, real)


def hole_l1(prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """Mean absolute error of images with holes, divided by the share of hole pixels; other images count as 0.

    Args:
        prediction: (B, 3, H, W).
        images: (B, 3, H, W).
        masks: (B, 1, H, W), 1 = hole.
    """
    has_hole = masks.amax(dim=(1, 2, 3), keepdim=True)
    return (has_hole * (prediction - images).abs()).mean() / masks.mean().clamp(min=1 / masks.numel())


def perceptual(network: Vgg19, prediction: Tensor, images: Tensor) -> Tensor:
    """Mean absolute error of VGG-19's feature maps, summed over layers (Johnson et al., ECCV 2016).

    Args:
        network: VGG-19; its input is not normalised, as in the authors' code.
        prediction: (B, 3, H, W).
        images: (B, 3, H, W).
    """
    fake, real = (network(inputs, CONTENT_LAYERS).values() for inputs in (prediction, images))
    return _distances(fake, real)


def style(network: Vgg19, prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """Mean absolute error of Gram matrices of VGG-19's feature maps, summed over layers (Gatys et al., CVPR 2016).

    Args:
        network: VGG-19; its input is not normalised, as in the authors' code.
        prediction: (B, 3, H, W).
        images: (B, 3, H, W).
        masks: (B, 1, H, W), 1 = hole; pixels outside holes are set to 0.
    """
    fake, real = (network(inputs * masks, STYLE_LAYERS).values() for inputs in (prediction, images))
    return _distances(map(gram, fake), map(gram, real))


def _distances(fake: Iterable[Tensor], real: Iterable[Tensor]) -> Tensor:
    pairs = zip(fake, real, strict=True)
    return torch.stack([(first.float() - second.float()).abs().mean() for first, second in pairs]).sum()
