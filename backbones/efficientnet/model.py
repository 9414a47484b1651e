"""EfficientNet-B0 (Tan & Le, ICML 2019) as a contestant: torchvision's network without its classifier."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torchvision.models import efficientnet_b0
from torchvision.transforms.functional import normalize

from backbones.kit.api import Backbone
from backbones.kit.published.weights import strict_load

WEIGHTS = "imagenet"
CLASSIFIER = ("classifier.1.weight", "classifier.1.bias")
"""Keys of the published file that do not belong to the encoder."""

STRIDE = 32
"""Image sides must be a multiple of this."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's RGB in [0, 1], which normalise the input."""


class EfficientNetEncoder(nn.Module):
    """The convolutional layers of the network, with the published state dict keys.

    Random weights follow He et al. 2015. Those of torchvision rely on batch norm, which has no statistics in an
    untrained network: its feature maps are about 1e-13.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features: nn.Module = efficientnet_b0(weights=None).features
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, 1280, H / 32, W / 32).

        Raises:
            ValueError: H or W is not a multiple of 32.
        """
        if images.shape[2] % STRIDE or images.shape[3] % STRIDE:
            raise ValueError(f"Image sides must be multiples of {STRIDE}, not {tuple(images.shape[2:])}.")
        feature_maps: Tensor = self.features(normalize(images, MEAN, STD))
        return feature_maps


class EfficientNet(Backbone):
    """EfficientNet-B0 with random weights until `load`."""

    def __init__(self) -> None:
        self.network = self.encoder = EfficientNetEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Torchvision's state dict without the classifier.

        Raises:
            ValueError: there are no such weights.
        """
        _require_own(name)
        return {key: value for key, value in checkpoint.items() if key not in CLASSIFIER}

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the encoder, as `Backbone.load`."""
        _require_own(name)
        strict_load(self.encoder, state, f"EfficientNet-B0's {name} file")


def _require_own(name: str) -> None:
    if name != WEIGHTS:
        raise ValueError(f"EfficientNet-B0 has no published weights {name!r}, only {WEIGHTS!r}.")


def build() -> EfficientNet:
    """A contestant with random weights."""
    return EfficientNet()
