import numpy as np
from numpy.typing import NDArray

from benchmark.data.contact_sheet import Cell, contact_sheet, overlay

SIDE = 20


def _regions() -> NDArray[np.uint8]:
    regions = np.zeros((SIDE, SIDE), np.uint8)
    regions[5:15, 5:15] = 1
    regions[8:12, 8:12] = 2
    return regions


def _find(sheet: NDArray[np.uint8], image: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Positions of an image of one colour on the sheet."""
    same = (sheet == image[0, 0]).all(axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(same, image.shape[:2])
    return [(int(y), int(x)) for y, x in np.argwhere(windows.all(axis=(2, 3)))]


def _cell(colour: int, regions: NDArray[np.uint8] | None = None) -> Cell:
    return Cell(f"image {colour}", np.full((SIDE, SIDE, 3), colour, np.uint8), regions)


def test_regions_differ_in_colour() -> None:
    canvas = overlay(np.full((SIDE, SIDE, 3), 100, np.uint8), _regions())
    assert canvas[0, 0].tolist() == [35, 35, 35]  # background: 0.35 of 100
    assert canvas[10, 10].tolist() == [170, 55, 145]  # pattern: 0.55 of 100 and 0.45 of (255, 0, 200)
    assert canvas[6, 10].tolist() == [100, 100, 100]  # the animal without pattern stays
    for y, x in ((4, 10), (5, 10), (14, 10), (15, 10), (10, 4), (10, 15)):
        assert canvas[y, x].tolist() == [0, 220, 255]


def test_an_animal_that_fills_the_crop_has_no_outline() -> None:
    image = np.full((SIDE, SIDE, 3), 100, np.uint8)
    np.testing.assert_array_equal(overlay(image, np.ones((SIDE, SIDE), np.uint8)), image)


def test_individuals_are_rows_and_crops_are_columns() -> None:
    sheet = np.asarray(contact_sheet("pets", {"fox": [_cell(50), _cell(60)], "owl": [_cell(70)]}))
    ((fox_y, fox_x),), ((next_y, next_x),), ((owl_y, owl_x),) = (_find(sheet, _cell(n).image) for n in (50, 60, 70))
    assert fox_y == next_y < owl_y - SIDE
    assert fox_x == owl_x < next_x - SIDE


def test_the_regions_are_beside_their_crop() -> None:
    sheet = np.asarray(contact_sheet("pets", {"fox": [_cell(50, _regions())]}))
    ((y, x),) = _find(sheet, _cell(50).image)
    beside = sheet[y : y + SIDE, x + SIDE : x + 2 * SIDE]
    np.testing.assert_array_equal(beside, overlay(_cell(50).image, _regions()))


def test_labels_and_captions_are_written() -> None:
    plain = np.asarray(contact_sheet("", {"": [_cell(50)._replace(caption="")]}))
    for title, label, caption in (("pets", "", ""), ("", "f", ""), ("", "", "x")):
        written = np.asarray(contact_sheet(title, {label: [_cell(50)._replace(caption=caption)]}))
        assert (written < 128).all(axis=-1).sum() > (plain < 128).all(axis=-1).sum()


def test_a_long_caption_stays_within_its_cell() -> None:
    cells = [_cell(50)._replace(caption="a very long name of an image " * 3), _cell(60)._replace(caption="")]
    sheet = np.asarray(contact_sheet("", {"fox": cells}))
    ((y, x),) = _find(sheet, _cell(60).image)
    assert (sheet[y + SIDE :, x:] == 255).all()
