"""Raw pixels as a contestant: how far one comes without an encoder."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from backbones.kit.api import Backbone

SIDE = 16


class PixelEncoder(nn.Module):
    """Downscaling."""

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, 3, 16, 16) in [-1, 1].

        Each value is the mean of the area that it stands for. Mid-grey is 0: of values that are all positive a linear
        classifier hardly learns, and every two images look alike to a cosine.
        """
        return 2 * nn.functional.adaptive_avg_pool2d(images, SIDE) - 1


class Pixels(Backbone):
    """The downscaled image as the feature map; nothing in it can be trained."""

    def __init__(self) -> None:
        self.network = self.encoder = PixelEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:  # noqa: ARG002
        """Raise: there is nothing to load."""
        raise ValueError(f"Raw pixels have no weights, so none called {name!r}.")

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:  # noqa: ARG002
        """Raise: there is nothing to load."""
        raise ValueError(f"Raw pixels have no weights, so none called {name!r}.")


def build() -> Pixels:
    """The contestant."""
    return Pixels()
