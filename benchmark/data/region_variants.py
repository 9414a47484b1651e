"""The paper's seven region variants: which regions of an image a classifier sees, and what fills the others.

A new fill is its name in `benchmark.vocabulary.Fill` and its function in `FILLS`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN
from benchmark.errors import InputError
from benchmark.vocabulary import REGION_VARIANTS, Fill, RegionVariant

Images = NDArray[np.uint8]
"""(N, H, W, 3) RGB."""

BLUR = 1 / 8
"""Standard deviation of the `blur` fill, as a share of the image's height."""

NOISE = 40
"""Standard deviation of the `noise` fill about the image's mean colour, on the scale 0 to 255."""

_VISIBLE: dict[RegionVariant, tuple[int, ...]] = {
    "background": (BACKGROUND,),
    "body": (BODY,),
    "pattern": (PATTERN,),
    "no_background": (BODY, PATTERN),
    "no_body": (BACKGROUND, PATTERN),
    "no_pattern": (BACKGROUND, BODY),
    "all": (BACKGROUND, BODY, PATTERN),
}


def apply_variant(images: Images, regions: NDArray[np.uint8], variant: RegionVariant, fill: Fill = "zero") -> Images:
    """Replace every pixel outside the variant's regions by a fill.

    `background` shows region 0, `body` region 1 and `pattern` region 2; `no_x` shows all but `x`:

    >>> image = np.array([[[[10, 20, 30], [40, 50, 60]]]], np.uint8)
    >>> apply_variant(image, np.array([[[1, 2]]], np.uint8), "no_body").tolist()
    [[[[0, 0, 0], [40, 50, 60]]]]

    Args:
        images: (N, H, W, 3) uint8.
        regions: (N, H, W) uint8, values of a region mask.
        variant: one of `REGION_VARIANTS`.
        fill: one of `FILLS`.

    Returns:
        (N, H, W, 3) uint8, a new array.

    Raises:
        InputError: the variant or the fill is not known, the shapes differ, or a region is none of 0, 1, 2.
    """
    if variant not in _VISIBLE:
        raise InputError(f"Unknown region variant {variant!r}. Allowed are {', '.join(REGION_VARIANTS)}.")
    if fill not in FILLS:
        raise InputError(f"Unknown fill {fill!r}. Allowed are {', '.join(FILLS)}.")
    if images.shape[:-1] != regions.shape:
        raise InputError(f"Images {images.shape} and regions {regions.shape} differ in number or size.")
    if regions.size and regions.max() > PATTERN:
        raise InputError(f"The regions hold the value {regions.max()}; allowed are 0, 1, 2.")
    visible = np.isin(regions, _VISIBLE[variant])[..., np.newaxis]
    return np.where(visible, images, FILLS[fill](images))


def _zero(images: Images) -> Images:
    return np.zeros((len(images), 1, 1, 1), np.uint8)


def _mean(images: Images) -> Images:
    """The mean colour of each image, (N, 1, 1, 3)."""
    colours: Images = images.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
    return colours


def _blur(images: Images) -> Images:
    """Each image blurred by a Gaussian, (N, H, W, 3)."""
    from scipy.ndimage import gaussian_filter

    spread = BLUR * images.shape[1]
    blurred = [gaussian_filter(image.astype(np.float32), (spread, spread, 0)) for image in images]
    return np.stack(blurred).astype(np.uint8)


def _noise(images: Images) -> Images:
    """Gaussian noise about each image's mean colour, (N, H, W, 3); the same on every machine for one image size."""
    noise = np.random.default_rng(0).normal(0, NOISE, (1, *images.shape[1:]))
    return (_mean(images) + noise).clip(0, 255).astype(np.uint8)


def _shuffle(images: Images) -> Images:
    """The pixels of each image in random order, (N, H, W, 3); the same order on every machine for one image size."""
    order = np.random.default_rng(0).permutation(images.shape[1] * images.shape[2])
    return images.reshape(len(images), -1, images.shape[3])[:, order].reshape(images.shape)


FILLS: dict[Fill, Callable[[Images], Images]] = {
    "zero": _zero,
    "mean": _mean,
    "blur": _blur,
    "noise": _noise,
    "shuffle": _shuffle,
}
"""Functions from images to the pixels that replace hidden ones, of any shape that broadcasts to the images' shape."""
