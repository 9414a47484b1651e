"""The colour histogram as a contestant: how far one comes without seeing any pattern."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from backbones.kit.api import Backbone

BINS = 8
"""Of each channel."""

CELLS = BINS**3


class HistogramEncoder(nn.Module):
    """Counting colours."""

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, 512, 1, 1).

        Channel 64 r + 8 g + b counts the pixels whose red, green and blue lie in the r-th, g-th and b-th eighth of
        [0, 1]; the last eighth holds 1. It is 1 where they are as many as if all colours were equally common, so that
        the mean over all channels is 1 and a classifier finds numbers that it can learn from.
        """
        batch, pixels = len(images), images[0, 0].numel()
        bins = (images * BINS).long().clamp(0, BINS - 1)  # (B, 3, H, W)
        cells = (bins[:, 0] * BINS + bins[:, 1]) * BINS + bins[:, 2]  # (B, H, W)
        first = CELLS * torch.arange(batch, device=images.device).view(batch, 1, 1)
        counts = torch.bincount((cells + first).flatten(), minlength=batch * CELLS)
        return counts.view(batch, CELLS, 1, 1) * (CELLS / pixels)


class Colour(Backbone):
    """The histogram as a feature map of one position; nothing in it can be trained."""

    def __init__(self) -> None:
        self.network = self.encoder = HistogramEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:  # noqa: ARG002
        """Raise: there is nothing to load."""
        raise ValueError(f"The colour histogram has no weights, so none called {name!r}.")

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:  # noqa: ARG002
        """Raise: there is nothing to load."""
        raise ValueError(f"The colour histogram has no weights, so none called {name!r}.")


def build() -> Colour:
    """The contestant."""
    return Colour()
