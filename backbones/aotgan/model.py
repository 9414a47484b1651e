"""AOT-GAN as a contestant: the first layers of its generator are the encoder; the whole generator inpaints."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from backbones.aotgan.discriminator import Discriminator
from backbones.aotgan.generator import Generator, network_input, require_size
from backbones.aotgan.losses import Adversary
from backbones.aotgan.recipe import PERCEPTUAL_NAME, AotGanRecipe
from backbones.kit.api import Backbone, RecipeSettings
from backbones.kit.published.vgg import unpack_vgg19
from backbones.kit.published.weights import strict_load

GENERATOR_NAME = "places2"
DISCRIMINATOR_NAME = "places2-discriminator"
VARIANTS = {"": Adversary.CODE, "paper": Adversary.PAPER}
"""The adversarial loss of each variant."""


class AotGanEncoder(nn.Module):
    """The generator up to its first AOT block; shares its weights."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.layers = generator.encoder

    def forward(self, images: Tensor) -> Tensor:
        """Encode whole images, with an empty mask.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            (B, 256, H / 4, W / 4).

        Raises:
            ValueError: H or W is not a multiple of 4.
        """
        require_size(images)
        no_holes = torch.zeros_like(images[:, :1])
        feature_maps: Tensor = self.layers(network_input(2 * images - 1, no_holes))
        return feature_maps


class AotGan(Backbone):
    """Generator and discriminator, with random weights until `load`.

    Args:
        variant: "" = trained as in the authors' code; "paper" = as in their paper, see `Adversary`.

    Raises:
        ValueError: there is no such variant.
    """

    def __init__(self, variant: str = "") -> None:
        if variant not in VARIANTS:
            raise ValueError(f"AOT-GAN has no variant {variant!r}; it has: {', '.join(filter(None, VARIANTS))}.")
        self._adversary = VARIANTS[variant]
        self._generator = Generator()
        self._discriminator = Discriminator()
        self._own = {GENERATOR_NAME: self._generator, DISCRIMINATOR_NAME: self._discriminator}
        self.network = nn.ModuleDict({"generator": self._generator})
        self.encoder = AotGanEncoder(self._generator)

    def recipe(self, settings: RecipeSettings) -> AotGanRecipe:
        """The published recipe, see `AotGanRecipe`."""
        return AotGanRecipe(self._generator, self._discriminator, settings, self._adversary)

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The state dict in `G0000000.pt`, `D0000000.pt` or torchvision's VGG-19.

        Raises:
            ValueError: there are no such weights, or the file holds more than tensors, as that of the optimisers does.
        """
        if name == PERCEPTUAL_NAME:
            return unpack_vgg19(checkpoint)
        self._require_own(name)
        others = sorted(str(key) for key, value in checkpoint.items() if not isinstance(value, Tensor))
        if others:
            raise ValueError(
                f"The {name} checkpoint should be a plain state dict; this one holds more than tensors under "
                f"{others[:3]}. Is it the file named in backbone.toml?"
            )
        return dict(checkpoint)

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the generator or the discriminator, as `Backbone.load`."""
        self._require_own(name)
        strict_load(self._own[name], state, f"The {name} checkpoint")

    def _require_own(self, name: str) -> None:
        if name not in self._own:
            raise ValueError(f"AOT-GAN has no published weights {name!r}; it has {', '.join(self._own)}.")


def build(variant: str = "") -> AotGan:
    """A contestant with random weights."""
    return AotGan(variant)
