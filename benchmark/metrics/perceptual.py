"""LPIPS of filled holes: a distance whose network was fitted to human judgements of similar images.

Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018, arXiv:1801.03924;
version 0.1 on AlexNet, computed by the authors' package `lpips`. The package ships the weights of its heads; AlexNet's
convolutions are a file of the user's.
"""

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from benchmark.errors import InputError
from benchmark.metrics.reconstruction import rows_with_hole

SMALLEST = 31
"""Pixels a side that AlexNet needs."""

BATCH = 32


def load(path: Path) -> nn.Module:
    """The authors' network, with AlexNet's convolutions from a safetensors file with torchvision's keys (`features.*`).

    Raises:
        InputError: the file cannot be read, or does not hold exactly these convolutions.
    """
    import lpips  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the package passes torchvision a deprecated argument
        network: nn.Module = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, spatial=True, verbose=False)
    alexnet = network.get_submodule("net")
    keys = {f"features.{key.partition('.')[2]}": key for key in alexnet.state_dict()}  # features.3.bias: slice2.3.bias
    try:
        alexnet.load_state_dict({keys.get(key, key): tensor for key, tensor in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise InputError(
            f"{path}: not the convolutions of AlexNet ({' '.join(str(error).split())}). Delete it, and get it again "
            "with `patternbench weights fetch lpips`."
        ) from error
    return network


def hole_lpips(
    network: nn.Module, filled: NDArray[np.uint8], truth: NDArray[np.uint8], holes: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """The distance map's mean over the hole's pixels, of each image that has a hole, in order; 0 = equal.

    LPIPS is published as the mean over a whole image. Here every model is given the known pixels, so that mean would
    mostly measure the size of the hole. The result is therefore not comparable with published numbers. The network sees
    the whole images, because the surroundings of a hole affect how its filling looks.

    Args:
        network: from `load`.
        filled: (N, H, W, 3).
        truth: (N, H, W, 3).
        holes: (N, H, W), 1 = hole; images without one are left out.

    Raises:
        InputError: shapes differ, images have fewer than 31 pixels a side, or no image has a hole.
    """
    rows = rows_with_hole(filled, truth, holes)
    if min(truth.shape[1:3]) < SMALLEST:
        raise InputError(
            f"Images of {truth.shape[2]} x {truth.shape[1]} pixels are too small for LPIPS, whose network takes at "
            f"least {SMALLEST} a side. Set a larger image_size in the protocol, or move the folder "
            "imported/weights/lpips away to run without LPIPS."
        )
    means = [
        distances[hole > 0].mean(dtype=np.float64)
        for batch in np.split(rows, range(BATCH, len(rows), BATCH))
        for distances, hole in zip(distance_maps(network, filled[batch], truth[batch]), holes[batch], strict=True)
    ]
    return np.array(means)


@torch.inference_mode()
def distance_maps(network: nn.Module, images: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """LPIPS at every pixel (the authors' `spatial=True`), (N, H, W).

    Args:
        network: from `load`.
        images: (N, H, W, 3).
        others: (N, H, W, 3).
    """
    first, second = (torch.from_numpy(part).permute(0, 3, 1, 2).float() / 255 for part in (images, others))
    distances: NDArray[np.float32] = network(first, second, normalize=True)[:, 0].numpy()
    return distances
