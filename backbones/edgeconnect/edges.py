"""Preprocessing of EdgeConnect: luminance and Canny edges of an image."""

import numpy as np
import torch
from torch import Tensor

from backbones.kit.data import to_pixels

GRAY_WEIGHTS = (0.2125, 0.7154, 0.0721)
"""Weights of red, green and blue, those of scikit-image's `rgb2gray`."""

SIGMA = 2.0
"""Standard deviation in pixels of the Gaussian in Canny's algorithm."""


def to_gray(images: Tensor) -> Tensor:
    """Luminance (B, 1, H, W) in [0, 1] of images (B, 3, H, W) in [0, 1].

    Examples:
        >>> to_gray(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1))
        tensor([[[[0.2125]]]])
    """
    weights = images.new_tensor(GRAY_WEIGHTS).view(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)


def canny_edges(images: Tensor, masks: Tensor | None = None) -> Tensor:
    """Edges of the luminance (Canny, PAMI 1986; scikit-image's thresholds), computed on the CPU.

    Images are rounded to 8 bits, so that the edges are the same on every device.

    Args:
        images: (B, 3, H, W) in [0, 1].
        masks: (B, 1, H, W), 1 = hole: pixels that are ignored and have no edge. None = no holes.

    Returns:
        (B, 1, H, W), 1 on edges and 0 elsewhere, with the images' type and device.
    """
    from skimage.color import rgb2gray
    from skimage.feature import canny

    known = torch.ones_like(images[:, 0], dtype=torch.bool) if masks is None else masks[:, 0] == 0
    edges = [
        canny(rgb2gray(pixels), sigma=SIGMA, mask=mask)  # type: ignore[no-untyped-call]
        for pixels, mask in zip(to_pixels(images), known.cpu().numpy(), strict=True)
    ]
    return torch.from_numpy(np.stack(edges)).unsqueeze(1).to(images)
