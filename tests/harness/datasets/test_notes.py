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
