import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import InputError
from harness.datasets.checking import check_location, faults_as_csv, report_as_json
from harness.datasets.importing import ImportOptions, import_dataset
from harness.datasets.registry import resolve
from harness.workspace import Workspace


def _photo(path: Path, value: int = 0, taken: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((20, 30, 3), value, np.uint8)
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    Image.fromarray(pixels).save(path, exif=exif)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Two good photos, and four faults of different kinds."""
    root = tmp_path / "leopards"
    _photo(root / "1.jpg", 10)
    _photo(root / "2.jpg", 20)
    (root / "cut.jpg").write_bytes((root / "1.jpg").read_bytes()[:300])
    (root / "text.jpg").write_text("no photo")
    Image.new("L", (5, 5)).save(root / "mask.png")
    lines = (
        "a,Ada,1.jpg,,",
        "b,Bo,2.jpg,,",
        "c,Bo,cut.jpg,,",
        "d,Bo,text.jpg,,",
        'e,Bo,1.jpg,"[90, 90, 10, 10]",',
        "f,Bo,1.jpg,,mask.png",
        "g,,1.jpg,,",
    )
    (root / "metadata.csv").write_text("\n".join(("image_id,identity,path,bbox,mask", *lines)))
    return root


def test_every_fault_of_rows_photos_boxes_and_masks_is_reported_at_once(bad: Path) -> None:
    report = check_location(bad)
    assert [row.image_id for row in report.reading.rows] == ["a", "b"]
    reasons = [f"{fault.file.name} {fault.image_id} {fault.reason}" for fault in report.faults]
    assert len(reasons) == 5
    for expected in ("identity is empty", "cut.jpg c", "text.jpg d", "1.jpg e the box", "1.jpg f"):
        assert any(expected in reason for reason in reasons), expected


def test_the_reports_hold_every_fault(bad: Path) -> None:
    report = check_location(bad)
    lines = list(csv.DictReader(faults_as_csv(report).splitlines()))
    assert [line["reason"] for line in lines] == [fault.reason for fault in report.faults]
    content = json.loads(report_as_json(report))
    assert (content["images"], content["individuals"], len(content["faults"])) == (2, 2, 5)


def test_import_refuses_what_check_refuses(bad: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "checkout")
    with pytest.raises(InputError, match=r"(?s)5 faults.*--skip-bad"):
        import_dataset(bad, workspace)
    assert not workspace.datasets.exists()


def test_bad_rows_can_be_left_out_for_good(bad: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "checkout")
    imported = import_dataset(bad, workspace, options=ImportOptions(skip_bad=True))
    assert len(imported.left_out) == 5
    assert [row.image_id for row in imported.catalogue.rows] == ["a", "b"]
    assert [row.image_id for row in resolve("leopards", workspace).rows] == ["a", "b"]


def test_pictures_under_two_names_are_named_and_dates_counted(tmp_path: Path) -> None:
    _photo(tmp_path / "Ada" / "1.jpg", 10, "2020:05:06 07:08:09")
    _photo(tmp_path / "Bo" / "2.jpg", 10, "2020:05:06 07:08:09")
    _photo(tmp_path / "Bo" / "3.jpg", 30)
    remarks = check_location(tmp_path).remarks
    assert "Under two names: 1 picture: Ada/1.jpg (`Ada`) = Bo/2.jpg (`Bo`)." in remarks
    assert "2 of 3 photos have an EXIF date, from 2020-05-06 to 2020-05-06." in remarks


def test_two_folders_of_one_name_do_not_meet(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "checkout")
    for parent, value in (("x", 1), ("y", 2)):
        _photo(tmp_path / parent / "photos" / "Ada" / "1.png", value)
    places = [str(tmp_path / parent / "photos") for parent in ("x", "y")]
    names = [resolve(place, workspace, remember=True).name for place in (*places, *places)]
    assert names == ["photos", "photos-2"] * 2


def test_a_path_goes_before_the_name_that_another_path_got(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path / "checkout")
    for parent, name in (("x", "Ada"), ("y", "Bo")):
        _photo(tmp_path / parent / "photos" / name / "1.png")
        monkeypatch.chdir(tmp_path / parent)
        assert resolve("photos", workspace, remember=True).identities == (name,)
    monkeypatch.chdir(tmp_path)
    assert resolve("photos-2", workspace).identities == ("Bo",)


def test_looking_at_a_path_notes_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "checkout")
    _photo(tmp_path / "photos" / "Ada" / "1.png")
    resolve(str(tmp_path / "photos"), workspace)
    assert not workspace.datasets.exists()
