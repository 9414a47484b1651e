"""Weights, images and holes that are the same on every machine, and how far two arrays are apart."""

from collections.abc import Callable, Container

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn


def relative_error(got: ArrayLike, expected: ArrayLike) -> float:
    """The largest difference, as a share of the largest expected value."""
    one, other = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return float(np.abs(one - other).max() / np.abs(other).max())


def fill(
    network: nn.Module, vector: Callable[[str, Tensor], Tensor], *, gain: float = 1.0, leave: Container[str] = ()
) -> None:
    """Weights from nothing but each tensor's name and place in the state dict, by a quadratic congruence.

    Args:
        network: whose tensors are overwritten, but for single numbers.
        vector: makes a one-dimensional tensor of its key and of numbers in [-1, 1), which are as many.
        gain: of all other tensors, beside one over the square root of a third of the fan-in.
        leave: keys of tensors that stay as they are.
    """
    for place, (key, tensor) in enumerate(network.state_dict().items()):
        number = torch.arange(tensor.numel()).view(tensor.shape)
        spread = ((number * number * 7919 + number * 31 + place * 1009) % 65537).float() / 32768 - 1
        if key in leave or tensor.ndim == 0:
            continue
        if tensor.ndim == 1:
            tensor.copy_(vector(key, spread))
        else:
            tensor.copy_(gain * spread * (3 / tensor[0].numel()) ** 0.5)


def waves(batch: int, height: int, width: int) -> Tensor:
    """Smooth coloured waves, (B, 3, H, W) float32 in [0, 1], each image its own."""
    grid = torch.arange(batch * 3 * height * width, dtype=torch.float32).view(batch, 3, height, width)
    return 0.5 + 0.5 * torch.sin(grid * 0.0137)


def square_holes(batch: int, side: int) -> Tensor:
    """Masks with one square hole each, (B, 1, H, W) float32."""
    masks = torch.zeros(batch, 1, side, side)
    masks[..., side // 4 : side // 2, side // 4 : 3 * side // 4] = 1
    return masks


def picture(batch: int, side: int) -> tuple[Tensor, Tensor]:
    """Smooth images with one square hole each."""
    return waves(batch, side, side), square_holes(batch, side)
