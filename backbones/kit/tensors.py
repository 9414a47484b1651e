"""Small operations that the recipes of inpainting models share."""

from collections.abc import Mapping

import torch
from torch import Tensor


def signed(images: Tensor) -> Tensor:
    """Images in [0, 1] as in [-1, 1]."""
    return 2 * images - 1


def require_least(images: Tensor, smallest: int) -> None:
    """Refuse images of which a discriminator's strided convolutions would leave nothing.

    Raises:
        ValueError: height or width is less than `smallest`.
    """
    height, width = images.shape[-2:]
    if min(height, width) < smallest:
        raise ValueError(
            f"It takes images with height and width of at least {smallest}, not {height} x {width}. Resize or pad them."
        )


def compose(prediction: Tensor, images: Tensor, masks: Tensor) -> Tensor:
    """The prediction within the holes, the images around them.

    Args:
        prediction: (B, C, H, W).
        images: (B, C, H, W) in the same range.
        masks: (B, 1, H, W), 1 = hole.
    """
    return masks * prediction + (1 - masks) * images


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """The sum of a loss's weighted terms, each a scalar."""
    return torch.stack(list(terms.values())).sum()
