"""The study's seven region variants: which parts of an image a classifier is shown."""

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from benchmark.catalogue import ANIMAL, BACKGROUND, PATTERN
from benchmark.errors import InputError
from benchmark.records import Variant

VARIANTS: tuple[Variant, ...] = get_args(Variant)
"""In the order of the study's table."""

_SHOWN: dict[Variant, tuple[int, ...]] = {
    "background": (BACKGROUND,),
    "fish": (ANIMAL,),
    "pattern": (PATTERN,),
    "no_background": (ANIMAL, PATTERN),
    "no_fish": (BACKGROUND, PATTERN),
    "no_pattern": (BACKGROUND, ANIMAL),
    "all": (BACKGROUND, ANIMAL, PATTERN),
}


def apply_variant(images: NDArray[np.uint8], regions: NDArray[np.uint8], variant: Variant) -> NDArray[np.uint8]:
    """Fill with zero every pixel whose region the variant does not show.

    `fish` is the animal without its pattern (region 1), `pattern` is region 2, `background` is region 0;
    `no_x` is the complement of `x`.

    Args:
        images: (N, H, W, 3) uint8.
        regions: (N, H, W) uint8, values 0, 1, 2.
        variant: one of `VARIANTS`.

    Returns:
        (N, H, W, 3) uint8, a new array.

    Raises:
        InputError: the variant is not known, the shapes do not go together, or a region is none of 0, 1, 2.
    """
    if variant not in _SHOWN:
        raise InputError(f"Unknown region variant {variant!r}. Allowed are {', '.join(VARIANTS)}.")
    if images.shape[:-1] != regions.shape:
        raise InputError(f"Images {images.shape} and regions {regions.shape} differ in number or size.")
    if regions.size and regions.max() > PATTERN:
        raise InputError(f"The regions hold the value {regions.max()}; allowed are 0, 1, 2.")
    shown = np.zeros(PATTERN + 1, np.uint8)
    shown[list(_SHOWN[variant])] = 1
    return images * shown[regions][..., np.newaxis]
