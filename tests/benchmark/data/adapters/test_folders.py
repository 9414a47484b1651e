from pathlib import Path

import pytest
from PIL import ExifTags, Image

from benchmark.data.adapters.layouts import ReadingOptions, open_dataset, read_location
from benchmark.data.adapters.reading import Reading
from benchmark.errors import InputError


def _touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_each_folder_is_an_individual(tmp_path: Path) -> None:
    _touch(
        tmp_path,
        "b/2.png",
        "a/1.JPG",
        "a/notes.txt",
        "a/.hidden.png",
        ".git/x.png",
        "unknown/3.png",
        "top.png",
    )
    catalogue = open_dataset(tmp_path, "x")
    assert [(row.image_id, row.identity) for row in catalogue.rows] == [("a/1.JPG", "a"), ("b/2.png", "b")]
    assert catalogue.rows[0].path == tmp_path / "a" / "1.JPG"
    assert catalogue.crop_side is None
    assert not catalogue.has_regions


def test_folders_without_photos_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path, "a/notes.txt")
    with pytest.raises(InputError, match="holds 1 file and no photo"):
        open_dataset(tmp_path, "x")


def _read(root: Path, layout: str = "") -> Reading:
    return read_location(root, ReadingOptions(layout=layout))


def test_photos_in_deeper_folders_belong_to_the_individual(tmp_path: Path) -> None:
    _touch(tmp_path, "Ada/1.jpg", "Bo/2020/1.jpg", "Bo/2021/2.jpg", "Cy/1.jpg", "Cy/2021/May/1.jpg")
    reading = _read(tmp_path)
    assert {(row.image_id, row.identity, row.groups.get("folder")) for row in reading.rows} == {
        ("Ada/1.jpg", "Ada", None),
        ("Bo/2020/1.jpg", "Bo", "2020"),
        ("Bo/2021/2.jpg", "Bo", "2021"),
        ("Cy/1.jpg", "Cy", None),
        ("Cy/2021/May/1.jpg", "Cy", "2021/May"),
    }
    assert any("individual's: 3 photos;" in remark for remark in reading.remarks)


@pytest.mark.parametrize("name", ["1.jfif", "1.JPE", "1.tiff", "1.WebP"])
def test_other_endings_of_photos_are_read(tmp_path: Path, name: str) -> None:
    _touch(tmp_path, f"a/{name}")
    assert [row.image_id for row in _read(tmp_path).rows] == [f"a/{name}"]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    _touch(tmp_path, "a/1.jpg", "a/clip.MP4", "a/b.mp4", "a/notes", "top.png")
    remarks = _read(tmp_path).remarks
    assert "Left out, because they are no photos: 3 files (.mp4 2, no ending 1)." in remarks
    assert "Left out, because they are in no folder of an individual: 1 photo." in remarks


def test_a_raw_photo_is_a_fault_unless_its_jpeg_is_beside_it(tmp_path: Path) -> None:
    _touch(tmp_path, "a/1.jpg", "a/1.NEF", "a/2.CR2")
    reading = _read(tmp_path)
    assert [row.image_id for row in reading.rows] == ["a/1.jpg"]
    assert [(fault.file.name, fault.fix) for fault in reading.faults] == [("2.CR2", "Export the photo as JPEG.")]
    assert "CR2 is a camera's raw format" in str(reading.faults[0])


def test_a_template_names_the_levels_of_nested_folders(tmp_path: Path) -> None:
    _touch(tmp_path, "nyala/Ada/2020-01-02/1.jpg", "kudu/Bo/2020-01-03/2.jpg", "kudu/Bo/loose.jpg")
    reading = _read(tmp_path, "{species}/{identity}/{date}")
    assert [(row.identity, row.groups) for row in reading.rows] == [
        ("Bo", {"species": "kudu", "date": "2020-01-03"}),
        ("Ada", {"species": "nyala", "date": "2020-01-02"}),
    ]
    assert any("individual: 1 photo." in remark for remark in reading.remarks)


@pytest.mark.parametrize("layout", ["{species}", "{identity}/{identity}", "identity", "{identity}/x"])
def test_a_template_that_cannot_be_used_is_refused(tmp_path: Path, layout: str) -> None:
    _touch(tmp_path, "a/1.jpg")
    with pytest.raises(InputError, match=r"layout .* cannot be used.*\{species\}/\{identity\}/\{date\}"):
        _read(tmp_path, layout)


def test_where_no_layout_fits_the_structure_is_described(tmp_path: Path) -> None:
    _touch(tmp_path, "nyala/Ada/1.jpg", "nyala/Bo/2.jpg", "kudu/Cy/2020/3.jpg")
    with pytest.raises(
        InputError,
        match=r"2 photos in folders of level 2, 1 photo in folders of level 3, such as "
        r"kudu/Cy/2020/3\.jpg\. .*--layout '\{species\}/\{identity\}/\{date\}'",
    ):
        _read(tmp_path)


def test_the_time_that_the_camera_wrote_is_a_group(tmp_path: Path) -> None:
    for name, written in (("a/1.jpg", "2024:05:31 14:05:00"), ("a/2.jpg", "0000:00:00 00:00:00"), ("a/3.jpg", None)):
        (tmp_path / "a").mkdir(exist_ok=True)
        image, exif = Image.new("RGB", (8, 8)), Image.Exif()
        if written:
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = written
        image.save(tmp_path / name, exif=exif)
    groups = [row.groups for row in _read(tmp_path).rows]
    assert groups == [{"datetime": "2024-05-31T14:05:00"}, {}, {}]
