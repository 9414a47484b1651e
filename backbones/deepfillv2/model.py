"""DeepFillV2 as a contestant: the first layers of one of its networks are the encoder; the whole generator inpaints."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from backbones.deepfillv2.generator import (
    FUSION_KEY,
    PYTORCH,
    TENSORFLOW,
    Generator,
    require_built_in_fusion,
    require_size,
    stage1_input,
)
from backbones.deepfillv2.recipe import DeepFillV2Recipe
from backbones.kit.api import Backbone, RecipeSettings
from backbones.kit.learning.tensors import signed
from backbones.kit.published.weights import strict_load

STAGE1, CONVOLUTION, ATTENTION = "stage1.encoder", "stage2.convolution.encoder", "stage2.attention.encoder"
VARIANTS = {
    "": (PYTORCH, STAGE1),
    "convolution": (PYTORCH, CONVOLUTION),
    "attention": (PYTORCH, ATTENTION),
    "tf": (TENSORFLOW, STAGE1),
    "tf-convolution": (TENSORFLOW, CONVOLUTION),
    "tf-attention": (TENSORFLOW, ATTENTION),
}
"""Layout of each variant, and name of its encoder in the generator."""


class DeepFillV2Encoder(nn.Module):
    """Five gated convolutions of the generator; shares its weights.

    Args:
        layers: encoder of the first stage, or of a branch of the second.
        sees_mask: whether its input has a mask, as that of the first stage; the second stage's is an image alone.
    """

    def __init__(self, layers: nn.Module, *, sees_mask: bool) -> None:
        super().__init__()
        self.layers = layers
        self.sees_mask = sees_mask

    def forward(self, images: Tensor) -> Tensor:
        """Encode whole images, with an empty mask.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            (B, 96, H / 4, W / 4).

        Raises:
            ValueError: H or W is not a multiple of 8.
        """
        require_size(images)
        inputs = signed(images)
        if self.sees_mask:
            inputs = stage1_input(inputs, torch.zeros_like(images[:, :1]))
        feature_maps: Tensor = self.layers(inputs)
        return feature_maps


class DeepFillV2(Backbone):
    """The generator, with random weights until `load`.

    Args:
        variant: one of `VARIANTS`.

    Raises:
        ValueError: there is no such variant.
    """

    def __init__(self, variant: str = "") -> None:
        if variant not in VARIANTS:
            raise ValueError(f"DeepFillV2 has no variant {variant!r}; it has: {', '.join(filter(None, VARIANTS))}.")
        self._layout, encoder = VARIANTS[variant]
        self._published = "places2-tf" if self._layout is TENSORFLOW else "places2"
        self._generator = Generator(self._layout)
        self.network = self._generator
        self.encoder = DeepFillV2Encoder(self._generator.get_submodule(encoder), sees_mask=encoder == STAGE1)

    def recipe(self, settings: RecipeSettings) -> DeepFillV2Recipe:  # noqa: ARG002 - it has no perceptual term
        """The published recipe with a new discriminator, see `DeepFillV2Recipe`."""
        return DeepFillV2Recipe(self._generator, same=self._layout.same)

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The generator's state dict in `states_pt_places2.pth` or `states_tf_places2.pth`, under the key `G`.

        Other keys, such as those of the discriminator and the optimisers, are dropped. The attention's `fuse_weight`, a
        constant that files from before July 2022 lack, is added.

        Raises:
            ValueError: there are no such weights, or the file has another layout.
        """
        self._require(name)
        state = checkpoint.get("G")
        if not isinstance(state, Mapping):
            raise ValueError(  # noqa: TRY004 - the file's content is wrong, not an argument's type
                f"The {name} checkpoint should be a dict with the generator's weights under 'G', as in the file named "
                f"in backbone.toml; this one has the keys {sorted(map(str, checkpoint))[:3]}."
            )
        return self._constants() | dict(state)

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the generator, as `Backbone.load`.

        Raises:
            ValueError: there are no such weights; a key is missing, unknown or of another shape; or `fuse_weight` has
                another value.
        """
        self._require(name)
        require_built_in_fusion(state)
        strict_load(self.network, state, f"The {name} checkpoint")

    def _require(self, name: str) -> None:
        if name != self._published:
            raise ValueError(f"This variant of DeepFillV2 has no weights {name!r}, only {self._published!r}.")

    def _constants(self) -> dict[str, Tensor]:
        return {key: value for key, value in self.network.state_dict().items() if key == FUSION_KEY}


def build(variant: str = "") -> DeepFillV2:
    """A contestant with random weights."""
    return DeepFillV2(variant)
