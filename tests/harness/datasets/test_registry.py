import json
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from benchmark.data.adapters.layouts import ReadingOptions
from benchmark.errors import InputError, RunError
from harness.datasets import notes
from harness.datasets.importing import ImportOptions, fetch, import_dataset
from harness.datasets.registry import resolve
from harness.workspace import Workspace


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """One folder an individual."""
    for name in ("fox", "owl"):
        (tmp_path / "My Pets" / name).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(tmp_path / "My Pets" / name / "1.png")
    return tmp_path / "My Pets"


def _aau(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    Image.new("RGB", (16, 16)).save(folder / "data" / "Vid1_0001.png")
    (folder / "annotations.csv").write_text(
        "Filename;Object ID;Annotation tag;Upper left corner X;Upper left corner Y;Lower right corner X;"
        "Lower right corner Y;Right,Turning,Occlusion,Glitch;Buffer;;\n"
        "Vid1_0001.png;1;Z;0;0;9;9;1,0,0,0;0;;\n"
        "Vid1_0001.png;2;Z;5;0;9;9;1,0,0,0;0;;\n"
    )
    return folder


def _packed(folder: Path, path: Path, inside: str) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, Path(inside) / file.relative_to(folder))
    return path


def test_a_path_is_opened(workspace: Workspace, pets: Path) -> None:
    assert resolve(str(pets), workspace).name == "my-pets"


def test_a_built_in_name_is_opened_with_its_licence(workspace: Workspace) -> None:
    _aau(workspace.builtin_data / "zebrafish-synth")
    catalogue = resolve("zebrafish-synth", workspace)
    assert (catalogue.name, catalogue.licence) == ("zebrafish-synth", "CC0-1.0")


def test_an_imported_folder_stays_where_it_is(workspace: Workspace, pets: Path) -> None:
    assert import_dataset(pets, workspace).catalogue.name == "my-pets"
    assert notes.names(workspace) == ["my-pets"]
    assert notes.read_note("my-pets", workspace).layout == "folders"
    assert resolve("my-pets", workspace).root == pets
    import_dataset(pets, workspace)  # again: nothing new


def test_the_trust_in_a_pickled_table_is_noted(workspace: Workspace, pets: Path) -> None:
    import pandas as pd

    table = pets / "list.pkl"
    lines = [{"image_id": name, "identity": name, "path": f"{name}/1.png"} for name in ("fox", "owl")]
    pd.DataFrame(lines).to_pickle(table)
    with pytest.raises(InputError, match="--trusted-pickle"):
        import_dataset(table, workspace, "p")
    assert notes.names(workspace) == []
    import_dataset(table, workspace, "p", ImportOptions(ReadingOptions(trusted_pickle=True)))
    assert resolve("p", workspace).identities == ("fox", "owl")


@pytest.mark.parametrize("inside", ["", "wrapped", "twice/wrapped"])
def test_a_zip_file_is_unpacked_into_the_store(workspace: Workspace, pets: Path, tmp_path: Path, inside: str) -> None:
    path = _packed(pets, tmp_path / "Pets-v1.zip", inside)
    assert import_dataset(path, workspace).catalogue.name == "pets-v1"
    shutil.rmtree(pets)
    path.unlink()
    catalogue = resolve("pets-v1", workspace)
    assert catalogue.identities == ("fox", "owl")
    assert workspace.datasets in catalogue.root.parents


def test_a_zip_file_without_a_data_set_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    with pytest.raises(InputError, match="is not a data set"):
        import_dataset(_packed(tmp_path / "notes", tmp_path / "n.zip", ""), workspace)
    assert list(workspace.datasets.iterdir()) == []


def test_taken_names_are_refused(workspace: Workspace, pets: Path, tmp_path: Path) -> None:
    import_dataset(pets, workspace, "pets")
    with pytest.raises(InputError, match="imported already"):
        import_dataset(_aau(tmp_path / "other"), workspace, "pets")
    with pytest.raises(InputError, match="built-in"):
        import_dataset(pets, workspace, "zebrafish-synth")


def test_a_missing_folder_is_reported(workspace: Workspace, pets: Path) -> None:
    import_dataset(pets, workspace, "pets")
    shutil.rmtree(pets)
    with pytest.raises(InputError, match="which is gone"):
        resolve("pets", workspace)


def test_an_unreadable_note_is_reported(workspace: Workspace) -> None:
    workspace.datasets.mkdir(parents=True)
    (workspace.datasets / "pets.toml").write_text("path = 3")
    with pytest.raises(InputError, match=r"pets\.toml: cannot be read"):
        resolve("pets", workspace)


def test_an_unknown_name_lists_names_and_the_closest(workspace: Workspace, pets: Path) -> None:
    import_dataset(pets, workspace, "pets")
    with pytest.raises(InputError, match=r"Did you mean 'leopard-id-2022'.*\?.*aau-zebrafish.*pets.*zebrafish-synth"):
        resolve("leopard-2022", workspace)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("aau-zebrafish", "data fetch aau-zebrafish"),
        ("atrw", "lila.science.*metadata.csv.*data import PATH --name atrw"),
    ],
)
def test_a_known_data_set_that_is_not_here_is_refused_with_the_steps(
    workspace: Workspace, name: str, steps: str
) -> None:
    with pytest.raises(InputError, match=f"{name} is not on this machine.*{steps}"):
        resolve(name, workspace)


def test_a_fetched_data_set_is_registered_under_its_name(workspace: Workspace, tmp_path: Path) -> None:
    folder = _aau(tmp_path / "cache" / "versions" / "1")
    handles: list[str] = []
    fetch("aau-zebrafish", workspace, lambda handle: (handles.append(handle), str(folder))[1])
    assert handles == ["aalborguniversity/aau-zebrafish-reid"]
    catalogue = resolve("aau-zebrafish", workspace)
    assert (catalogue.name, catalogue.root, catalogue.licence) == ("aau-zebrafish", folder, "CC BY 4.0")


def test_a_failed_download_is_reported_with_the_manual_steps(workspace: Workspace) -> None:
    def broken(handle: str) -> str:
        raise OSError(f"no route to {handle}")

    with pytest.raises(RunError, match=r"no route.*data import FILE\.zip --name aau-zebrafish"):
        fetch("aau-zebrafish", workspace, broken)


@pytest.mark.parametrize(
    ("name", "message"),
    [("atrw", "Get it from https://lila"), ("zebrafish-synth", "needs no fetching"), ("x", "neither")],
)
def test_a_data_set_that_cannot_be_fetched_is_refused(workspace: Workspace, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fetch(name, workspace, lambda _: json.dumps("unused"))


def test_what_a_killed_import_left_is_swept_by_the_next(workspace: Workspace, pets: Path, tmp_path: Path) -> None:
    path = _packed(pets, tmp_path / "pets.zip", "")
    for name in ("pets", ".pets-abcd1234", ".pets-more-abcd1234"):
        (workspace.datasets / name / "photos").mkdir(parents=True)
    (workspace.datasets / ".pets.importing").write_text("")
    import_dataset(path, workspace)
    assert sorted(one.name for one in workspace.datasets.iterdir()) == [".pets-more-abcd1234", "pets", "pets.toml"]


def test_a_folder_without_a_note_is_named_with_the_way_out_and_stays(
    workspace: Workspace, pets: Path, tmp_path: Path
) -> None:
    folder = workspace.datasets / "pets"
    folder.mkdir(parents=True)
    with pytest.raises(InputError, match=rf"data import {folder} --name pets"):
        import_dataset(_packed(pets, tmp_path / "pets.zip", ""), workspace)
    assert folder.is_dir()
