"""LaMa as a contestant: the first layers of its generator are the encoder; the whole generator inpaints."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from backbones.kit.api import Backbone, RecipeSettings
from backbones.kit.published.weights import strict_load
from backbones.lama.generator import ENCODER_DEPTH, Generator, require_size
from backbones.lama.recipe import PERCEPTUAL_NAME, LamaRecipe

CHECKPOINT_NAME = "big-lama"


class LamaEncoder(nn.Module):
    """The generator up to its split into local and global features; shares its weights."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.layers = generator.model[:ENCODER_DEPTH]

    def forward(self, images: Tensor) -> Tensor:
        """Encode whole images, with an empty mask.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            (B, 512, H / 8, W / 8): 128 local channels, then 384 global ones.

        Raises:
            ValueError: H or W is not a multiple of 8.
        """
        require_size(images)
        no_holes = torch.zeros_like(images[:, :1])
        return torch.cat(self.layers(torch.cat((images, no_holes), dim=1)), dim=1)


class Lama(Backbone):
    """The "big-lama" generator, with random weights until `load`."""

    def __init__(self) -> None:
        self._generator = Generator()
        self.network = nn.ModuleDict({"generator": self._generator})
        self.encoder = LamaEncoder(self._generator)

    def recipe(self, settings: RecipeSettings) -> LamaRecipe:
        """The published recipe with a new discriminator, see `LamaRecipe`."""
        return LamaRecipe(self._generator, settings)

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The state dict of the generator in `big-lama/models/best.ckpt`, or of the perceptual network.

        The file is a Lightning checkpoint: the generator's weights are under `state_dict`, with the prefix
        `generator.`. Keys of the discriminator, of losses and of evaluators are dropped; `load` refuses any other key.

        Raises:
            ValueError: there are no such weights, or the file has another layout.
        """
        if name == PERCEPTUAL_NAME:
            return dict(checkpoint)
        _require_own(name)
        state = checkpoint.get("state_dict")
        if not isinstance(state, Mapping):
            raise ValueError(  # noqa: TRY004 - the file's content is wrong, not an argument's type
                f"The {name} checkpoint should be a dict with the weights under 'state_dict', as in "
                f"big-lama/models/best.ckpt; this one has the keys {sorted(map(str, checkpoint))[:3]}."
            )
        return {key: value for key, value in state.items() if not _is_dropped(str(key))}

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the generator, as `Backbone.load`."""
        _require_own(name)
        strict_load(self.network, state, f"The {name} checkpoint")


def _require_own(name: str) -> None:
    if name != CHECKPOINT_NAME:
        raise ValueError(f"LaMa has no published weights {name!r} for its generator, only {CHECKPOINT_NAME!r}.")


def _is_dropped(key: str) -> bool:
    """Whether a key of the published file belongs to the discriminator, a loss or an evaluator."""
    module = key.partition(".")[0]
    return module == "discriminator" or module.startswith("loss_") or module.endswith(("evaluator", "evaluators"))


def build() -> Lama:
    """A contestant with random weights."""
    return Lama()
