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


class UnknownEncoder(nn.Module):
    """Encoder of a hub model before `load`: its architecture is stated in its published file alone."""

    def __init__(self, variant: str) -> None:
        super().__init__()
        self.variant = variant

    def forward(self, images: Tensor) -> Tensor:  # noqa: ARG002
        """Raise ValueError: the architecture is not known yet."""
        raise ValueError(
            f"The architecture of timm:{self.variant} is stated in its published file alone, which is not here. It "
            f"runs from published weights only (`patternbench weights fetch timm:{self.variant}`, INIT=published); "
            "`describe` and `check`, which start from random weights, do not work for it."
        )


class Timm(Backbone):
    """A timm network, with random weights until `load`."""

    def __init__(self, variant: str) -> None:
        """Build the encoder.

        Args:
            variant: name of a network, with or without the tag of its weights, or `hf-hub:ORG/NAME`.

        Raises:
            ValueError: there is no such network, or it cannot be an encoder.
        """
        names.check(variant)
        self.variant = variant
        self.encoder: nn.Module = (
            UnknownEncoder(variant) if names.on_hub(variant) else TimmEncoder(timm.create_model(variant, num_classes=0))
        )
        self.network = self.encoder

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The tensors in a file of `backbones.timm.fetch`, or in the file on the network's page.

        Raises:
            ValueError: there are no such weights; the file is that on the page of a hub model, which does not state its
                architecture; or it belongs to another network.
        """
        _require_own(name)
        if published.CONFIG in checkpoint:
            return dict(checkpoint)
        if names.on_hub(self.variant):
            raise ValueError(
                f"The file alone does not state the architecture of timm:{self.variant}; "
                f"`patternbench weights fetch timm:{self.variant}` gets its description too."
            )
        network = timm.create_model(self.variant)
        strict_load(network, checkpoint, f"The {name} file of timm:{self.variant}")
        return published.pack(self.variant, network)

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Build the network that the file describes, and load it, as `Backbone.load`.

        Raises:
            ValueError: the file is for another variant, or does not fit.
        """
        _require_own(name)
        description, tensors = published.unpack(state)
        if description.variant != self.variant:
            raise ValueError(f"These are the weights of timm:{description.variant}, not of timm:{self.variant}.")
        network = description.build()
        strict_load(network, tensors, f"The {name} file of timm:{self.variant}")
        self.network = self.encoder = TimmEncoder(network)


def _require_own(name: str) -> None:
    if name != WEIGHTS:
        raise ValueError(f"timm's networks have no published weights {name!r}, only {WEIGHTS!r}.")


def build(variant: str = "") -> Timm:
    """A contestant with random weights, see `Timm`."""
    return Timm(variant)
