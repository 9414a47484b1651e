import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmark.data.adapters.layouts import detect_layout, open_dataset, read_location
from benchmark.errors import InputError


def _photo(path: Path, orientation: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (200, 100)).save(path, exif=exif)


def _coco(**annotation: Any) -> dict[str, Any]:
    return {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 200, "height": 100, "camera": "C1"},
            {"id": 2, "file_name": "b.jpg", "width": 200, "height": 100},
        ],
        "categories": [{"id": 1, "name": "nyala"}, {"id": 2, "name": "kudu"}],
        "annotations": [
            {"id": 7, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40], "identity": "Ada"},
            {"id": 8, "image_id": 1, "category_id": 1, "bbox": [50, 20, 30, 40], "identity": "Bo"} | annotation,
            {"id": 9, "image_id": 2, "category_id": 2, "segmentation": [[0, 0, 9, 0, 9, 9]], "identity": "Bo"},
        ],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _photo(tmp_path / "images" / "a.jpg")
    _photo(tmp_path / "images" / "b.jpg")
    return tmp_path


def _write(folder: Path, content: object, name: str = "annotations.json") -> Path:
    (folder / name).write_text(json.dumps(content))
    return folder


def test_coco_annotations_are_read_in_pixels(folder: Path) -> None:
    catalogue = open_dataset(_write(folder, _coco()), "x")
    assert [(row.image_id, row.identity, row.box, row.groups) for row in catalogue.rows] == [
        ("a.jpg#7", "Ada", (10, 20, 30, 40), {"camera": "C1"}),
        ("a.jpg#8", "Bo", (50, 20, 30, 40), {"camera": "C1"}),
        ("b.jpg", "Bo", None, {}),
    ]
    assert catalogue.rows[2].segmentation is not None
    assert detect_layout(folder / "annotations.json")[0].name == "detections"


@pytest.mark.parametrize(
    ("annotation", "fault"),
    [
        ({"bbox": [0.1, 0.2, 0.5, 0.5]}, "looks like fractions"),
        ({"bbox": [10, 20, 1, 40]}, "less than 3 pixels"),
        ({"image_id": 5}, "image_id 5 is no image"),
        ({"identity": ""}, "names no individual"),
    ],
)
def test_a_wrong_annotation_is_a_fault(folder: Path, annotation: dict[str, Any], fault: str) -> None:
    reading = read_location(_write(folder, _coco(**annotation)))
    assert len(reading.rows) == 2
    assert [fault in str(one) and "annotation 8" in str(one) for one in reading.faults] == [True]


def test_without_a_field_of_identities_the_category_is_taken_and_remarked(folder: Path) -> None:
    content = _coco()
    for annotation in content["annotations"]:
        del annotation["identity"]
    catalogue = open_dataset(_write(folder, content), "x")
    assert catalogue.identities == ("kudu", "nyala")
    assert any("category is taken" in remark for remark in catalogue.remarks)


def test_one_category_alone_names_nobody(folder: Path) -> None:
    content = _coco()
    for annotation in content["annotations"]:
        annotation.pop("identity")
        annotation["category_id"] = 1
    with pytest.raises(InputError, match="nothing names the individuals"):
        open_dataset(_write(folder, content), "x")


def _megadetector(*detections: list[dict[str, Any]] | None) -> dict[str, Any]:
    files = ("Ada/1.jpg", "Ada/2020/2.jpg", "Bo/3.jpg")
    images = [{"file": file, "detections": found} for file, found in zip(files, detections, strict=False)]
    return {"images": images, "detection_categories": {"1": "animal", "2": "person"}, "info": {"format_version": "1.4"}}


def _animal(*box: float, conf: float = 0.9, category: str = "1") -> dict[str, Any]:
    return {"category": category, "conf": conf, "bbox": list(box)}


@pytest.fixture
def camera_trap(tmp_path: Path) -> Path:
    for name in ("Ada/1.jpg", "Ada/2020/2.jpg"):
        _photo(tmp_path / name)
    _photo(tmp_path / "Bo" / "3.jpg", orientation=6)
    return tmp_path


def test_megadetectors_fractions_become_pixels_of_the_upright_photo(camera_trap: Path) -> None:
    content = _megadetector(
        [_animal(0.1, 0.2, 0.5, 0.4), _animal(0, 0, 0.2, 0.2, conf=0.3)],
        [_animal(0, 0, 1, 1, conf=0.1), _animal(0, 0, 1, 1, category="2")],
        [_animal(0.1, 0.2, 0.5, 0.4)],
    )
    catalogue = open_dataset(_write(camera_trap, content, "md.json"), "x")
    assert [(row.image_id, row.identity, row.box, row.groups) for row in catalogue.rows] == [
        ("Ada/1.jpg", "Ada", (20, 20, 100, 40), {}),
        ("Ada/2020/2.jpg", "Ada", None, {"folder": "2020"}),
        ("Bo/3.jpg", "Bo", (10, 40, 50, 80), {}),
    ]
    assert "Several animals, of which the surest is taken: 1 photo." in catalogue.remarks
    assert "No animal was detected, and the whole photo is taken: 1 photo." in catalogue.remarks


@pytest.mark.parametrize("box", [[10, 20, 30, 40], [0.5, 0.5, 0.6, 0.2], [-0.1, 0, 0.5, 0.5], [0.1, 0.1, 0.5], "no"])
def test_a_box_outside_the_photo_is_a_fault(camera_trap: Path, box: Any) -> None:
    content = _megadetector([{"category": "1", "conf": 0.9, "bbox": box}], [], [])
    reading = read_location(_write(camera_trap, content, "md.json"))
    assert [fault.file.name for fault in reading.faults] == ["1.jpg"]
    assert len(reading.rows) == 2


def test_several_files_of_detections_are_not_chosen_from(folder: Path) -> None:
    _write(folder, _coco(), "one.json")
    with pytest.raises(InputError, match=r"several files of detections: one\.json, two\.json"):
        open_dataset(_write(folder, _coco(), "two.json"))
    assert len(open_dataset(folder / "two.json").rows) == 3


@pytest.mark.parametrize(
    "content", [[{"identity": "fox", "path": "images/a.jpg"}], {"identity": ["fox"], "path": ["images/a.jpg"]}]
)
def test_a_json_table_is_still_a_table(folder: Path, content: object) -> None:
    assert detect_layout(_write(folder, content, "metadata.json"))[0].name == "table"
    (folder / "metadata.json").rename(folder / "t.json")
    assert detect_layout(folder / "t.json")[0].name == "table"


def test_a_metadata_table_goes_before_detections(folder: Path) -> None:
    _write(folder, [{"identity": "fox", "path": "images/a.jpg"}], "metadata.json")
    assert detect_layout(_write(folder, _coco()))[0].name == "table"
