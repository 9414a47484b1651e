"""How EdgeConnect learns: the authors' four trainings, with the weights and rates of their example settings."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Adam

from backbones.edgeconnect import losses
from backbones.edgeconnect.discriminator import SMALLEST_JUDGED, Discriminator
from backbones.edgeconnect.edges import canny_edges, to_gray
from backbones.edgeconnect.generators import EdgeGenerator, InpaintGenerator, require_size
from backbones.kit.api import Recipe, RecipeSettings
from backbones.kit.published.vgg import load_vgg19
from backbones.kit.tensors import compose, total

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
"""The networks that each phase changes."""


class Networks(NamedTuple):
    """All that is trained; `generator` is the one that inpaints, `discriminator` its adversary."""

    edge_generator: EdgeGenerator
    generator: InpaintGenerator
    edge_discriminator: Discriminator
    discriminator: Discriminator


class EdgeConnectRecipe(Recipe):
    """Four phases; each starts with new optimisers, as each of the authors' trainings does.

    `edge` trains the edge generator, `inpaint` the inpainting one on the images' true edges, `inpaint-predicted` the
    same on edges that the edge generator, now fixed, predicts in the holes. `joint` trains both, the inpainting loss
    reaching the edge generator through its predictions.

    The authors step each discriminator before the generator's backward pass, which current torch refuses. Here all
    gradients are taken before any step; they are those that the authors' order meant, because each loss reaches the
    networks that it trains and no other.

    Deviations from the authors' code: a fixed edge generator is in evaluation mode, so that its spectral norms stand
    still too; a `perceptual` of `none` drops the style term with the perceptual one, as VGG-19 makes both; and an image
    without a hole has no part in the L1 term, which theirs divides by zero where no image of the batch has one.
    """

    phases = tuple(TRAINED)

    def __init__(self, networks: Networks, settings: RecipeSettings) -> None:
        self._own = networks
        self.networks = nn.ModuleDict(networks._asdict())
        self._perceptual = settings.perceptual_network(PERCEPTUAL_NAME, load_vgg19)
        self.begin(EDGE)

    def begin(self, phase: str) -> None:
        """Turn to a phase, as `Recipe.begin`.

        Raises:
            ValueError: there is no such phase.
        """
        if phase not in TRAINED:
            raise ValueError(f"EdgeConnect has no phase {phase!r}; it has: {', '.join(TRAINED)}.")
        self._phase = phase
        groups = [{"params": self.networks[name].parameters(), "lr": _rate(name)} for name in TRAINED[phase]]
        self._optimiser = Adam(groups, betas=BETAS, fused=True)

    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Update the phase's networks, as `Recipe.step`; the terms of the losses are returned weighted.

        In `joint`, names that start with `edge_` are the edge networks'.
        """
        for name, network in self.networks.items():
            network.train(name in TRAINED[self._phase])
        found = self._losses(images, masks)
        totals = [loss for name, loss in found.items() if name.endswith(("generator", "discriminator"))]
        self._optimiser.zero_grad()
        torch.stack(totals).sum().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return {name: loss.item() for name, loss in found.items()}

    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:
        """The sum of the edge generator's terms in the phase `edge`, of the inpainting generator's in the others."""
        return self._losses(images, masks)["generator"]

    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        """The prediction in the holes, the image elsewhere, as `Recipe.inpaint`; the same in all phases.

        As in the authors' test code the predicted edges lead everywhere, also where the true ones are known.
        """
        require_size(images, SMALLEST_JUDGED)
        edges = self._own.edge_generator(to_gray(images), canny_edges(images, masks), masks)
        return compose(self._own.generator(images, edges, masks), images, masks)

    def _losses(self, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
        """The phase's terms, weighted, and their totals `generator` and `discriminator`."""
        require_size(images, SMALLEST_JUDGED)
        edges = canny_edges(images)
        if self._phase == INPAINT:
            return self._inpaint_losses(images, edges, masks)
        gray = to_gray(images)
        with torch.set_grad_enabled(torch.is_grad_enabled() and "edge_generator" in TRAINED[self._phase]):
            predicted = self._own.edge_generator(gray, edges, masks)
        if self._phase == EDGE:
            return self._edge_losses(predicted, gray, edges)
        found = self._inpaint_losses(images, compose(predicted, edges, masks), masks)
        if self._phase == JOINT:
            of_edges = self._edge_losses(predicted, gray, edges)
            found |= {f"edge_{name}": loss for name, loss in of_edges.items()}
        return found

    def _edge_losses(self, predicted: Tensor, gray: Tensor, edges: Tensor) -> dict[str, Tensor]:
        fake, real, judged = _confront(
            self._own.edge_discriminator, torch.cat((gray, predicted), dim=1), torch.cat((gray, edges), dim=1)
        )
        terms = {
            "adversarial": losses.adversarial(fake[-1]),
            "feature_matching": EDGE_MATCHING_WEIGHT * losses.feature_matching(fake, real),
        }
        return terms | {"generator": total(terms), "discriminator": judged}

    def _inpaint_losses(self, images: Tensor, edges: Tensor, masks: Tensor) -> dict[str, Tensor]:
        prediction = self._own.generator(images, edges, masks)
        fake, _, judged = _confront(self._own.discriminator, prediction, images)
        terms = {
            "l1": losses.hole_l1(prediction, images, masks),
            "adversarial": ADVERSARIAL_WEIGHT * losses.adversarial(fake[-1]),
        }
        if self._perceptual is not None:
            network = self._perceptual.to(images.device)
            terms["perceptual"] = PERCEPTUAL_WEIGHT * losses.perceptual(network, prediction, images)
            terms["style"] = STYLE_WEIGHT * losses.style(network, prediction, images, masks)
        return terms | {"generator": total(terms), "discriminator": judged}


def _confront(discriminator: Discriminator, fake: Tensor, real: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Show a discriminator what is fake and what is real.

    Returns:
        Its maps of the fake, through which gradients reach the generator but not the discriminator; its maps of the
        real, without gradients; its own loss, from which gradients reach only itself.
    """
    of_real = discriminator(real)
    judged = losses.discrimination(of_real[-1], discriminator(fake.detach())[-1])
    discriminator.requires_grad_(requires_grad=False)
    of_fake = discriminator(fake)
    discriminator.requires_grad_(requires_grad=True)
    return of_fake, [maps.detach() for maps in of_real], judged


def _rate(name: str) -> float:
    return DISCRIMINATOR_RATE if name.endswith("discriminator") else GENERATOR_RATE
