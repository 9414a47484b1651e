"""Any timm network as a contestant."""

from collections.abc import Mapping
from typing import Any

import timm
from torch import Tensor, nn

from backbones.kit.api import Backbone
from backbones.kit.published.weights import strict_load
from backbones.timm import names, published
from backbones.timm.encoder import TimmEncoder

WEIGHTS = "pretrained"


class Unknown(nn.Module):
    """In the place of a hub model's encoder until its file, which alone says what network it is, has been loaded."""

    def __init__(self, variant: str) -> None:
        super().__init__()
        self.variant = variant

    def forward(self, images: Tensor) -> Tensor:  # noqa: ARG002
        """Raise ValueError: there is no network yet."""
        raise ValueError(
            f"Which network timm:{self.variant} is, only its published file says, and none was given: it can be run "
            f"from published weights alone (`patternbench weights fetch timm:{self.variant}`, then INIT=published), "
            "and neither `describe` nor `check`, which begin with random ones, can be asked about it."
        )


class Timm(Backbone):
    """A timm network with random weights, until published ones are loaded."""

    def __init__(self, variant: str) -> None:
        """Args: name of a network, with or without the tag of its weights, or `hf-hub:ORG/NAME`.

        Raises:
            ValueError: there is no such network, or it cannot be an encoder.
        """
        names.check(variant)
        self.variant = variant
        self.encoder: nn.Module = (
            Unknown(variant) if names.on_hub(variant) else TimmEncoder(timm.create_model(variant, num_classes=0))
        )
        self.network = self.encoder

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Unpack what `backbones.timm.fetch` wrote, or the file on the network's page as it is.

        Raises:
            ValueError: another name; or the file on the page of a hub model, which does not say what network it is
                of; or it is another network's.
        """
        _require_own(name)
        if published.CONFIG in checkpoint:
            return dict(checkpoint)
        if names.on_hub(self.variant):
            raise ValueError(
                f"The file alone does not say which network timm:{self.variant} is; "
                f"`patternbench weights fetch timm:{self.variant}` gets its description too."
            )
        network = timm.create_model(self.variant)
        strict_load(network, checkpoint, f"The {name} file of timm:{self.variant}")
        return published.pack(self.variant, network)

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Build the network that the file describes, and load it strictly; see `Backbone.load`.

        Raises:
            ValueError: the file is of another variant, or does not fit.
        """
        _require_own(name)
        described, tensors = published.unpack(state)
        if described.variant != self.variant:
            raise ValueError(f"These are the weights of timm:{described.variant}, not of timm:{self.variant}.")
        network = described.build()
        strict_load(network, tensors, f"The {name} file of timm:{self.variant}")
        self.network = self.encoder = TimmEncoder(network)


def _require_own(name: str) -> None:
    if name != WEIGHTS:
        raise ValueError(f"timm's networks have no published weights {name!r}, only {WEIGHTS!r}.")


def build(variant: str = "") -> Timm:
    """A contestant with random weights; see `Timm`."""
    return Timm(variant)
