"""EdgeConnect's inpainting training: four phases, with the weights and rates of the authors' example settings.

Nazeri et al., ICCV Workshops 2019, section 3.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Adam

from backbones.edgeconnect import losses
from backbones.edgeconnect.discriminator import SMALLEST_DISCRIMINATED, Discriminator
from backbones.edgeconnect.edges import canny_edges, to_gray
from backbones.edgeconnect.generators import EdgeGenerator, InpaintGenerator, require_size
from backbones.kit.api import Recipe, RecipeSettings
from backbones.kit.learning.tensors import compose, total
from backbones.kit.published.vgg import load_vgg19

PERCEPTUAL_NAME = "vgg19"
EDGE_MATCHING_WEIGHT = 10.0
ADVERSARIAL_WEIGHT = 0.1
PERCEPTUAL_WEIGHT = 0.1
STYLE_WEIGHT = 250.0
GENERATOR_RATE, DISCRIMINATOR_RATE = 1e-4, 1e-5
BETAS = (0.0, 0.9)

EDGE, INPAINT, PREDICTED, JOINT = "edge", "inpaint", "inpaint-predicted", "joint"
TRAINED = {
    EDGE: ("edge_generator", "edge_discriminator"),
    INPAINT: ("generator", "discriminator"),
    PREDICTED: ("generator", "discriminator"),
    JOINT: ("edge_generator", "edge_discriminator", "generator", "discriminator"),
}
"""Names of the networks that each phase updates."""


class Networks(NamedTuple):
    """All trained networks; `generator` inpaints, `discriminator` is its adversary."""

    edge_generator: EdgeGenerator
    generator: InpaintGenerator
    edge_discriminator: Discriminator
    discriminator: Discriminator


class EdgeConnectRecipe(Recipe):
    """Four phases, each with new optimisers, as each of the authors' trainings.

    `edge` trains the edge generator. `inpaint` trains the inpainting generator on the images' true edges, and
    `inpaint-predicted` on edges that the edge generator, now frozen, predicts in the holes. `joint` trains both: the
    inpainting loss reaches the edge generator through its predictions.

    The authors update each discriminator before the generator's backward pass, which current torch refuses. Here all
    gradients are computed before any update. They are those intended by the authors' order, because each loss reaches
    only the networks that it trains.

    It deviates from the authors' code in three ways: a frozen edge generator is in evaluation mode, so that its
    spectral norms do not change; a `perceptual` of `none` also drops the style term, which needs VGG-19 too; and an
    image without a hole does not count in the L1 term, in which theirs divides by zero if no image of the batch has
    one.

    Args:
        networks: the networks to train, shared with the caller.
        settings: the protocol's decisions.

    Raises:
        ValueError: weights of the perceptual network are missing or do not fit.
    """

    phases = tuple(TRAINED)

    def __init__(self, networks: Networks, settings: RecipeSettings) -> None:
        self._networks = networks
        self.networks = nn.ModuleDict(networks._asdict())
        self._perceptual = settings.perceptual_network(PERCEPTUAL_NAME, load_vgg19)
        self.begin(EDGE)

    def begin(self, phase: str) -> None:
        """Start a phase with new optimisers, as `Recipe.begin`.

        Raises:
            ValueError: there is no such phase.
        """
        if phase not in TRAINED:
            raise ValueError(f"EdgeConnect has no phase {phase!r}; it has: {', '.join(TRAINED)}.")
        self._phase = phase
        groups = [{"params": self.networks[name].parameters(), "lr": _rate(name)} for name in TRAINED[phase]]
        self._optimiser = Adam(groups, betas=BETAS, fused=True)

    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Update the phase's networks, as `Recipe.step`; returns the weighted terms of the losses.

        In the phase `joint`, names that start with `edge_` are those of the edge networks.
        """
        for name, network in self.networks.items():
            network.train(name in TRAINED[self._phase])
        terms = self._losses(images, masks)
        totals = [loss for name, loss in terms.items() if name.endswith(("generator", "discriminator"))]
        self._optimiser.zero_grad()
        torch.stack(totals).sum().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return {name: loss.item() for name, loss in terms.items()}

    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:
        """The sum of the edge generator's terms in the phase `edge`, of the inpainting generator's in the others."""
        return self._losses(images, masks)["generator"]

    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        """The prediction in the holes, the image elsewhere, as `Recipe.inpaint`; the same in all phases.

        As in the authors' test code, edges are the predicted ones everywhere, also where the true ones are known.
        """
        require_size(images, SMALLEST_DISCRIMINATED)
        edges = self._networks.edge_generator(to_gray(images), canny_edges(images, masks), masks)
        return compose(self._networks.generator(images, edges, masks), images, masks)

    def _losses(self, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """The phase's terms, weighted, and their totals `generator` and `discriminator`."""
        require_size(images, SMALLEST_DISCRIMINATED)
        edges = canny_edges(images)
        if self._phase == INPAINT:
            return self._inpaint_losses(images, edges, masks)
        gray = to_gray(images)
        with torch.set_grad_enabled(torch.is_grad_enabled() and "edge_generator" in TRAINED[self._phase]):
            predicted = self._networks.edge_generator(gray, edges, masks)
        if self._phase == EDGE:
            return self._edge_losses(predicted, gray, edges)
        terms = self._inpaint_losses(images, compose(predicted, edges, masks), masks)
        if self._phase == JOINT:
            edge_terms = self._edge_losses(predicted, gray, edges)
            terms |= {f"edge_{name}": loss for name, loss in edge_terms.items()}
        return terms

    def _edge_losses(self, predicted: Tensor, gray: Tensor, edges: Tensor) -> dict[str, Tensor]:
        fake, real, discriminator_loss = _discriminate(
            self._networks.edge_discriminator, torch.cat((gray, predicted), dim=1), torch.cat((gray, edges), dim=1)
        )
        terms = {
            "adversarial": losses.adversarial(fake[-1]),
            "feature_matching": EDGE_MATCHING_WEIGHT * losses.feature_matching(fake, real),
        }
        return terms | {"generator": total(terms), "discriminator": discriminator_loss}

    def _inpaint_losses(self, images: Tensor, edges: Tensor, masks: Tensor) -> dict[str, Tensor]:
        prediction = self._networks.generator(images, edges, masks)
        fake, _, discriminator_loss = _discriminate(self._networks.discriminator, prediction, images)
        terms = {
            "l1": losses.hole_l1(prediction, images, masks),
            "adversarial": ADVERSARIAL_WEIGHT * losses.adversarial(fake[-1]),
        }
        if self._perceptual is not None:
            network = self._perceptual.to(images.device)
            terms["perceptual"] = PERCEPTUAL_WEIGHT * losses.perceptual(network, prediction, images)
            terms["style"] = STYLE_WEIGHT * losses.style(network, prediction, images, masks)
        return terms | {"generator": total(terms), "discriminator": discriminator_loss}


def _discriminate(
    discriminator: Discriminator, fake: Tensor, real: Tensor
) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Run a discriminator on fake and on real images.

    Args:
        discriminator: the discriminator.
        fake: (B, C, H, W) predictions, with their graph.
        real: (B, C, H, W) real images.

    Returns:
        Feature maps of the fake images, whose gradients reach the generator but not the discriminator; feature maps of
        the real ones, without gradients; and the discriminator's loss, whose gradients reach the discriminator alone.
    """
    real_maps = discriminator(real)
    loss = losses.discrimination(real_maps[-1], discriminator(fake.detach())[-1])
    discriminator.requires_grad_(requires_grad=False)
    fake_maps = discriminator(fake)
    discriminator.requires_grad_(requires_grad=True)
    return fake_maps, [feature_map.detach() for feature_map in real_maps], loss


def _rate(name: str) -> float:
    return DISCRIMINATOR_RATE if name.endswith("discriminator") else GENERATOR_RATE
