from typing import get_args

import numpy as np
import pytest

from benchmark.data.region_variants import FILLS, apply_variant
from benchmark.errors import InputError
from benchmark.vocabulary import REGION_VARIANTS, Fill

IMAGE = np.array([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], np.uint8)  # one row of three pixels
REGIONS = np.array([[[0, 1, 2]]], np.uint8)


@pytest.mark.parametrize(
    ("variant", "visible"),
    [
        ("background", (1, 0, 0)),
        ("body", (0, 1, 0)),
        ("pattern", (0, 0, 1)),
        ("no_background", (0, 1, 1)),
        ("no_body", (1, 0, 1)),
        ("no_pattern", (1, 1, 0)),
        ("all", (1, 1, 1)),
    ],
)
def test_by_hand(variant: str, visible: tuple[int, int, int]) -> None:
    variants = apply_variant(IMAGE, REGIONS, variant)  # type: ignore[arg-type]
    assert variants.tolist() == [
        [[[value * on for value in pixel] for pixel, on in zip(IMAGE[0, 0].tolist(), visible, strict=True)]]
    ]
    assert variants.dtype == np.uint8


def test_the_papers_seven_in_its_order() -> None:
    assert REGION_VARIANTS == ("background", "body", "pattern", "no_background", "no_body", "no_pattern", "all")


def test_a_part_and_its_complement_make_the_whole() -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (3, 5, 4, 3), np.uint8)
    regions = generator.integers(0, 3, (3, 5, 4), np.uint8)
    for part in ("background", "body", "pattern"):
        whole = apply_variant(images, regions, part) + apply_variant(images, regions, f"no_{part}")  # type: ignore[arg-type]
        np.testing.assert_array_equal(whole, images)


def test_the_input_images_are_unchanged() -> None:
    images = IMAGE.copy()
    apply_variant(images, REGIONS, "all")[:] = 0
    np.testing.assert_array_equal(images, IMAGE)


def test_invalid_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="Allowed are background, body"):
        apply_variant(IMAGE, REGIONS, "head")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"Unknown fill 'water'\. Allowed are zero, mean"):
        apply_variant(IMAGE, REGIONS, "all", "water")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="differ in number or size"):
        apply_variant(IMAGE, REGIONS[:, :, :2], "all")
    with pytest.raises(InputError, match="the value 3"):
        apply_variant(IMAGE, REGIONS + np.uint8(1), "all")


@pytest.mark.parametrize("fill", FILLS)
def test_visible_pixels_stay_with_every_fill(fill: Fill) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)
    regions = np.random.default_rng(1).integers(0, 3, (2, 16, 16), np.uint8)
    variants = apply_variant(images, regions, "pattern", fill)
    np.testing.assert_array_equal(variants[regions == 2], images[regions == 2])
    assert (variants[regions != 2] != images[regions != 2]).any()
    assert variants.dtype == np.uint8
    np.testing.assert_array_equal(variants, apply_variant(images, regions, "pattern", fill))  # type: ignore[arg-type]


def test_the_mean_colour_by_hand_and_a_plain_image_shows_no_outline() -> None:
    filled = apply_variant(IMAGE, REGIONS, "pattern", "mean")
    assert filled[0, 0].tolist() == [[4, 5, 6], [4, 5, 6], [7, 8, 9]]
    plain = np.full((1, 16, 16, 3), 90, np.uint8)
    regions = np.random.default_rng(1).integers(0, 3, (1, 16, 16), np.uint8)
    fills: tuple[Fill, ...] = ("mean", "blur")
    for fill in fills:
        np.testing.assert_array_equal(apply_variant(plain, regions, "body", fill), plain)  # type: ignore[arg-type]


def test_every_fill_of_the_vocabulary_has_its_function() -> None:
    assert tuple(FILLS) == get_args(Fill)


def test_shuffled_pixels_keep_the_colours_of_each_image_and_no_place() -> None:
    images = np.random.default_rng(3).integers(0, 256, (2, 12, 9, 3), dtype=np.uint8)
    hidden = apply_variant(images, np.ones((2, 12, 9), np.uint8), "background", "shuffle")
    for image, shuffled in zip(images, hidden, strict=True):
        assert sorted(map(tuple, shuffled.reshape(-1, 3))) == sorted(map(tuple, image.reshape(-1, 3)))
        assert (shuffled == image).all(axis=-1).mean() < 0.1
    assert np.array_equal(hidden[:1], apply_variant(images[:1], np.ones((1, 12, 9), np.uint8), "background", "shuffle"))
