"""InceptionV3 (Szegedy et al., CVPR 2016) as a contestant: torchvision's network up to its last feature map."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torchvision.models import inception_v3

from backbones.kit.api import Backbone
from backbones.kit.published.weights import strict_load

WEIGHTS = "imagenet"
LAST_LAYERS = ("avgpool", "dropout", "fc")
"""Layers after the last feature map."""

DROPPED_LAYERS = ("fc", "AuxLogits")
"""Layers of the published file that do not belong to the encoder."""

SIDE = 299
"""Side in pixels of the images that the network was designed for."""


class InceptionEncoder(nn.Sequential):
    """The layers up to the last feature map, in their order, with the published state dict keys.

    Random weights follow He et al. 2015. Those of torchvision rely on batch norm, which has no statistics in an
    untrained network: its feature maps are about 1e12.
    """

    def __init__(self) -> None:
        layers = inception_v3(weights=None, aux_logits=False, init_weights=False).named_children()
        super().__init__(OrderedDict((name, layer) for name, layer in layers if name not in LAST_LAYERS))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1], of any size -> (B, 2048, 8, 8).

        The network takes images in [-1, 1]: torchvision's own network, with its published weights, first undoes the
        normalisation by ImageNet's mean and deviation that its transform applied (`transform_input`).
        """
        resized = nn.functional.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)
        feature_maps: Tensor = super().forward(2 * resized - 1)  # type: ignore[no-untyped-call]
        return feature_maps


class Inception(Backbone):
    """InceptionV3 with random weights until `load`."""

    def __init__(self) -> None:
        self.network = self.encoder = InceptionEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Torchvision's state dict without the classifier and the auxiliary classifier.

        Raises:
            ValueError: there are no such weights.
        """
        _require_own(name)
        return {key: value for key, value in checkpoint.items() if str(key).partition(".")[0] not in DROPPED_LAYERS}

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the encoder, as `Backbone.load`."""
        _require_own(name)
        strict_load(self.encoder, state, f"InceptionV3's {name} file")


def _require_own(name: str) -> None:
    if name != WEIGHTS:
        raise ValueError(f"InceptionV3 has no published weights {name!r}, only {WEIGHTS!r}.")


def build() -> Inception:
    """A contestant with random weights."""
    return Inception()
