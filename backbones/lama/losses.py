"""The terms of LaMa's loss, unweighted (Suvorov et al., WACV 2022, section 2.2).

Images are (B, 3, H, W) in [0, 1]; masks are (B, 1, H, W), 1 = hole; logits are (B, 1, h, w), positive = real;
features are lists of (B, C, h, w). Every term is a scalar. The discriminator sees raw
predictions, known pixels included.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate, mse_loss, softplus


def known_l1(prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """Mean over all elements of the absolute error, which is set to zero in holes."""
    return ((1 - masks) * (prediction - images).abs()).mean()


def adversarial(fake_logits: Tensor) -> Tensor:
    """The generator's non-saturating loss (Goodfellow et al. 2014) on all patches, in holes and elsewhere."""
    return softplus(-fake_logits).mean()


def feature_matching(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean squared error of the discriminator's features, averaged over its layers (Wang et al., CVPR 2018)."""
    return feature_distance(fake, real) / len(fake)


def feature_distance(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean squared error of features, summed over layers; of a perceptual network's features: the perceptual loss."""
    return torch.stack([mse_loss(first, second) for first, second in zip(fake, real, strict=True)]).sum()


def discrimination(real_logits: Tensor, fake_logits: Tensor, masks: Tensor) -> Tensor:
    """The discriminator's loss: a prediction is fake in its holes and real elsewhere.

    Args:
        real_logits: logits of real images.
        fake_logits: logits of predictions.
        masks: masks of the predictions, resized to the logits by nearest neighbour.
    """
    hole = interpolate(masks, size=fake_logits.shape[-2:], mode="nearest")
    on_fake = hole * softplus(fake_logits) + (1 - hole) * softplus(-fake_logits)
    return softplus(-real_logits).mean() + on_fake.mean()


def gradient_penalty(real_logits: Tensor, images: Tensor) -> Tensor:
    """R1 (Mescheder et al., ICML 2018): squared norm of the logits' gradient by real images, mean over the batch.

    Args:
        real_logits: logits of `images`, with their graph.
        images: (B, 3, H, W), with `requires_grad`.
    """
    (gradient,) = torch.autograd.grad(real_logits.sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean()
