"""What users imported lies apart from what may be deleted, also in a checkout of before."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.app import app
from harness.datasets import notes
from harness.datasets.earlier_imports import move_imported
from harness.datasets.notes import ImportNote
from harness.datasets.region_masks import masks_folder
from harness.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout whose store holds what users imported."""
    store = tmp_path / ".patternbench"
    for folder in ("datasets/cats", "weights/lama", "region-masks/cats", "stages"):
        (store / folder).mkdir(parents=True)
    (store / "datasets/cats/a.png").write_bytes(b"unpacked")
    (store / "weights/lama/big-lama.safetensors").write_bytes(b"weights")
    (store / "region-masks/cats/a.png").write_bytes(b"corrected by hand")
    (store / "datasets/cats.toml").write_text(f'path = "{store / "datasets" / "cats"}"\nlayout = "folders"\n')
    (store / "datasets/dogs.toml").write_text('path = "/photos/dogs"\nlayout = "folders"\n')
    return Workspace(tmp_path)


def test_imports_of_before_leave_the_store_at_the_next_command_and_are_found(workspace: Workspace) -> None:
    assert CliRunner().invoke(app, ["--root", str(workspace.root), "clean"]).exit_code == 0
    assert [path.name for path in workspace.store.iterdir() if path.is_dir()] == ["stages"]
    assert notes.read_note("cats", workspace).path == workspace.datasets / "cats"
    assert (notes.read_note("cats", workspace).path / "a.png").read_bytes() == b"unpacked"
    assert notes.read_note("dogs", workspace) == ImportNote(Path("/photos/dogs"), "folders")
    assert (masks_folder("cats", workspace) / "a.png").read_bytes() == b"corrected by hand"
    assert (workspace.weights / "lama" / "big-lama.safetensors").read_bytes() == b"weights"


def test_what_is_imported_already_is_never_replaced(workspace: Workspace) -> None:
    workspace.datasets.mkdir(parents=True)
    (workspace.datasets / "cats.toml").write_text('path = "/newer"\nlayout = "folders"\n')
    move_imported(workspace)
    assert tomllib.loads((workspace.datasets / "cats.toml").read_text())["path"] == "/newer"
    assert (workspace.store / "datasets" / "cats.toml").is_file()
    move_imported(workspace)


def test_everything_imported_is_outside_the_store(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for place in (workspace.datasets, workspace.weights, workspace.region_masks):
        assert not place.is_relative_to(workspace.store)
