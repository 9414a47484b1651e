"""The terms of DeepFillV2's loss (Yu et al., ICCV 2019, section 3.3): L1 and hinge.

Images are (B, 3, H, W) in [-1, 1]; scores of the discriminator are (B, K), high = real. Every term is a scalar.
"""

from torch import Tensor
from torch.nn.functional import l1_loss, relu


def reconstruction(prediction: Tensor, images: Tensor) -> Tensor:
    """Mean absolute error of a stage's prediction, known pixels included."""
    return l1_loss(prediction, images)


def adversarial(fake_scores: Tensor) -> Tensor:
    """The generator's hinge loss: the negative mean score of composed images."""
    return -fake_scores.mean()


def discrimination(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The discriminator's hinge loss, halved as in the authors' code."""
    return (relu(1 - real_scores).mean() + relu(1 + fake_scores).mean()) / 2
