"""AOT-GAN's inpainting training (Zeng et al., TVCG 2023): the losses and optimisers published for Places2."""

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torch.optim import Adam

from backbones.aotgan import losses
from backbones.aotgan.discriminator import Discriminator
from backbones.aotgan.generator import SMALLEST, Generator, require_size
from backbones.aotgan.losses import Adversary
from backbones.kit.api import Recipe, RecipeSettings
from backbones.kit.learning.tensors import compose, signed, total
from backbones.kit.published.vgg import load_vgg19

PERCEPTUAL_NAME = "vgg19"
L1_WEIGHT = 1.0
STYLE_WEIGHT = 250.0
PERCEPTUAL_WEIGHT = 0.1
ADVERSARIAL_WEIGHT = 0.01
LEARNING_RATE = 1e-4
BETAS = (0.5, 0.999)


class AotGanRecipe(Recipe):
    """Computes both networks' gradients on every batch, from one prediction, then updates both.

    L1, style and perceptual loss compare the raw prediction; the discriminator sees the prediction composed with the
    known pixels. If `perceptual` is `none`, both the style and the perceptual term are left out, because both need
    VGG-19. Two simplifications change no loss: one VGG-19 computes both terms, and the discriminator sees composed and
    real images as one batch, so that a step has two power iterations of its spectral norm, not three.

    Args:
        generator: the generator to train, shared with the caller.
        discriminator: the discriminator to train, shared with the caller.
        settings: the protocol's decisions.
        adversary: by default as in the released code, which trained the published weights. (Its labels are no later
            change: readers asked the authors about them within days of the release.)

    Raises:
        ValueError: weights of the perceptual network are missing or do not fit.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        settings: RecipeSettings,
        adversary: Adversary = Adversary.CODE,
    ) -> None:
        self._generator = generator
        self._discriminator = discriminator
        self._perceptual = settings.perceptual_network(PERCEPTUAL_NAME, load_vgg19)
        self._adversary = adversary
        self.networks = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        self._optimisers = [
            Adam(network.parameters(), lr=LEARNING_RATE, betas=BETAS, fused=True)
            for network in (generator, discriminator)
        ]

    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Update both networks, as `Recipe.step`; returns the weighted terms of the generator's loss."""
        images = signed(images)
        prediction = self._predict(images, masks)
        for optimiser in self._optimisers:
            optimiser.zero_grad()
        terms = self._generator_terms(prediction, images, masks)
        terms["generator"] = total(terms)
        networks = self.networks if self._adversary is Adversary.CODE else self._generator
        terms["generator"].backward(inputs=list(networks.parameters()))  # type: ignore[no-untyped-call]
        terms["discriminator"] = self._discriminator_loss(prediction.detach(), images, masks)
        terms["discriminator"].backward()  # type: ignore[no-untyped-call]
        for optimiser in self._optimisers:
            optimiser.step()
        return {name: term.item() for name, term in terms.items()}

    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:
        """The weighted sum of the generator's terms, as `Recipe.generator_loss`."""
        images = signed(images)
        return total(self._generator_terms(self._predict(images, masks), images, masks))

    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        """The prediction in the holes, the image elsewhere, as `Recipe.inpaint`."""
        prediction = (self._predict(signed(images), masks) + 1) / 2
        return compose(prediction, images, masks)

    def _predict(self, images: Tensor, masks: Tensor) -> Tensor:
        require_size(images, SMALLEST)
        prediction: Tensor = self._generator(images, masks)
        return prediction.float()

    def _generator_terms(self, prediction: Tensor, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        scores = self._discriminator(compose(prediction, images, masks))
        terms = {
            "l1": L1_WEIGHT * l1_loss(prediction, images),
            "adversarial": ADVERSARIAL_WEIGHT * losses.adversarial(scores, masks, self._adversary),
        }
        if self._perceptual is not None:
            network = self._perceptual.to(images.device)
            with torch.no_grad():
                real = losses.vgg_feature_maps(network, images)
            fake = losses.vgg_feature_maps(network, prediction)
            terms["style"] = STYLE_WEIGHT * losses.style(fake, real)
            terms["perceptual"] = PERCEPTUAL_WEIGHT * losses.perceptual(fake, real)
        return terms

    def _discriminator_loss(self, prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
        composed = compose(prediction, images, masks)
        fake_scores, real_scores = self._discriminator(torch.cat((composed, images))).chunk(2)
        return losses.discrimination(fake_scores, real_scores, masks)
