"""The terms of EdgeConnect's losses, unweighted (Nazeri et al., ICCV Workshops 2019, sections 3.1 and 3.2).

Images are (B, 3, H, W) in [0, 1]; masks are (B, 1, H, W), 1 = hole; logits are (B, 1, h, w), positive = real; maps
are (B, C, h, w), of a discriminator or of VGG-19. Every term is a scalar. Predictions are judged raw, known pixels too.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import softplus

from backbones.kit.published.vgg import Vgg19, gram

CONTENT_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
STYLE_LAYERS = ("relu2_2", "relu3_4", "relu4_4", "relu5_2")


def discrimination(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The discriminator's cross-entropy, half from real images and half from predictions."""
    return (softplus(-real_logits.float()).mean() + softplus(fake_logits.float()).mean()) / 2


def adversarial(fake_logits: Tensor) -> Tensor:
    """The generator's non-saturating loss (Goodfellow et al. 2014)."""
    return softplus(-fake_logits.float()).mean()


def feature_matching(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Absolute error of the discriminator's maps, logits included, summed over its layers."""
    return _distances(fake, real)


def hole_l1(prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """Absolute error over whole images, divided by the part that is hole; an image without a hole has none."""
    holed = masks.amax(dim=(1, 2, 3), keepdim=True)
    return (holed * (prediction - images).abs()).mean() / masks.mean().clamp(min=1 / masks.numel())


def perceptual(network: Vgg19, prediction: Tensor, images: Tensor) -> Tensor:
    """Absolute error of VGG-19's maps, summed over layers; the authors do not normalise its input."""
    fake, real = (network(pictures, CONTENT_LAYERS).values() for pictures in (prediction, images))
    return _distances(fake, real)


def style(network: Vgg19, prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """Absolute error of the Gram matrices of VGG-19's maps of the holes alone, summed over layers."""
    fake, real = (network(pictures * masks, STYLE_LAYERS).values() for pictures in (prediction, images))
    return _distances(map(gram, fake), map(gram, real))


def _distances(fake: Iterable[Tensor], real: Iterable[Tensor]) -> Tensor:
    pairs = zip(fake, real, strict=True)
    return torch.stack([(one.float() - other.float()).abs().mean() for one, other in pairs]).sum()
