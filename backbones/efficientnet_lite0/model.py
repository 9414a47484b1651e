"""EfficientNet-Lite0 as a contestant: timm's network, with the weights that a Python package contains."""

from collections.abc import Mapping
from typing import Any

import timm
from torch import Tensor, nn
from torchvision.transforms.functional import normalize

from backbones.efficientnet_lite0.keys import CLASSIFIER, timm_key
from backbones.kit.api import Backbone
from backbones.kit.published.weights import strict_load

WEIGHTS = "imagenet"
STRIDE = 32
"""Image sides must be a multiple of this."""

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
"""Normalisation (x - 127) / 128 of RGB in [0, 255]: MEAN_RGB and STDDEV_RGB of TensorFlow's
efficientnet_lite_builder.py, which trained the weights."""


class EfficientNetLiteEncoder(nn.Module):
    """The convolutional layers of the network."""

    network: Any

    def __init__(self) -> None:
        super().__init__()
        self.network = timm.create_model("tf_efficientnet_lite0", num_classes=0)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, 1280, H / 32, W / 32).

        Raises:
            ValueError: H or W is not a multiple of 32.
        """
        if images.shape[2] % STRIDE or images.shape[3] % STRIDE:
            raise ValueError(f"Image sides must be multiples of {STRIDE}, not {tuple(images.shape[2:])}.")
        feature_maps: Tensor = self.network.forward_features(normalize(images, MEAN, STD))
        return feature_maps


class EfficientNetLite(Backbone):
    """EfficientNet-Lite0 with random weights until `load`."""

    encoder: EfficientNetLiteEncoder

    def __init__(self) -> None:
        self.network = self.encoder = EfficientNetLiteEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The package's state dict without the classifier, with timm's keys.

        Raises:
            ValueError: there are no such weights.
        """
        _require_own(name)
        return {timm_key(str(key)): value for key, value in checkpoint.items() if key not in CLASSIFIER}

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the encoder, as `Backbone.load`."""
        _require_own(name)
        strict_load(self.encoder.network, state, f"EfficientNet-Lite0's {name} file")


def _require_own(name: str) -> None:
    if name != WEIGHTS:
        raise ValueError(f"EfficientNet-Lite0 has no published weights {name!r}, only {WEIGHTS!r}.")


def build() -> EfficientNetLite:
    """A contestant with random weights."""
    return EfficientNetLite()
