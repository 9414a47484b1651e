"""How alike a filled hole and what was there look: LPIPS, whose network was fitted to what people say of images.

Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018, arXiv:1801.03924;
version 0.1 on AlexNet. The weights of its layers come with the authors' package `lpips`; AlexNet's are a file of
the user's.
"""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import InputError
from benchmark.metrics.reconstruction import rows_with_hole

SMALLEST = 31
"""Pixels a side that AlexNet needs."""

BATCH = 32

MEAN, DEVIATION = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of ImageNet's channels where values are in [-1, 1], as the authors round them."""

TINY = 1e-10
"""Keeps a feature vector of zeros from division by zero."""


class Lpips(NamedTuple):
    """The network.

    Attributes:
        features: the convolutional part of torchvision's AlexNet up to its fifth activation; all five are compared.
        heads: what every channel of each of them counts, (1, C, 1, 1), none below 0.
    """

    features: nn.Sequential
    heads: tuple[Tensor, ...]


def load(path: Path) -> Lpips:
    """The network, with AlexNet's convolutions from a safetensors file that has torchvision's keys (`features.*`).

    Raises:
        InputError: the file cannot be read, or is not of these convolutions.
    """
    from torchvision.models import alexnet

    with torch.device("meta"):  # no value but the file's, not even to begin with
        features = alexnet(weights=None).features[:-1]
    try:
        state = {key.removeprefix("features."): tensor for key, tensor in load_file(path).items()}
        features.load_state_dict(state, assign=True)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise InputError(
            f"{path}: not the convolutions of AlexNet ({' '.join(str(error).split())}). Delete it, and get it again "
            "with `patternbench weights fetch lpips`."
        ) from error
    shipped = Path(str(metadata.distribution("lpips").locate_file("lpips/weights/v0.1/alex.pth")))
    heads = torch.load(shipped, map_location="cpu", weights_only=True)
    return Lpips(features.eval(), tuple(heads[f"lin{number}.model.1.weight"] for number in range(len(heads))))


def hole_lpips(network: Lpips, filled: NDArray[np.uint8], truth: NDArray[np.uint8], holes: NDArray[np.uint8]) -> float:
    """Mean over the images of the distance map's mean over the hole's pixels; 0 = alike, higher = less alike.

    LPIPS is published as the mean over a whole image. Here known pixels are given to every model, and that mean would
    mostly measure how small the hole is. So this is no number to compare with published ones. The network sees the
    whole images: what surrounds a hole bears on how its filling looks.

    Args:
        network: from `load`.
        filled: (N, H, W, 3).
        truth: (N, H, W, 3).
        holes: (N, H, W), 1 = hole; images without one are left out.

    Raises:
        InputError: shapes differ, images have fewer than 31 pixels a side, or no image has a hole.
    """
    chosen = rows_with_hole(filled, truth, holes)
    if min(truth.shape[1:3]) < SMALLEST:
        raise InputError(
            f"Images of {truth.shape[2]} x {truth.shape[1]} pixels are too small for LPIPS, whose network takes at "
            f"least {SMALLEST} a side. Take a larger image_size in the protocol, or move the folder lpips of "
            ".patternbench/weights away to go without LPIPS."
        )
    means = [
        distances[hole > 0].mean(dtype=np.float64)
        for batch in np.split(chosen, range(BATCH, len(chosen), BATCH))
        for distances, hole in zip(distance_maps(network, filled[batch], truth[batch]), holes[batch], strict=True)
    ]
    return float(np.mean(means))


@torch.inference_mode()
def distance_maps(network: Lpips, ones: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """LPIPS at every pixel (the authors' `spatial=True`), (N, H, W), of images (N, H, W, 3).

    Sum over the layers of the weighted squared differences of unit-length features (eq. 1 of the paper, before the mean
    over places), each layer's enlarged to the images' size.
    """
    layers = zip(_activations(network, ones), _activations(network, others), network.heads, strict=True)
    size = ones.shape[1:3]
    maps = [
        functional.interpolate(
            functional.conv2d((_unit(one) - _unit(other)).square(), head), size, mode="bilinear", align_corners=False
        )
        for one, other, head in layers
    ]
    found: NDArray[np.float32] = torch.cat(maps, dim=1).sum(dim=1).numpy()
    return found


def _activations(network: Lpips, images: NDArray[np.uint8]) -> Iterator[Tensor]:
    """(N, C, h, w) of every layer."""
    values = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 * 2 - 1
    mean, deviation = (torch.tensor(one)[:, None, None] for one in (MEAN, DEVIATION))
    values = (values - mean) / deviation
    for layer in network.features:
        values = layer(values)
        if isinstance(layer, nn.ReLU):
            yield values


def _unit(features: Tensor) -> Tensor:
    """Every place's features at length 1."""
    return features / (features.square().sum(dim=1, keepdim=True).sqrt() + TINY)
