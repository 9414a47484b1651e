from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, label

from benchmark.data.adapters.layouts import open_dataset
from benchmark.data.crops import read_photo
from benchmark.data.mask_proposals import RIM, inner_body, propose_regions, segment_animal
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError
from support.paths import ROOT

BinaryMask = NDArray[np.bool_]


def _ellipse(height: int, width: int, centre: tuple[float, float], axes: tuple[float, float]) -> BinaryMask:
    y, x = np.mgrid[:height, :width]
    inside: BinaryMask = ((y - centre[0]) / axes[0]) ** 2 + ((x - centre[1]) / axes[1]) ** 2 <= 1
    return inside


def _photo(animal: BinaryMask) -> NDArray[np.uint8]:
    """A striped animal of two warm colours on noisy blue."""
    drawn = np.random.default_rng(0).normal((60, 90, 140), 8, (*animal.shape, 3))
    stripes = np.arange(animal.shape[1]) // 4 % 2 == 0
    drawn[animal & stripes] = (230, 160, 60)
    drawn[animal & ~stripes] = (190, 60, 40)
    return drawn.clip(0, 255).astype(np.uint8)


def _overlap(one: BinaryMask, other: BinaryMask) -> float:
    return float((one & other).sum() / (one | other).sum())


ANIMAL = _ellipse(90, 120, (45, 60), (20, 40))
BOX = (18.0, 23.0, 84.0, 44.0)


@pytest.mark.parametrize("box", [BOX, None, (0.0, 0.0, 120.0, 90.0), (-30.0, 10.0, 150.0, 70.0)])
def test_an_animal_of_other_colours_is_found(box: tuple[float, float, float, float] | None) -> None:
    assert _overlap(segment_animal(_photo(ANIMAL), box), ANIMAL) > 0.9


def test_the_other_animal_of_a_photo_is_background() -> None:
    other = _ellipse(90, 240, (45, 180), (20, 40))
    photo = _photo(np.pad(ANIMAL, ((0, 0), (0, 120))) | other)
    mask = segment_animal(photo, BOX)
    assert _overlap(mask[:, :120], ANIMAL) > 0.9
    assert not mask[:, 120:].any()


def test_the_mask_of_a_large_photo_has_the_photos_size() -> None:
    animal = _ellipse(900, 1200, (450, 600), (200, 400))
    mask = segment_animal(np.asarray(cv2.resize(_photo(ANIMAL), (1200, 900))))
    assert mask.shape == (900, 1200)
    assert _overlap(mask, animal) > 0.9


def test_the_mask_is_one_part_without_holes() -> None:
    ring = ANIMAL & ~_ellipse(90, 120, (45, 75), (6, 6))
    speck = _ellipse(90, 120, (10, 10), (4, 4))
    mask = segment_animal(_photo(ring | speck))
    assert label(mask)[1] == 1
    assert label(~mask)[1] == 1
    assert _overlap(mask, ANIMAL) > 0.9


def test_the_same_photo_gives_the_same_mask_in_every_thread_and_after_other_random_numbers() -> None:
    photo = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    first = propose_regions(photo)
    cv2.setRNGSeed(77)
    np.testing.assert_array_equal(propose_regions(photo), first)
    with ThreadPoolExecutor(2) as pool:
        for again in pool.map(propose_regions, [photo] * 4):
            np.testing.assert_array_equal(again, first)


def test_a_known_outline_is_kept_to_the_pixel() -> None:
    photo = np.zeros((90, 120, 3), np.uint8)
    regions = propose_regions(photo, BOX, ANIMAL)
    assert regions.dtype == np.uint8
    np.testing.assert_array_equal(regions > 0, ANIMAL)
    np.testing.assert_array_equal(regions == 2, inner_body(ANIMAL))


def test_the_rim_of_a_rectangle_by_hand() -> None:
    animal = np.zeros((40, 60), np.bool_)
    animal[10:30, 10:50] = True  # 20 high: its innermost pixels are 10 deep, so the rim is all that is at most 3.5 deep
    expected = np.zeros_like(animal)
    expected[13:27, 13:47] = True
    np.testing.assert_array_equal(inner_body(animal), expected)


def test_the_inner_body_is_an_erosion_by_a_disc() -> None:
    radius = RIM * 20  # of the ellipse's shorter half axis; its centre is a pixel
    y, x = np.mgrid[-20:21, -20:21]
    eroded = binary_erosion(ANIMAL, x**2 + y**2 <= radius**2)
    assert _overlap(inner_body(ANIMAL), eroded) > 0.97


def test_a_thin_fin_is_not_pattern_area() -> None:
    fin = np.zeros_like(ANIMAL)
    fin[44:48, 95:118] = True
    assert not inner_body(ANIMAL | fin)[:, 101:].any()


def test_there_is_no_rim_where_the_photo_cuts_the_animal() -> None:
    half = ANIMAL[:, 60:]
    assert inner_body(half)[45, 0]
    assert inner_body(np.ones((4, 6), np.bool_)).all()


@pytest.mark.parametrize(
    ("photo", "box"),
    [
        (np.full((30, 40, 3), 128, np.uint8), None),
        (np.full((30, 40, 3), 128, np.uint8), (10.0, 10.0, 12.0, 8.0)),
        (np.zeros((1, 1, 3), np.uint8), None),
        (np.zeros((2, 2, 3), np.uint8), None),
        (np.zeros((1, 300, 3), np.uint8), None),
        (np.zeros((30, 40, 3), np.uint8), (39.5, 29.5, 20.0, 20.0)),
        (np.zeros((30, 40, 3), np.uint8), (10.2, 10.2, 0.3, 0.3)),
    ],
)
def test_a_photo_of_one_colour_gets_an_animal_with_a_pattern_area(
    photo: NDArray[np.uint8], box: tuple[float, float, float, float] | None
) -> None:
    regions = propose_regions(photo, box)
    assert regions.shape == photo.shape[:2]
    assert (regions == 2).any()


def test_an_empty_outline_stays_empty() -> None:
    assert not propose_regions(np.zeros((9, 9, 3), np.uint8), None, np.zeros((9, 9), np.bool_)).any()


@pytest.mark.parametrize("box", [(40.0, 0.0, 5.0, 5.0), (-9.0, 0.0, 9.0, 5.0), (0.0, 30.0, 5.0, 5.0)])
def test_a_box_outside_the_photo_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError, match=r"has no pixel in the photo of 40 x 30 pixels.*\[x, y, width, height\]"):
        propose_regions(np.zeros((30, 40, 3), np.uint8), box)


@pytest.mark.parametrize(
    ("region", "least"), [(lambda regions: regions > 0, 0.7), (lambda regions: regions == 2, 0.55)]
)
def test_on_the_built_in_data_proposals_overlap_the_exact_masks(
    region: Callable[[NDArray[np.uint8]], BinaryMask], least: float
) -> None:
    overlaps = []
    for row in open_dataset(ROOT / "benchmark" / "datasets" / "zebrafish-synth").rows[::32]:
        photo = np.asarray(read_photo(row.path).image)
        exact = region_mask(row, photo.shape[:2])
        overlaps.append(_overlap(region(propose_regions(photo, row.box)), region(exact)))
    assert len(overlaps) == 14
    assert np.mean(overlaps) > least
