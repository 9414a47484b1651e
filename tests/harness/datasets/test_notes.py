import shutil
from pathlib import Path

import pytest

from benchmark.data.adapters.layouts import ReadingOptions
from benchmark.errors import InputError
from harness.datasets import notes
from harness.datasets.notes import ImportNote
from harness.workspace import Workspace


def test_a_note_is_read_as_it_was_written(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    options = ReadingOptions(True, {"identity": "name"}, "{identity}/{date}", min_images=3)
    note = ImportNote(tmp_path / "photos", "table", options, approximate_masks=True, left_out=("a", "b"))
    notes.write_note("photos", note, workspace)
    assert notes.read_note("photos", workspace) == note


def test_a_forgotten_data_set_takes_its_splits_along_but_no_photos(tmp_path: Path) -> None:
    workspace, photos = Workspace(tmp_path / "checkout"), tmp_path / "photos"
    photos.mkdir()
    notes.write_note("photos", ImportNote(photos, "folders"), workspace)
    splits = workspace.results("photos").splits
    splits.mkdir(parents=True)
    (splits / "random.csv").touch()
    assert len(notes.forget("photos", workspace)) == 2
    assert (notes.names(workspace), splits.exists(), photos.is_dir()) == ([], False, True)
    with pytest.raises(InputError, match="No data set called 'photos' was imported; there are: none"):
        notes.forget("photos", workspace)


def test_two_folders_of_one_name_do_not_meet_although_the_notes_were_deleted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "checkout")
    one, two = tmp_path / "a" / "photos", tmp_path / "b" / "photos"
    notes.write_note("photos", ImportNote(one, "folders"), workspace)
    shutil.rmtree(workspace.imported)
    assert notes.free_name("photos", one, workspace) == "photos"
    assert notes.free_name("photos", two, workspace) == "photos-2"
    notes.refuse_other_source("photos", one, workspace)
    with pytest.raises(
        InputError, match=r"holds splits or results of other photos, from .*a/photos\. Give another --name"
    ):
        notes.refuse_other_source("photos", two, workspace)


def test_a_forgotten_name_keeps_its_results_apart_from_other_photos(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "checkout")
    notes.write_note("photos", ImportNote(tmp_path / "a", "folders"), workspace)
    notes.forget("photos", workspace)
    with pytest.raises(InputError, match=r"delete .*source\.toml"):
        notes.refuse_other_source("photos", tmp_path / "b", workspace)


def test_a_zip_file_is_the_source_of_its_unpacked_copy(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "checkout")
    notes.write_note("photos", ImportNote(workspace.datasets / "photos", "folders"), workspace, tmp_path / "photos.zip")
    shutil.rmtree(workspace.imported)
    notes.refuse_other_source("photos", tmp_path / "photos.zip", workspace)
    with pytest.raises(InputError, match="other photos"):
        notes.refuse_other_source("photos", tmp_path / "other" / "photos.zip", workspace)


def test_a_damaged_note_of_the_source_is_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (workspace.own_results / "photos").mkdir(parents=True)
    (workspace.own_results / "photos" / "source.toml").write_text("path")
    with pytest.raises(InputError, match=r"source\.toml: cannot be read"):
        notes.free_name("photos", tmp_path / "photos", workspace)
