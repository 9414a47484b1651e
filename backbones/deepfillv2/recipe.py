"""DeepFillV2's inpainting training: losses and optimisers of the PyTorch version's Places2 configuration."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from backbones.deepfillv2 import losses
from backbones.deepfillv2.discriminator import Discriminator
from backbones.deepfillv2.generator import Generator, require_size
from backbones.kit.api import Recipe
from backbones.kit.learning.tensors import compose, signed, total

LEARNING_RATE = 1e-4
BETAS = (0.5, 0.999)


class DeepFillV2Recipe(Recipe):
    """Updates the discriminator on every batch, then the generator against the updated discriminator.

    All terms have the weight 1, and there is no perceptual term. In the authors' code the images of a batch share a
    mask; here each has its own, in the attention too. The discriminator sees composed images in both updates, as in
    their code since August 2025.

    Every pass of the discriminator normalises its weights in place, that of `generator_loss` included. Training starts
    with a random discriminator, because the published files may not contain one.

    Args:
        generator: the generator to train, shared with the caller.
        same: padding of the discriminator, see `Convolution`; the same as that of the generator.
    """

    def __init__(self, generator: Generator, *, same: bool) -> None:
        self._generator = generator
        self._discriminator = Discriminator(same=same)
        self.networks = nn.ModuleDict({"generator": self._generator, "discriminator": self._discriminator})
        self._generator_optimiser = _adam(self._generator)
        self._discriminator_optimiser = _adam(self._discriminator)

    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Update both networks, as `Recipe.step`."""
        images = signed(images)
        coarse, fine = self._predict(images, masks)
        discrimination = self._discrimination(fine.detach(), images, masks)
        _descend(self._discriminator_optimiser, discrimination)
        self._discriminator.requires_grad_(requires_grad=False)
        terms = self._generator_terms(coarse, fine, images, masks)
        generator = total(terms)
        _descend(self._generator_optimiser, generator)
        self._discriminator.requires_grad_(requires_grad=True)
        terms |= {"generator": generator, "discriminator": discrimination}
        return {name: term.item() for name, term in terms.items()}

    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:
        """The sum of the generator's terms, as `Recipe.generator_loss`."""
        images = signed(images)
        return total(self._generator_terms(*self._predict(images, masks), images, masks))

    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        """The second stage's prediction in the holes, the image elsewhere, as `Recipe.inpaint`."""
        _, fine = self._predict(signed(images), masks)
        return compose((fine + 1) / 2, images, masks)

    def _predict(self, images: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
        require_size(images)
        coarse, fine = self._generator(images, masks)
        return coarse, fine

    def _discrimination(self, fine: Tensor, images: Tensor, masks: Tensor) -> Tensor:
        # One pass for both: a second one would change the weights that the gradient of the first needs.
        scores = self._discriminator(torch.cat((images, compose(fine, images, masks))), torch.cat((masks, masks)))
        real_scores, fake_scores = scores.float().chunk(2)
        return losses.discrimination(real_scores, fake_scores)

    def _generator_terms(self, coarse: Tensor, fine: Tensor, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        scores = self._discriminator(compose(fine, images, masks), masks)
        return {
            "l1_stage1": losses.reconstruction(coarse, images),
            "l1_stage2": losses.reconstruction(fine, images),
            "adversarial": losses.adversarial(scores.float()),
        }


def _adam(network: nn.Module) -> Adam:
    return Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS, fused=True)


def _descend(optimiser: Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
