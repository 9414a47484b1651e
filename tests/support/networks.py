"""Deterministic weights, images and masks, and comparisons of networks and of what they compute."""

from collections.abc import Callable, Container, Mapping

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn


def relative_error(actual: ArrayLike, expected: ArrayLike) -> float:
    """The largest absolute difference as a share of the largest absolute expected value."""
    first, second = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return float(np.abs(first - second).max() / np.abs(second).max())


def fill_weights(
    network: nn.Module, vector: Callable[[str, Tensor], Tensor], *, gain: float = 1.0, skip: Container[str] = ()
) -> None:
    """Overwrite weights, except scalars, by a quadratic congruence of each tensor's index in the state dict.

    Args:
        network: the network.
        vector: returns a one-dimensional tensor, given its key and as many numbers in [-1, 1).
        gain: factor of all other tensors, which are also divided by the square root of a third of the fan-in.
        skip: keys of tensors that stay the same.
    """
    for index, (key, tensor) in enumerate(network.state_dict().items()):
        number = torch.arange(tensor.numel()).view(tensor.shape)
        spread = ((number * number * 7919 + number * 31 + index * 1009) % 65537).float() / 32768 - 1
        if key in skip or tensor.ndim == 0:
            continue
        if tensor.ndim == 1:
            tensor.copy_(vector(key, spread))
        else:
            tensor.copy_(gain * spread * (3 / tensor[0].numel()) ** 0.5)


def waves(batch: int, height: int, width: int) -> Tensor:
    """Smooth coloured waves (B, 3, H, W) float32 in [0, 1]; every image differs."""
    grid = torch.arange(batch * 3 * height * width, dtype=torch.float32).view(batch, 3, height, width)
    return 0.5 + 0.5 * torch.sin(grid * 0.0137)


def square_holes(batch: int, side: int) -> Tensor:
    """Masks (B, 1, side, side) float32 with one square hole each."""
    masks = torch.zeros(batch, 1, side, side)
    masks[..., side // 4 : side // 2, side // 4 : 3 * side // 4] = 1
    return masks


def waves_with_holes(batch: int, side: int) -> tuple[Tensor, Tensor]:
    """Images of `waves` and masks of `square_holes`."""
    return waves(batch, side, side), square_holes(batch, side)


def assert_equal_states(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Check that two state dicts have the same keys and the same values, bit by bit."""
    assert state.keys() == expected.keys()
    assert [key for key, value in state.items() if not torch.equal(value, expected[key])] == []


def assert_only_holes_filled(filled: Tensor, images: Tensor, masks: Tensor) -> None:
    """Check that known pixels are the images' own and those of holes are not, and that all are in [0, 1]."""
    known = masks.expand_as(images) == 0
    assert torch.equal(filled[known], images[known])
    assert not torch.isclose(filled[~known], images[~known]).all()
    assert filled.min() >= 0
    assert filled.max() <= 1
