"""The terms of LaMa's loss, unweighted (Suvorov et al., WACV 2022, section 2.2).

Images are (B, 3, H, W) in [0, 1]; masks are (B, 1, H, W), 1 = hole; logits are (B, 1, h, w), positive = real;
features are lists of (B, C, h, w). Every term is a scalar. Predictions are judged raw, known pixels too.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate, mse_loss, softplus


def known_l1(prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """Absolute error on known pixels; holes count as zero in a mean over all elements."""
    return ((1 - masks) * (prediction - images).abs()).mean()


def adversarial(fake_logits: Tensor) -> Tensor:
    """The generator's non-saturating loss (Goodfellow et al. 2014), holes and known regions alike."""
    return softplus(-fake_logits).mean()


def feature_matching(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Squared error of the discriminator's features, averaged over its layers (Wang et al., CVPR 2018)."""
    return feature_distance(fake, real) / len(fake)


def feature_distance(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Squared error of features, summed over layers: with a perceptual network's, the perceptual loss."""
    return torch.stack([mse_loss(one, other) for one, other in zip(fake, real, strict=True)]).sum()


def discrimination(real_logits: Tensor, fake_logits: Tensor, masks: Tensor) -> Tensor:
    """The discriminator's loss: a prediction is fake in its holes only, its known regions count as real."""
    hole = interpolate(masks, size=fake_logits.shape[-2:], mode="nearest")
    on_fake = hole * softplus(fake_logits) + (1 - hole) * softplus(-fake_logits)
    return softplus(-real_logits).mean() + on_fake.mean()


def gradient_penalty(real_logits: Tensor, images: Tensor) -> Tensor:
    """R1 (Mescheder et al., ICML 2018): squared norm of the logits' gradient by real images, batch mean.

    Args:
        real_logits: computed from `images`.
        images: requiring a gradient.
    """
    (gradient,) = torch.autograd.grad(real_logits.sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()
