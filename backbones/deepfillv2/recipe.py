"""How DeepFillV2 learns to inpaint: losses and optimisers of the PyTorch version's Places2 configuration."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from backbones.deepfillv2 import losses
from backbones.deepfillv2.discriminator import Discriminator
from backbones.deepfillv2.generator import Generator, require_size
from backbones.kit.api import Recipe
from backbones.kit.tensors import compose, signed, total

RATE = 1e-4
BETAS = (0.5, 0.999)


class DeepFillV2Recipe(Recipe):
    """On every batch an update of the discriminator, then one of the generator against the updated one.

    All terms weigh 1, and there is no perceptual term. The authors share one mask in a batch; here every image has its
    own, in the attention too. Both updates judge the composed image, as theirs do since August 2025.

    Every pass of the discriminator normalises its weights in place, those of `generator_loss` too. The published files
    need not hold a discriminator: training starts with a random one.

    Args:
        generator: learns in place.
        same: how the discriminator pads; as the generator does.
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
        # One pass for both: a second would change the weights that the first's gradient needs.
        judged = self._discriminator(torch.cat((images, compose(fine, images, masks))), torch.cat((masks, masks)))
        real, fake = judged.float().chunk(2)
        return losses.discrimination(real, fake)

    def _generator_terms(self, coarse: Tensor, fine: Tensor, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        judged = self._discriminator(compose(fine, images, masks), masks)
        return {
            "l1_stage1": losses.reconstruction(coarse, images),
            "l1_stage2": losses.reconstruction(fine, images),
            "adversarial": losses.adversarial(judged.float()),
        }


def _adam(network: nn.Module) -> Adam:
    return Adam(network.parameters(), lr=RATE, betas=BETAS, fused=True)


def _descend(optimiser: Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
