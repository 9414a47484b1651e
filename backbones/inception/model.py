"""InceptionV3 as a contestant: torchvision's network up to its last feature map."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torchvision.models import inception_v3

from backbones.kit.api import Backbone
from backbones.kit.published.weights import strict_load

WEIGHTS = "imagenet"
BEHIND = ("avgpool", "dropout", "fc")
"""Layers behind the last feature map."""

PASSED_OVER = ("fc", "AuxLogits")
"""Layers in the published file that are not the encoder's."""

SIDE = 299
"""Pixels a side that the network was made for."""


class InceptionEncoder(nn.Sequential):
    """The layers up to the last feature map, in their order; keys are the published ones.

    Random weights are drawn by He et al. 2015: torchvision's own rely on batch norm, which has no statistics yet in an
    untrained network, and give maps of 1e12.
    """

    def __init__(self) -> None:
        layers = inception_v3(weights=None, aux_logits=False, init_weights=False).named_children()
        super().__init__(OrderedDict((name, layer) for name, layer in layers if name not in BEHIND))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1], of any size -> (B, 2048, 8, 8).

        The network wants [-1, 1]: with its published weights, torchvision first takes back the normalisation by
        ImageNet's mean and deviation that its own transform has made (`transform_input`).
        """
        resized = nn.functional.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=True)
        maps: Tensor = super().forward(2 * resized - 1)  # type: ignore[no-untyped-call]
        return maps


class Inception(Backbone):
    """InceptionV3 with random weights, until published ones are loaded."""

    def __init__(self) -> None:
        self.network = self.encoder = InceptionEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Unpack torchvision's state dict: all but the classifier and the auxiliary classifier.

        Raises:
            ValueError: another name.
        """
        _require_own(name)
        return {key: value for key, value in checkpoint.items() if str(key).partition(".")[0] not in PASSED_OVER}

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the encoder; see `Backbone.load`."""
        _require_own(name)
        strict_load(self.encoder, state, f"InceptionV3's {name} file")


def _require_own(name: str) -> None:
    if name != WEIGHTS:
        raise ValueError(f"InceptionV3 has no published weights {name!r}, only {WEIGHTS!r}.")


def build() -> Inception:
    """A contestant with random weights."""
    return Inception()
