from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco

from benchmark.data.catalogue import MaskFile, Polygons, Rle, Row, Segmentation
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError

SIZE = (6, 9)


def _row(segmentation: Segmentation | None) -> Row:
    return Row("a", "fox", Path("a.png"), segmentation=segmentation)


def _blob() -> NDArray[np.uint8]:
    mask = np.zeros(SIZE, np.uint8)
    mask[1:4, 2:7] = 1
    mask[3, 2] = 0
    return mask


def _file(path: Path, values: NDArray[np.generic]) -> Path:
    Image.fromarray(values).save(path)
    return path


def test_a_rectangle_drawn_by_hand() -> None:
    regions = region_mask(_row(Polygons(((2, 1, 7, 1, 7, 4, 2, 4),))), SIZE)
    expected = np.zeros(SIZE, np.uint8)
    expected[1:4, 2:7] = 1
    np.testing.assert_array_equal(regions, expected)
    assert regions.dtype == np.uint8


def test_an_outline_may_reach_a_little_outside_the_photo() -> None:
    regions = region_mask(_row(Polygons(((-2, -2, 10, -2, 10, 7, -2, 7),))), SIZE)
    assert regions.min() == 1
    with pytest.raises(InputError, match=r"reaches to 1e\+09, far outside the photo of 9 x 6"):
        region_mask(_row(Polygons(((0, 0, 1e9, 0, 1e9, 1e9),))), SIZE)


def test_several_polygons_are_one_animal() -> None:
    regions = region_mask(_row(Polygons(((0, 0, 2, 0, 2, 2, 0, 2), (1, 1, 4, 1, 4, 3, 1, 3)))), SIZE)
    expected = np.zeros(SIZE, np.uint8)
    expected[0:2, 0:2] = 1
    expected[1:3, 1:4] = 1
    np.testing.assert_array_equal(regions, expected)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of the oracle
def test_compressed_run_lengths_as_coco_decodes_them() -> None:
    coded = coco.encode(np.asfortranarray(_blob()))
    np.testing.assert_array_equal(region_mask(_row(Rle(SIZE, coded["counts"].decode())), SIZE), coco.decode(coded))


def test_plain_run_lengths_by_hand() -> None:
    # column by column: 7 zeros, then 2 ones, the rest zeros
    regions = region_mask(_row(Rle(SIZE, (7, 2, 45))), SIZE)
    expected = np.zeros(SIZE, np.uint8)
    expected[1:3, 1] = 1
    np.testing.assert_array_equal(regions, expected)


@pytest.mark.parametrize("code", ["zzzzz", "13", "", "o5", "ä"])
def test_a_broken_run_length_code_is_refused(code: str) -> None:
    with pytest.raises(InputError, match="image_id 'a' add up to"):
        region_mask(_row(Rle(SIZE, code)), SIZE)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of the oracle
def test_run_length_codes_of_noise_as_coco_decodes_them() -> None:
    generator = np.random.default_rng(0)
    for share in (0.0, 0.01, 0.5, 0.99, 1.0):
        noise = np.asfortranarray(generator.random((97, 131)) < share, np.uint8)
        coded = coco.encode(noise)
        regions = region_mask(_row(Rle((97, 131), coded["counts"].decode())), (97, 131))
        np.testing.assert_array_equal(regions, coco.decode(coded))


def test_run_lengths_that_do_not_fill_the_photo_are_refused() -> None:
    with pytest.raises(InputError, match="add up to 9, not to the photo's 54"):
        region_mask(_row(Rle(SIZE, (7, 2))), SIZE)


def test_a_mask_file(tmp_path: Path) -> None:
    values = _blob() * 2
    values[0, 0] = 1
    regions = region_mask(_row(MaskFile(_file(tmp_path / "m.png", values))), SIZE)
    np.testing.assert_array_equal(regions, values)


def test_a_frame_mask_gives_one_animal_out_of_several(tmp_path: Path) -> None:
    values = np.array([[0, 10, 11, 12], [21, 22, 0, 11]], np.uint8)
    path = _file(tmp_path / "m.png", values)
    np.testing.assert_array_equal(region_mask(_row(MaskFile(path, 1)), (2, 4)), [[0, 0, 1, 2], [0, 0, 0, 1]])
    np.testing.assert_array_equal(region_mask(_row(MaskFile(path, 2)), (2, 4)), [[0, 0, 0, 0], [1, 2, 0, 0]])


def test_a_frame_mask_of_more_animals_than_eight_bits_hold(tmp_path: Path) -> None:
    path = _file(tmp_path / "m.png", np.array([[301, 302]], np.uint16))
    np.testing.assert_array_equal(region_mask(_row(MaskFile(path, 30)), (1, 2)), [[1, 2]])


@pytest.mark.parametrize(("object_id", "allowed"), [(None, "0, 1, 2"), (1, "10 \\* object_id")])
def test_a_value_that_is_no_region_is_refused(tmp_path: Path, object_id: int | None, allowed: str) -> None:
    path = _file(tmp_path / "m.png", np.array([[0, 1], [2, 255]], np.uint8))
    with pytest.raises(InputError, match=f"holds the value 255; allowed are {allowed}"):
        region_mask(_row(MaskFile(path, object_id)), (2, 2))


def test_another_size_than_the_photo_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = _file(tmp_path / "m.png", np.zeros((4, 5), np.uint8))
    with pytest.raises(InputError, match=r"photo is 9 x 6 pixels .* is 5 x 4"):
        region_mask(_row(MaskFile(path)), SIZE)
    with pytest.raises(InputError, match=r"photo is 9 x 6 pixels .*run-length code is 5 x 4"):
        region_mask(_row(Rle((4, 5), (20,))), SIZE)


def test_a_colour_mask_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path / "m.png", np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(InputError, match="one channel, this one has the mode RGB"):
        region_mask(_row(MaskFile(path)), SIZE)


def test_an_unreadable_mask_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_text("no image")
    with pytest.raises(InputError, match="not a readable mask"):
        region_mask(_row(MaskFile(tmp_path / "m.png")), SIZE)


def test_a_row_without_segmentation_is_refused() -> None:
    with pytest.raises(InputError, match="image_id 'a'"):
        region_mask(_row(None), SIZE)


TURNS = (
    (1, Image.Transpose.ROTATE_180, 2),
    (2, Image.Transpose.FLIP_LEFT_RIGHT, 1),
    (3, Image.Transpose.ROTATE_180, 1),
    (4, Image.Transpose.FLIP_TOP_BOTTOM, 1),
    (5, Image.Transpose.TRANSPOSE, 1),
    (6, Image.Transpose.ROTATE_270, 1),
    (7, Image.Transpose.TRANSVERSE, 1),
    (8, Image.Transpose.ROTATE_90, 1),
)


@pytest.mark.parametrize(("orientation", "turn", "times"), TURNS)
@pytest.mark.parametrize("side", [3, 5])
def test_a_stored_mask_is_turned_as_pillow_turns_its_photo(
    tmp_path: Path, orientation: int, turn: Image.Transpose, times: int, side: int
) -> None:
    stored = np.arange(15 if side == 5 else 9).reshape(3, side).astype(np.uint8) % 3
    Image.fromarray(stored).save(tmp_path / "m.png")
    upright = Image.fromarray(stored)
    for _ in range(times):
        upright = upright.transpose(turn)
    row = Row("a", "fox", tmp_path / "a.png", segmentation=MaskFile(tmp_path / "m.png"), mask_frame="stored")
    np.testing.assert_array_equal(region_mask(row, (upright.height, upright.width), orientation), np.asarray(upright))


def test_a_mask_whose_size_does_not_tell_its_frame_is_refused_and_the_column_helps(tmp_path: Path) -> None:
    mask = np.arange(9).reshape(3, 3).astype(np.uint8) % 3
    Image.fromarray(mask).save(tmp_path / "m.png")
    row = Row("a", "fox", tmp_path / "a.png", segmentation=MaskFile(tmp_path / "m.png"))
    with pytest.raises(InputError, match=r"EXIF data turn it \(orientation 6\).*mask_frame"):
        region_mask(row, (3, 3), 6)
    np.testing.assert_array_equal(region_mask(replace(row, mask_frame="upright"), (3, 3), 6), mask)


def test_the_size_of_a_mask_tells_its_frame(tmp_path: Path) -> None:
    mask = np.arange(6).reshape(2, 3).astype(np.uint8) % 3
    Image.fromarray(mask).save(tmp_path / "m.png")
    row = Row("a", "fox", tmp_path / "a.png", segmentation=MaskFile(tmp_path / "m.png"))
    np.testing.assert_array_equal(region_mask(row, (2, 3), 6), mask)
    np.testing.assert_array_equal(region_mask(row, (3, 2), 6), np.rot90(mask, -1))
    with pytest.raises(InputError, match="Give the mask in the photo's own size"):
        region_mask(row, (4, 2), 6)


def test_a_run_length_code_of_the_stored_pixels_is_turned(tmp_path: Path) -> None:
    row = Row("a", "fox", tmp_path / "a.png", segmentation=Rle((2, 3), (0, 1, 5)))
    np.testing.assert_array_equal(region_mask(row, (3, 2), 6), [[0, 1], [0, 0], [0, 0]])
