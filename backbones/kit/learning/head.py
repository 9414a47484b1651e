"""From a feature map to an embedding, and from an embedding to an identity."""

import torch
from torch import Tensor, nn


def embed(maps: Tensor, pooling: str) -> Tensor:
    """Feature maps (B, C, h, w) -> embeddings (B, D).

    Args:
        maps: of the encoder.
        pooling: `flatten`, the whole map as one vector (the paper), D = C h w; or `average` over positions, D = C.
    """
    return maps.flatten(1) if pooling == "flatten" else maps.mean(dim=(2, 3))


class Head(nn.Module):
    """One linear layer on the embedding (the paper's classifier); softmax is left to the loss.

    `map` passes the feature map through unchanged: it is the layer whose activations Grad-CAM explains.
    """

    def __init__(self, shape: torch.Size, classes: int, pooling: str) -> None:
        """Args: shape (C, h, w) of the feature map, number of classes, pooling as in `embed`."""
        super().__init__()
        channels, height, width = shape
        self.pooling = pooling
        self.map = nn.Identity()
        self.linear = nn.Linear(channels * height * width if pooling == "flatten" else channels, classes)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, h, w) -> logits (B, classes)."""
        logits: Tensor = self.linear(embed(self.map(maps), self.pooling))
        return logits
