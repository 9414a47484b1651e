"""What an unlucky or hostile user brings: each is read rightly, or is an honest fault of one row."""

import json
import os
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from benchmark.data import image_files
from benchmark.data.adapters import table_files
from benchmark.data.adapters.layouts import ReadingOptions, read_location
from benchmark.data.catalogue import MaskFile, Rle, Row
from benchmark.data.crops import read_photo
from benchmark.data.faults import FaultsError
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError
from harness.cli.display.data_reports import print_report
from harness.datasets.checking import check_location, faults_as_csv, report_as_json
from harness.datasets.importing import import_dataset
from harness.workspace import Workspace

TABLE = "image_id,identity,path\n1,Ada,a.png\n2,Bo,b.png\n"


def _photo(path: Path, value: int = 0, size: tuple[int, int] = (20, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, value, 0)).save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two photos without a table."""
    for value, name in enumerate(("a.png", "b.png")):
        _photo(tmp_path / "data" / name, value)
    return tmp_path / "data"


def _read(root: Path, table: bytes | str) -> list[tuple[str, str]]:
    (root / "metadata.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return [(row.image_id, row.identity) for row in check_location(root).reading.rows]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig"])
def test_text_with_and_without_a_mark(root: Path, encoding: str) -> None:
    assert _read(root, TABLE.replace("Ada", "Zoë").encode(encoding)) == [("1", "Zoë"), ("2", "Bo")]


@pytest.mark.parametrize(
    "table",
    [
        TABLE.replace("\n", "\r"),
        f"\n\n{TABLE}",
        TABLE.replace("identity,path", "Identity, PATH ").replace("Ada", " Ada "),
    ],
    ids=["old Mac", "blank lines first", "upper case and spaces"],
)
def test_tables_with_other_habits(root: Path, table: str) -> None:
    assert _read(root, table) == [("1", "Ada"), ("2", "Bo")]


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("image_id,identity,path,identity\n1,Ada,a.png,X\n", "two columns are called 'identity'"),
        ("image_id,identity,path,date,date\n1,Ada,a.png,1,2\n", "two columns are called 'date'"),
        ("image_id,identity,path\n", "no rows"),
        ("", "no rows"),
        ('image_id,identity,path\n1,"Ada,a.png\n2,Bo,b.png\n', "after line 1: double quotes do not match"),
        ('\n\nimage_id,identity,path\n1,Ada,a.png\n2,"B"o,b.png\n', "after line 4: double quotes do not match"),
        (f"# my photos\n{TABLE}", "line 2: the number of cells differs"),
    ],
)
def test_broken_tables_are_refused_with_the_place(root: Path, table: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        _read(root, table)


def test_a_table_of_a_hundred_thousand_rows_is_read_in_seconds(root: Path) -> None:
    rows = (f'i{number},animal{number % 20_000},a.png,"[1, 2, 10, 20]",2020-01-02' for number in range(100_000))
    (root / "metadata.csv").write_text("image_id,identity,path,bbox,date\n" + "\n".join(rows))
    start = time.process_time()
    assert len(read_location(root).rows) == 100_000
    assert time.process_time() - start < 30  # 3 s on a quiet machine; quadratic code takes an hour


def test_many_raw_photos_beside_their_jpegs_are_read_in_seconds(tmp_path: Path) -> None:
    for number in range(2000):
        for name in (f"{number}.JPG", f"{number}.nef"):
            path = tmp_path / "Ada" / name
            path.parent.mkdir(exist_ok=True)
            path.touch()
    start = time.process_time()
    assert len(read_location(tmp_path).rows) == 2000
    assert time.process_time() - start < 10


def test_files_outside_the_folder_are_read_for_a_table_of_ones_own(root: Path, tmp_path: Path) -> None:
    outside = _photo(tmp_path / "other" / "c.png", 9)
    table = f"{TABLE}3,Cy,../other/c.png\n4,Cy,{outside}\n"
    assert len(_read(root, table)) == 4
    assert any("Outside the folder of the data set: 2 photos" in remark for remark in check_location(root).remarks)


@pytest.mark.parametrize("path", ["../other/c.png", "{root}/other/c.png", "linked/c.png"])
def test_files_outside_an_archive_are_refused(root: Path, tmp_path: Path, path: str) -> None:
    _photo(tmp_path / "other" / "c.png", 9)
    (root / "linked").symlink_to(tmp_path / "other")
    (root / "metadata.csv").write_text(f"{TABLE}3,Cy,{path.format(root=tmp_path)}\n")
    reading = read_location(root, ReadingOptions(within=True))
    assert [fault.reason.partition(",")[0] for fault in reading.faults] == ["the file is outside the data set"]


def test_an_unpacked_archive_may_not_name_files_outside(root: Path, tmp_path: Path) -> None:
    secret = _photo(tmp_path / "secret.png", 9)
    (root / "metadata.csv").write_text(f"{TABLE}3,Cy,{secret}\n")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        for file in root.iterdir():
            packed.write(file, file.name)
    with pytest.raises(FaultsError, match="is outside the data set, which came from elsewhere"):
        import_dataset(tmp_path / "set.zip", Workspace(tmp_path / "checkout"))


@pytest.mark.parametrize("path", ["/etc/passwd", ".", "/", "x" * 5000, "../" * 20 + "etc/passwd"])
def test_a_path_that_is_no_photo_is_a_fault_of_its_row(root: Path, path: str) -> None:
    assert _read(root, f"{TABLE}3,Cy,{path}\n") == [("1", "Ada"), ("2", "Bo")]
    assert len(check_location(root).faults) == 1


BAD_NAMES = ["A\0da", "A\nda", "B\x1b[31mo", "\u202eolE", "A\ud800", "\u2066x", "A\x85b"]


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_names_that_a_terminal_obeys_are_faults_and_printed_escaped(
    root: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    rows = [{"identity": who, "path": path} for who, path in (("Ada", "a.png"), ("Bo", "b.png"), (name, "a.png"))]
    (root / "metadata.json").write_text(json.dumps(rows))
    report = check_location(root)
    assert [fault.fix for fault in report.faults] == ["Write the name without them."]
    print_report(report)
    text = capsys.readouterr().out + faults_as_csv(report) + report_as_json(report) + str(report.faults[0])
    assert not any(sign in text for sign in name if not sign.isprintable() and sign != "\n")
    text.encode()


@pytest.mark.parametrize(
    "name", ["Zoë", "猫", "نمر\u200cنمر", "\u200fפנתר", "[red]x[/red]", "=1+1", "A,B", 'O\'Neil "x"']
)
def test_names_of_every_script_are_kept(root: Path, name: str) -> None:
    rows = [{"identity": who, "path": path} for who, path in (("Ada", "a.png"), (name, "b.png"))]
    (root / "metadata.json").write_text(json.dumps(rows))
    report = check_location(root)
    assert (sorted(row.identity for row in report.reading.rows), report.faults) == (sorted(["Ada", name]), ())
    print_report(report)


def test_folders_that_link_in_a_circle_are_read_once(tmp_path: Path) -> None:
    for name in ("Ada", "Bo"):
        _photo(tmp_path / "set" / name / "1.png", len(name))
    (tmp_path / "set" / "Ada" / "up").symlink_to("..")
    (tmp_path / "set" / "Bo" / "top").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "self").symlink_to("self")
    assert [row.image_id for row in check_location(tmp_path / "set").reading.rows] == ["Ada/1.png", "Bo/1.png"]


def test_links_to_folders_of_photos_are_followed(tmp_path: Path) -> None:
    _photo(tmp_path / "other" / "1.png", 1)
    _photo(tmp_path / "set" / "Bo" / "1.png", 2)
    (tmp_path / "set" / "Ada").symlink_to(tmp_path / "other")
    assert [row.identity for row in check_location(tmp_path / "set").reading.rows] == ["Ada", "Bo"]


def test_what_is_no_file_is_a_fault(tmp_path: Path) -> None:
    for name in ("Ada", "Bo"):
        _photo(tmp_path / name / "1.png", len(name))
    (tmp_path / "Ada" / "dead.png").symlink_to("nowhere")
    (tmp_path / "Ada" / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "Bo" / "pipe.png")
    names = sorted(fault.file.name for fault in check_location(tmp_path).faults)
    assert names == ["dead.png", "pipe.png", "zero.png"]


def test_files_and_folders_without_permission_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Ada", "Bo", "Cy"):
        _photo(tmp_path / name / "1.png", len(name))
    (tmp_path / "Bo" / "1.png").chmod(0)
    (tmp_path / "Cy").chmod(0)
    if os.access(tmp_path / "Cy", os.R_OK):  # an administrator may read all
        listed, opened = Path.iterdir, Image.open

        def iterdir(path: Path) -> object:
            if path.name == "Cy":
                raise PermissionError(13, "Permission denied", str(path))
            return listed(path)

        def open_(path: Path, **options: object) -> object:
            if path.parent.name == "Bo":
                raise PermissionError(13, "Permission denied", str(path))
            return opened(path, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Path, "iterdir", iterdir)
        monkeypatch.setattr(Image, "open", open_)
    faults = check_location(tmp_path).faults
    (tmp_path / "Cy").chmod(0o700)
    assert sorted(fault.reason for fault in faults) == [
        "the file may not be read",
        "the folder cannot be read (Permission denied)",
    ]


def _frames() -> list[Image.Image]:
    return [Image.new("RGB", (20, 20), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]


@pytest.mark.parametrize("name", ["x.webp", "x.png", "x.gif", "x.tif", "gif.jpg"])
def test_the_first_frame_of_several_is_the_photo(tmp_path: Path, name: str) -> None:
    first, *more = _frames()
    path = tmp_path / name
    first.save(path, save_all=True, append_images=more, format="GIF" if name == "gif.jpg" else None)
    red, green, blue = np.asarray(read_photo(path).image).mean(axis=(0, 1))
    assert (red > 190, green < 10, blue < 10) == (True, True, True)


def test_colours_of_print_and_deep_pixels_are_read_rightly(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / "cmyk.jpg")
    Image.fromarray(np.full((16, 16), 40000, np.uint16)).save(tmp_path / "deep.png")
    assert np.allclose(np.asarray(read_photo(tmp_path / "cmyk.jpg").image)[8, 8], (0, 255, 255), atol=3)
    assert np.asarray(read_photo(tmp_path / "deep.png").image)[8, 8].tolist() == [156] * 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\nshowpage\n", "of no known format"),
        (b"%PDF-1.4\n1 0 obj", "of no known format"),
        (b"<svg/>", "of no known format"),
        (b"", "the file is empty"),
    ],
    ids=["PostScript", "PDF", "SVG", "empty"],
)
def test_programs_and_other_files_called_jpg_are_not_opened(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(FaultsError, match=reason):
        read_photo(tmp_path / "x.jpg")


def test_photos_that_are_too_large_or_too_small_are_faults(tmp_path: Path) -> None:
    for name in ("Ada", "Bo"):
        _photo(tmp_path / name / "1.png", len(name))
    _photo(tmp_path / "Ada" / "dot.png", size=(1, 1))
    _photo(tmp_path / "Ada" / "line.png", size=(1, 500))
    Image.new("1", (20_000, 20_000)).save(tmp_path / "Ada" / "huge.png")
    faults = {fault.file.name: fault.reason for fault in check_location(tmp_path).faults}
    assert faults["dot.png"] == "the photo has 1 x 1 pixels, which show nothing"
    assert faults["line.png"] == "the photo has 1 x 500 pixels, which show nothing"
    assert faults["huge.png"] == "the photo has more than 178 million pixels"


def test_dates_and_frames_that_cannot_be_read_are_left_out_and_told(root: Path) -> None:
    header, ada, bo = TABLE.split()
    (root / "metadata.csv").write_text(f"{header},date,frame,video\n{ada},summer,1,v\n{bo},2024-05-31,x,v\n")
    report = check_location(root)
    assert not report.faults
    date, frame = (text for text in report.remarks if "is not used" in text)
    assert date.startswith("The column `date` is not used: 'summer' of 1 is no date. Write dates as 2024-05-31")
    assert frame == "The column `frame` is not used: 'x' of 2 is not a whole number."


@pytest.mark.parametrize(
    "content",
    [
        {"images": [{"id": [1], "file_name": "a.png"}], "annotations": [{"image_id": [1], "identity": "A"}]},
        {"images": [{"id": 1, "file_name": "a.png"}], "annotations": 5},
        {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id": 1}], "categories": "x"},
        {"images": [{"file": "Ada/a.png", "detections": [{"category": "1", "conf": None}]}]},
        {"images": [{"file": "Ada/a.png", "detections": ["x"]}], "detection_categories": [1]},
    ],
)
def test_detections_of_another_form_are_refused(root: Path, content: object) -> None:
    (root / "d.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"d\.json: it is not as (COCO|MegaDetector) writes it .*Export it again"):
        check_location(root / "d.json")


def test_a_name_in_bytes_that_are_no_utf8_is_a_fault(tmp_path: Path) -> None:
    for name in ("Ada", "Bo"):
        _photo(tmp_path / name / "1.png", len(name))
    folder = os.fsencode(tmp_path) + b"/C\xff"
    try:
        Path(os.fsdecode(folder)).mkdir()
    except OSError:
        pytest.skip("this file system has UTF-8 names alone")
    shutil.copy(tmp_path / "Bo" / "1.png", folder + b"/1.png")
    (fault,) = check_location(tmp_path).faults
    assert "'C\\udcff' has control characters, no UTF-8" in str(fault)


def test_a_parquet_table_is_refused_by_the_rows_that_it_states(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"image_id": [str(n) for n in range(5)], "identity": ["Ada"] * 5, "path": ["a.png"] * 5})
    parquet.write_table(table, root / "metadata.parquet")
    assert len(table_files.read_lines(root / "metadata.parquet").lines) == 5
    for limit, value in (("MOST_ROWS", 4), ("MOST_CELLS", 14)):
        with monkeypatch.context() as patch:
            patch.setattr(table_files, limit, value)
            with pytest.raises(InputError, match="it states 5 rows of 3 columns"):
                table_files.read_lines(root / "metadata.parquet")


def test_a_workbook_is_refused_by_its_unpacked_size(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.Workbook()
    book.active.append(["image_id", "identity", "path"])
    book.active.append(["1", "Ada", "a.png"])
    book.save(root / "metadata.xlsx")
    assert len(table_files.read_lines(root / "metadata.xlsx").lines) == 1
    monkeypatch.setattr(table_files, "LARGEST_WORKBOOK", 100)
    with pytest.raises(InputError, match="it unpacks to"):
        table_files.read_lines(root / "metadata.xlsx")


def test_an_image_of_too_many_pixels_is_never_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = _photo(tmp_path / "a.png")
    monkeypatch.setattr(image_files, "MOST_PIXELS", 599)
    with pytest.raises(OSError, match="more than 0 million pixels"):
        image_files.open_image(photo)
    with pytest.raises(FaultsError, match="the photo has more than"):
        read_photo(photo)


@pytest.mark.parametrize("counts", ["o" * 100_000, "\u2028", " ", "~~", "4" * 100_000, [10**400, 1]])
def test_a_run_length_code_without_end_is_a_fault(counts: object, tmp_path: Path) -> None:
    segmentation = Rle((30, 20), counts if isinstance(counts, str) else tuple(counts))
    row = Row("1", "Ada", _photo(tmp_path / "a.png"), None, segmentation, {})
    with pytest.raises(FaultsError, match="image_id '1'") as error:
        region_mask(row, (30, 20))
    assert len(str(error.value)) < 600


def test_a_mask_of_another_size_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((60, 40), np.uint8)).save(tmp_path / "mask.png")
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it is decoded"))
    row = Row("1", "Ada", tmp_path / "a.png", None, MaskFile(tmp_path / "mask.png", None), {})
    with pytest.raises(FaultsError, match="is 20 x 30 pixels"):
        region_mask(row, (30, 20))


def test_pixels_of_16_bits_are_scaled_row_by_row(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 700 * 3).reshape(700, 3).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    pixels = np.asarray(read_photo(tmp_path / "deep.png").image)[..., 0]
    assert np.array_equal(pixels, np.round(values.astype(float) / 257))
