"""Pooling of feature maps to embeddings, and the classifier's head on them."""

import torch
from torch import Tensor, nn


def embed(feature_maps: Tensor, pooling: str) -> Tensor:
    """Feature maps (B, C, h, w) -> embeddings (B, D).

    Args:
        feature_maps: output of the encoder.
        pooling: `flatten` = the feature map as one vector, D = C h w (the paper); `average` = its mean over positions,
            D = C.

    Examples:
        >>> feature_maps = torch.tensor([[[[1.0, 3.0]], [[5.0, 7.0]]]])  # B = 1, C = 2, h = 1, w = 2
        >>> embed(feature_maps, "flatten")
        tensor([[1., 3., 5., 7.]])
        >>> embed(feature_maps, "average")
        tensor([[2., 6.]])
    """
    return feature_maps.flatten(1) if pooling == "flatten" else feature_maps.mean(dim=(2, 3))


class Head(nn.Module):
    """One linear layer on the embedding, the paper's classifier; its outputs are logits.

    The layer `feature_map` is the identity: CAM methods explain its activations.
    """

    def __init__(self, shape: torch.Size, classes: int, pooling: str) -> None:
        """Draw random weights.

        Args:
            shape: (C, h, w) of the feature map.
            classes: number of classes.
            pooling: as in `embed`.
        """
        super().__init__()
        channels, height, width = shape
        self.pooling = pooling
        self.feature_map = nn.Identity()
        self.linear = nn.Linear(channels * height * width if pooling == "flatten" else channels, classes)

    def forward(self, feature_maps: Tensor) -> Tensor:
        """Feature maps (B, C, h, w) -> logits (B, classes)."""
        logits: Tensor = self.linear(embed(self.feature_map(feature_maps), self.pooling))
        return logits
