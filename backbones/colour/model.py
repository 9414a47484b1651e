"""The colour histogram as a contestant: a control that sees colours, but no pattern."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from backbones.kit.api import Backbone

BINS = 8
"""Bins per channel."""

CELLS = BINS**3
"""Cells of the RGB cube, each a channel of the feature map."""


class HistogramEncoder(nn.Module):
    """The joint histogram of red, green and blue (Swain & Ballard, Color Indexing, IJCV 7, 1991)."""

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, 512, 1, 1).

        Channel 64 r + 8 g + b is the share of pixels whose red, green and blue are in the r-th, g-th and b-th eighth of
        [0, 1] (the last one includes 1), times 512. So the mean over all channels is 1, and a classifier gets inputs of
        a scale that it can learn from.
        """
        batch, pixels = len(images), images[0, 0].numel()
        bins = (images * BINS).long().clamp(0, BINS - 1)  # (B, 3, H, W)
        cells = (bins[:, 0] * BINS + bins[:, 1]) * BINS + bins[:, 2]  # (B, H, W)
        first = CELLS * torch.arange(batch, device=images.device).view(batch, 1, 1)
        counts = torch.bincount((cells + first).flatten(), minlength=batch * CELLS)
        return counts.view(batch, CELLS, 1, 1) * (CELLS / pixels)


class Colour(Backbone):
    """The histogram as a feature map of one position, without parameters."""

    def __init__(self) -> None:
        self.network = self.encoder = HistogramEncoder()

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:  # noqa: ARG002
        """Raise ValueError: there are no weights."""
        raise ValueError(f"The colour histogram has no weights, so none named {name!r}.")

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:  # noqa: ARG002
        """Raise ValueError: there are no weights."""
        raise ValueError(f"The colour histogram has no weights, so none named {name!r}.")


def build() -> Colour:
    """The contestant."""
    return Colour()
