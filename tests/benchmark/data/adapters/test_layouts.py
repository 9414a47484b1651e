import json
from pathlib import Path

import pytest
from PIL import Image

from benchmark.data.adapters.layouts import detect_layout, open_dataset
from benchmark.errors import InputError
from support.paths import FISH


def _photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6)).save(path)


def _table(folder: Path) -> None:
    _photo(folder / "a.png")
    rows = [{"image_id": "1", "identity": "fox", "path": "a.png"}]
    (folder / "metadata.json").write_text(json.dumps(rows))


def _layout(location: Path) -> tuple[str, Path]:
    layout, path = detect_layout(location)
    return layout.name, path


def test_a_folder_with_metadata_is_a_table(tmp_path: Path) -> None:
    _table(tmp_path)
    assert _layout(tmp_path) == ("table", tmp_path / "metadata.json")
    assert open_dataset(tmp_path, "Foxes of 2024").name == "foxes-of-2024"


def test_annotations_take_precedence_over_metadata(tmp_path: Path) -> None:
    _table(tmp_path)
    (tmp_path / "annotations.csv").write_text("Filename;Object ID\n")
    assert _layout(tmp_path) == ("aau", tmp_path)


def test_metadata_takes_precedence_over_folders(tmp_path: Path) -> None:
    _table(tmp_path)
    _photo(tmp_path / "images" / "b.jpg")
    assert _layout(tmp_path)[0] == "table"


def test_subfolders_of_photos_are_individuals(tmp_path: Path) -> None:
    _photo(tmp_path / "Foxes" / "rusty" / "1.JPG")
    catalogue = open_dataset(tmp_path / "Foxes")
    assert (catalogue.name, catalogue.identities) == ("foxes", ("rusty",))


def test_a_table_file_takes_its_folders_name(tmp_path: Path) -> None:
    folder = tmp_path / "newts_07"
    _table(folder)
    assert open_dataset(folder / "metadata.json").name == "newts_07"


@pytest.mark.parametrize(("path", "state"), [("", "is not a data set"), ("nowhere", "does not exist")])
def test_other_locations_are_refused_with_the_list_of_layouts(tmp_path: Path, path: str, state: str) -> None:
    with pytest.raises(InputError, match=f"{state}.* Accepted are .*annotations.csv.*metadata.csv.*subfolder"):
        open_dataset(tmp_path / path)


@pytest.mark.shared
def test_the_fs48_sample_opens() -> None:
    catalogue = open_dataset(FISH)
    assert (len(catalogue.rows), len(catalogue.identities)) == (480, 8)
    assert set(catalogue.rows[0].groups) == {"camera", "sequence", "frame"}
    assert catalogue.has_regions
