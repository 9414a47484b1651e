from pathlib import Path

import pytest

from benchmark.data.adapters.folders import read_folders
from benchmark.errors import InputError


def _touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(exist_ok=True)
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
    catalogue = read_folders(tmp_path, "x")
    assert [(row.image_id, row.identity) for row in catalogue.rows] == [("a/1.JPG", "a"), ("b/2.png", "b")]
    assert catalogue.rows[0].path == tmp_path / "a" / "1.JPG"
    assert catalogue.crop_side is None
    assert not catalogue.has_regions


def test_folders_without_photos_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path, "a/notes.txt")
    with pytest.raises(InputError, match="no row"):
        read_folders(tmp_path, "x")
