"""The terms of DeepFillV2's loss (Yu et al., ICCV 2019, section 3.3): L1 and hinge.

Images are (B, 3, H, W) in [-1, 1], judgements (B, K), large = real. Every term is a scalar.
"""

from torch import Tensor
from torch.nn.functional import l1_loss, relu


def reconstruction(prediction: Tensor, images: Tensor) -> Tensor:
    """Absolute error of a stage's prediction, known pixels too."""
    return l1_loss(prediction, images)


def adversarial(fake: Tensor) -> Tensor:
    """The generator's hinge loss."""
    return -fake.mean()


def discrimination(real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's hinge loss, halved as the authors do."""
    return (relu(1 - real).mean() + relu(1 + fake).mean()) / 2
