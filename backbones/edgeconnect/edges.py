"""What EdgeConnect draws from an image before any network: its luminance and its Canny edges."""

import numpy as np
import torch
from torch import Tensor

from backbones.kit.data import to_pixels

GRAY_WEIGHTS = (0.2125, 0.7154, 0.0721)
"""Of red, green and blue; those of scikit-image's `rgb2gray`."""
SIGMA = 2.0


def to_gray(images: Tensor) -> Tensor:
    """Luminance: (B, 3, H, W) in [0, 1] -> (B, 1, H, W) in [0, 1]."""
    weights = images.new_tensor(GRAY_WEIGHTS).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)


def canny_edges(images: Tensor, masks: Tensor | None = None) -> Tensor:
    """Edges of the luminance (Canny, PAMI 1986; scikit-image's thresholds), computed on the CPU.

    The images are rounded to the 8 bits that they came in, so that every device finds the same edges.

    Args:
        images: (B, 3, H, W) in [0, 1].
        masks: (B, 1, H, W), 1 = hole: pixels that are not looked at, and have no edge. None = look everywhere.

    Returns:
        (B, 1, H, W), 1 on edges and 0 elsewhere, of the images' type and device.
    """
    from skimage.color import rgb2gray
    from skimage.feature import canny

    known = torch.ones_like(images[:, 0], dtype=torch.bool) if masks is None else masks[:, 0] == 0
    edges = [
        canny(rgb2gray(picture), sigma=SIGMA, mask=visible)  # type: ignore[no-untyped-call]
        for picture, visible in zip(to_pixels(images), known.cpu().numpy(), strict=True)
    ]
    return torch.from_numpy(np.stack(edges)).unsqueeze(1).to(images)
