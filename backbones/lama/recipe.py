"""LaMa's inpainting training: losses, weights and optimisers of the published "big-lama" configuration.

Suvorov et al., WACV 2022, section 2.2.
"""

from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import Adam, Optimizer

from backbones.kit.api import Recipe, RecipeSettings
from backbones.kit.learning.tensors import compose, total
from backbones.lama import losses
from backbones.lama.discriminator import Discriminator
from backbones.lama.generator import Generator, require_size
from backbones.lama.perceptual import ResNet50Dilated

PERCEPTUAL_NAME = "ade20k-resnet50dilated"
L1_WEIGHT = 10.0
ADVERSARIAL_WEIGHT = 10.0
MATCHING_WEIGHT = 100.0
PERCEPTUAL_WEIGHT = 30.0
R1_WEIGHT = 0.001
GENERATOR_RATE, DISCRIMINATOR_RATE = 1e-3, 1e-4
CLIP_NORM = 1.0
SMALLEST = 16
"""Least side in pixels that the generator inpaints."""


class LamaRecipe(Recipe):
    """Updates the generator on every batch, with a frozen discriminator, then the discriminator.

    It deviates from the authors' training code in two ways. The discriminator's update uses the prediction from before
    the generator's update; theirs runs the updated generator again. This saves a pass, and the generator's batch norm
    statistics are updated once per batch, not twice. And the perceptual network stays in evaluation mode, see
    `ResNet50Dilated`. The published checkpoint has no discriminator: training starts with a random one.

    Args:
        generator: the generator to train, shared with the caller.
        settings: the protocol's decisions.

    Raises:
        ValueError: weights of the perceptual network are missing or do not fit.
    """

    def __init__(self, generator: Generator, settings: RecipeSettings) -> None:
        self._generator = generator
        self._discriminator = Discriminator()
        self._perceptual = settings.perceptual_network(PERCEPTUAL_NAME, ResNet50Dilated.published)
        self.networks = nn.ModuleDict({"generator": self._generator, "discriminator": self._discriminator})
        self._generator_optimiser = Adam(self._generator.parameters(), lr=GENERATOR_RATE, fused=True)
        self._discriminator_optimiser = Adam(self._discriminator.parameters(), lr=DISCRIMINATOR_RATE, fused=True)

    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Update both networks, as `Recipe.step`; returns the weighted terms of the losses."""
        prediction = self._predict(images, masks)
        self._discriminator.requires_grad_(requires_grad=False)
        terms = self._generator_terms(prediction, images, masks)
        terms["generator"] = total(terms)
        _descend(self._generator_optimiser, self._generator, terms["generator"])
        self._discriminator.requires_grad_(requires_grad=True)
        discriminator_terms = self._discriminator_terms(prediction.detach(), images, masks)
        discriminator_terms["discriminator"] = total(discriminator_terms)
        _descend(self._discriminator_optimiser, self._discriminator, discriminator_terms["discriminator"])
        return {name: term.item() for name, term in (terms | discriminator_terms).items()}

    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:
        """The weighted sum of the generator's terms, as `Recipe.generator_loss`."""
        return total(self._generator_terms(self._predict(images, masks), images, masks))

    def run_norms(self, images: Tensor, masks: Tensor) -> None:
        """As `Recipe.run_norms`: without the perceptual network, which has settled statistics."""
        self._discriminator(self._predict(images, masks))
        self._discriminator(images)

    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        """The prediction in the holes, the image elsewhere, as `Recipe.inpaint`."""
        return compose(self._predict(images, masks), images, masks)

    def _predict(self, images: Tensor, masks: Tensor) -> Tensor:
        require_size(images, SMALLEST)
        prediction: Tensor = self._generator(images, masks)
        return prediction

    def _generator_terms(self, prediction: Tensor, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        fake_logits, fake_features = self._discriminator(prediction)
        _, real_features = self._discriminator(images)
        terms = {
            "l1": L1_WEIGHT * losses.known_l1(prediction, images, masks),
            "adversarial": ADVERSARIAL_WEIGHT * losses.adversarial(fake_logits.float()),
            "feature_matching": MATCHING_WEIGHT * losses.feature_matching(fake_features, real_features),
        }
        if self._perceptual is not None:
            network = self._perceptual.to(images.device)
            terms["perceptual"] = PERCEPTUAL_WEIGHT * losses.feature_distance(network(prediction), network(images))
        return terms

    def _discriminator_terms(self, prediction: Tensor, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        images = images.detach().requires_grad_()
        real_logits, _ = self._discriminator(images)
        fake_logits, _ = self._discriminator(prediction)
        return {
            "discrimination": losses.discrimination(real_logits.float(), fake_logits.float(), masks),
            "gradient_penalty": R1_WEIGHT * losses.gradient_penalty(real_logits, images),
        }


def _descend(optimiser: Optimizer, network: nn.Module, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(network.parameters(), CLIP_NORM)
    optimiser.step()
