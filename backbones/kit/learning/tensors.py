"""Tensor operations that the recipes of several inpainting models share."""

from collections.abc import Mapping

import torch
from torch import Tensor


def signed(images: Tensor) -> Tensor:
    """Images in [0, 1], mapped to [-1, 1].

    Examples:
        >>> signed(torch.tensor([0.0, 0.5, 1.0]))
        tensor([-1.,  0.,  1.])
    """
    return 2 * images - 1


def require_least(images: Tensor, smallest: int) -> None:
    """Refuse images that are too small for a discriminator's strided convolutions.

    Raises:
        ValueError: height or width is less than `smallest`.
    """
    height, width = images.shape[-2:]
    if min(height, width) < smallest:
        raise ValueError(
            f"It takes images with height and width of at least {smallest}, not {height} x {width}. Resize or pad them."
        )


def compose(prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """The prediction in the holes and the images elsewhere, (B, C, H, W).

    Args:
        prediction: (B, C, H, W).
        images: (B, C, H, W) in the same range.
        masks: (B, 1, H, W), 1 = hole, 0 = known.

    Examples:
        >>> mask = torch.tensor([[[[1.0, 0.0]]]])
        >>> compose(torch.full_like(mask, 0.75), torch.full_like(mask, 0.25), mask)
        tensor([[[[0.7500, 0.2500]]]])
    """
    return masks * prediction + (1 - masks) * images


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """The sum of a loss's weighted terms, each a scalar."""
    return torch.stack(list(terms.values())).sum()
