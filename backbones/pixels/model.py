"""Raw pixels as a contestant: a control without an encoder."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from backbones.kit.api import Backbone

SIDE = 16
"""Height and width of the feature map."""


class PixelEncoder(nn.Module):
    """The image, downscaled by averaging."""

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, 3, 16, 16) in [-1, 1].

        Each value is the mean of its area, mapped so that mid-grey is 0: if all values are positive, a linear
        classifier learns slowly, and the cosine of any two images is close to 1.
        """
        return 2 * nn.functional.adaptive_avg_pool2d(images, SIDE) - 1


class Pixels(Backbone):
    """The downscaled image as the feature map, without parameters."""

    def __init__(self) -> None:
        self.network = self.encoder = PixelEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:  # noqa: ARG002
        """Raise ValueError: there are no weights."""
        raise ValueError(f"Raw pixels have no weights, so none named {name!r}.")

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:  # noqa: ARG002
        """Raise ValueError: there are no weights."""
        raise ValueError(f"Raw pixels have no weights, so none named {name!r}.")


def build() -> Pixels:
    """The contestant."""
    return Pixels()
