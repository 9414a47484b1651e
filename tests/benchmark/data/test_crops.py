import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmark.data import crops as module
from benchmark.data.catalogue import MaskFile, Row
from benchmark.data.crops import Crop, crops, heic_is_readable, read_photo
from benchmark.data.faults import FaultsError
from benchmark.errors import InputError

Box = tuple[float, float, float, float]


def _ramp() -> NDArray[np.uint8]:
    """(10, 12, 3), every pixel of its own colour: (x, y, 7)."""
    y, x = np.mgrid[:10, :12]
    return np.stack([10 * x, 10 * y, np.full_like(x, 7)], axis=-1).astype(np.uint8)


def _photo(path: Path, pixels: NDArray[np.generic] | None = None) -> Path:
    Image.fromarray(_ramp() if pixels is None else pixels).save(path)
    return path


def _row(path: Path, box: Box | None = None, image_id: str = "a", mask: Path | None = None) -> Row:
    return Row(image_id, "fox", path, box, None if mask is None else MaskFile(mask))


def _crop(row: Row, size: int, side: int | None = None) -> Crop:
    return next(crops([row], size, side))


def test_a_square_is_centred_on_the_box(tmp_path: Path) -> None:
    row = _row(_photo(tmp_path / "p.png"), (4, 4, 2, 2))
    np.testing.assert_array_equal(_crop(row, 4, side=4).image, _ramp()[3:7, 3:7])


def test_a_half_pixel_goes_to_the_right_and_down(tmp_path: Path) -> None:
    row = _row(_photo(tmp_path / "p.png"), (4, 3, 3, 3))  # centred on (5.5, 4.5): the square begins at 3.5, 2.5
    np.testing.assert_array_equal(_crop(row, 4, side=4).image, _ramp()[3:7, 4:8])


def test_without_a_fixed_side_it_is_the_boxs_longest(tmp_path: Path) -> None:
    row = _row(_photo(tmp_path / "p.png"), (3, 4, 6, 2))
    np.testing.assert_array_equal(_crop(row, 6).image, _ramp()[2:8, 3:9])


def test_outside_the_photo_is_zero(tmp_path: Path) -> None:
    mask = _photo(tmp_path / "m.png", np.full((10, 12), 2, np.uint8))
    cut = _crop(_row(_photo(tmp_path / "p.png"), (0, 0, 2, 2), mask=mask), 6, side=6)
    np.testing.assert_array_equal(cut.image[2:, 2:], _ramp()[:4, :4])
    assert cut.image[:2].max() == cut.image[:, :2].max() == 0
    np.testing.assert_array_equal(cut.regions, np.pad(np.full((4, 4), 2), ((2, 0), (2, 0))))


def test_a_row_without_a_box_is_its_whole_photo_on_a_square(tmp_path: Path) -> None:
    cut = _crop(_row(_photo(tmp_path / "p.png")), 12, side=4)  # the fixed side is for boxes
    np.testing.assert_array_equal(cut.image[1:11], _ramp())
    assert cut.image[0].max() == cut.image[11].max() == 0
    assert cut.regions.shape == (12, 12)
    assert not cut.regions.any()


def test_halving_averages_as_an_antialiased_bicubic_does(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    image = _crop(_row(_photo(tmp_path / "p.png", pixels)), 8).image
    means = pixels.reshape(8, 2, 8, 2, 3).mean(axis=(1, 3))
    skipped = pixels[::2, ::2].astype(float)
    assert np.abs(image - means).mean() < 0.5 * np.abs(skipped - means).mean()


def test_regions_keep_their_values_when_scaled(tmp_path: Path) -> None:
    values = np.zeros((10, 12), np.uint8)
    values[:, 6:] = 2
    mask = _photo(tmp_path / "m.png", values)
    regions = _crop(_row(_photo(tmp_path / "p.png"), (2, 1, 8, 8), mask=mask), 20).regions
    np.testing.assert_array_equal(regions, np.repeat([[0] * 10 + [2] * 10], 20, axis=0))


@pytest.mark.parametrize("box", [(12, 0, 4, 4), (-5, 0, 4, 4), (0, 10, 1, 1), (0, 0, 1e9, 1)])
def test_a_box_that_does_not_fit_is_refused(tmp_path: Path, box: Box) -> None:
    with pytest.raises(InputError, match="does not fit the photo of 12 x 10 pixels"):
        _crop(_row(_photo(tmp_path / "p.png"), box), 8)


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    mask = _photo(tmp_path / "m.png", np.zeros((3, 3), np.uint8))
    with pytest.raises(InputError, match=r"12 x 10 .* 3 x 3"):
        _crop(_row(_photo(tmp_path / "p.png"), mask=mask), 8)


def test_exif_orientation_is_followed(tmp_path: Path) -> None:
    image = Image.fromarray(_ramp())
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to view
    image.save(tmp_path / "p.png", exif=exif)
    np.testing.assert_array_equal(np.asarray(read_photo(tmp_path / "p.png").image), np.rot90(_ramp(), -1))


def test_greyscale_of_8_and_16_bits(tmp_path: Path) -> None:
    grey = _photo(tmp_path / "8.png", np.array([[0, 128, 255]], np.uint8))
    deep = _photo(tmp_path / "16.png", np.array([[0, 128 * 257, 65535]], np.uint16))
    for path in (grey, deep):
        np.testing.assert_array_equal(np.asarray(read_photo(path).image)[0], [[0] * 3, [128] * 3, [255] * 3])


def test_palette_and_transparency(tmp_path: Path) -> None:
    palette = Image.fromarray(_ramp()).quantize(120)
    palette.save(tmp_path / "p.png")
    np.testing.assert_array_equal(np.asarray(read_photo(tmp_path / "p.png").image), np.asarray(palette.convert("RGB")))
    clear = np.dstack([_ramp(), np.full((10, 12), 255, np.uint8)])
    clear[0, :, 3] = 0
    pixels = np.asarray(read_photo(_photo(tmp_path / "t.png", clear)).image)
    assert pixels[0].max() == 0
    np.testing.assert_array_equal(pixels[1:], _ramp()[1:])


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no known range"):
        read_photo(_photo(tmp_path / "f.tif", np.zeros((2, 2), np.float32)))


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_truncated_photo_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    path = _photo(tmp_path / f"p.{suffix}", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError, match=rf"p\.{suffix}: the photo cannot be read"):
        read_photo(path)


def test_a_file_that_is_not_a_photo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_text("hello")
    with pytest.raises(InputError, match="cannot be read"):
        read_photo(tmp_path / "p.png")


def _mixed(tmp_path: Path) -> list[Row]:
    paths = [_photo(tmp_path / name) for name in ("1.png", "2.png")]
    return [_row(paths[index % 2], (index, index, 3, 3), str(index)) for index in range(6)]


def test_crops_come_in_the_order_of_their_rows(tmp_path: Path) -> None:
    rows = _mixed(tmp_path)
    done: list[tuple[int, int]] = []
    cuts = list(crops(rows, 5, progress=lambda *step: done.append(step)))
    for row, cut in zip(rows, cuts, strict=True):
        np.testing.assert_array_equal(cut.image, _crop(row, 5).image)
    assert done == [(number, 6) for number in range(1, 7)]


@pytest.mark.parametrize(("waiting", "decoded"), [(2048, 2), (0, 6)])
def test_each_photo_is_decoded_once_while_memory_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waiting: int, decoded: int
) -> None:
    rows = _mixed(tmp_path)
    reads: list[Path] = []
    read = module.read_photo
    monkeypatch.setattr(module, "read_photo", lambda path: (reads.append(path), read(path))[1])
    assert len(list(crops(rows, 5, max_waiting=waiting))) == 6
    assert len(reads) == decoded


def test_a_heic_photo_is_read_where_its_library_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    assert heic_is_readable()
    flat = np.full((32, 48, 3), 120, np.uint8)
    Image.fromarray(flat).save(tmp_path / "p.HEIC", format="HEIF")
    pixels = np.asarray(read_photo(tmp_path / "p.HEIC").image)
    assert pixels.shape == flat.shape
    assert np.abs(pixels.astype(int) - 120).max() <= 2


def test_a_heic_photo_without_its_library_is_a_fault_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "p.heic").touch()
    with pytest.raises(FaultsError, match=r"patternbench\[heic\]"):
        read_photo(tmp_path / "p.heic")


def test_every_bad_photo_is_reported_after_all_were_read(tmp_path: Path) -> None:
    good = _row(_photo(tmp_path / "good.png"))
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("hello")
    rows = [Row(name, "fox", tmp_path / f"{name}.png") for name in ("empty", "text")]
    done: list[int] = []
    with pytest.raises(FaultsError) as error:
        list(crops([rows[0], good, rows[1]], 8, progress=lambda count, _: done.append(count)))
    assert [(fault.image_id, fault.reason) for fault in error.value.faults] == [
        ("empty", "the file is empty"),
        ("text", "the photo cannot be read: it is of no known format"),
    ]
    assert done == [1, 2, 3]
