"""The paper's seven region variants: which parts of an image a classifier is shown."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import ANIMAL, BACKGROUND, PATTERN
from benchmark.errors import InputError
from benchmark.vocabulary import REGION_VARIANTS, Fill, RegionVariant

_SHOWN: dict[RegionVariant, tuple[int, ...]] = {
    "background": (BACKGROUND,),
    "body": (ANIMAL,),
    "pattern": (PATTERN,),
    "no_background": (ANIMAL, PATTERN),
    "no_body": (BACKGROUND, PATTERN),
    "no_pattern": (BACKGROUND, ANIMAL),
    "all": (BACKGROUND, ANIMAL, PATTERN),
}


BLUR = 1 / 8
"""Standard deviation of the Gaussian that hides a region, as a part of the image's side."""

NOISE = 40
"""Standard deviation of the noise that hides a region, about the image's mean colour, of 255."""


def apply_variant(
    images: NDArray[np.uint8], regions: NDArray[np.uint8], variant: RegionVariant, fill: Fill = "zero"
) -> NDArray[np.uint8]:
    """Hide every pixel whose region the variant does not show.

    `fish` is the animal without its pattern (region 1), `pattern` is region 2, `background` is region 0;
    `no_x` is the complement of `x`.

    Args:
        images: (N, H, W, 3) uint8.
        regions: (N, H, W) uint8, values 0, 1, 2.
        variant: one of `REGION_VARIANTS`.
        fill: `zero`; `mean`, the image's mean colour; `blur`, the image blurred by a Gaussian; `noise` about the mean
            colour, the same for the same image size on every machine.

    Returns:
        (N, H, W, 3) uint8, a new array.

    Raises:
        InputError: the variant is not known, the shapes do not go together, or a region is none of 0, 1, 2.
    """
    if variant not in _SHOWN:
        raise InputError(f"Unknown region variant {variant!r}. Allowed are {', '.join(REGION_VARIANTS)}.")
    if images.shape[:-1] != regions.shape:
        raise InputError(f"Images {images.shape} and regions {regions.shape} differ in number or size.")
    if regions.size and regions.max() > PATTERN:
        raise InputError(f"The regions hold the value {regions.max()}; allowed are 0, 1, 2.")
    shown = np.isin(regions, _SHOWN[variant])[..., np.newaxis]
    return np.where(shown, images, np.uint8(0) if fill == "zero" else _FILLS[fill](images))


def _mean(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean colour of each image, as (N, 1, 1, 3)."""
    colours: NDArray[np.uint8] = images.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
    return colours


def _blurred(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from scipy.ndimage import gaussian_filter

    spread = BLUR * images.shape[1]
    return np.stack([gaussian_filter(image.astype(np.float32), (spread, spread, 0)) for image in images]).astype(
        np.uint8
    )


def _noise(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    drawn = np.random.default_rng(0).normal(0, NOISE, (1, *images.shape[1:]))
    return (_mean(images) + drawn).clip(0, 255).astype(np.uint8)


_FILLS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {"mean": _mean, "blur": _blurred, "noise": _noise}
