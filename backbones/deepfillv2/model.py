"""DeepFillV2 as a contestant: the front of one of its networks is the encoder, the whole generator inpaints."""

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
"""Layout and encoder of each variant."""


class DeepFillV2Encoder(nn.Module):
    """Five gated convolutions of the generator; the weights are shared.

    Args:
        layers: the front of the first stage, which sees a mask, or of a branch of the second, which sees only an image.
    """

    def __init__(self, layers: nn.Module, *, sees_mask: bool) -> None:
        super().__init__()
        self.layers = layers
        self.sees_mask = sees_mask

    def forward(self, images: Tensor) -> Tensor:
        """Encode whole images, as if nothing were masked.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            (B, 96, H / 4, W / 4).

        Raises:
            ValueError: H or W is not a multiple of 8.
        """
        require_size(images)
        signed = 2 * images - 1
        seen = stage1_input(signed, torch.zeros_like(images[:, :1])) if self.sees_mask else signed
        maps: Tensor = self.layers(seen)
        return maps


class DeepFillV2(Backbone):
    """The generator with random weights, until published ones are loaded.

    Args:
        variant: one of `VARIANTS`.

    Raises:
        ValueError: there is no such variant.
    """

    def __init__(self, variant: str = "") -> None:
        if variant not in VARIANTS:
            raise ValueError(f"DeepFillV2 has no variant {variant!r}; it has: {', '.join(filter(None, VARIANTS))}.")
        self._layout, front = VARIANTS[variant]
        self._published = "places2-tf" if self._layout is TENSORFLOW else "places2"
        self._generator = Generator(self._layout)
        self.network = self._generator
        self.encoder = DeepFillV2Encoder(self._generator.get_submodule(front), sees_mask=front == STAGE1)

    def recipe(self, settings: RecipeSettings) -> DeepFillV2Recipe:  # noqa: ARG002 - it has no perceptual term
        """The published recipe with a new discriminator; see `DeepFillV2Recipe`."""
        return DeepFillV2Recipe(self._generator, same=self._layout.same)

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The generator in `states_pt_places2.pth` or `states_tf_places2.pth`: a dict that holds it under `G`.

        Beside it there may be the discriminator and what a training needs to go on; it is passed over. The attention's
        `fuse_weight` is a constant that files from before July 2022 lack; it is added.

        Raises:
            ValueError: another name or layout.
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
        """Load the generator's weights strictly.

        Raises:
            ValueError: another name; a key is missing, unknown or misshapen; the constant is another.
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
