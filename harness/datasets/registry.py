"""Data sets by name: built in, imported or fetched, or a plain path."""

import difflib
import json
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.data.adapters.assemble import slug
from benchmark.data.adapters.layouts import detect_layout, open_dataset
from benchmark.data.catalogue import Catalogue
from benchmark.data.registry import DATASETS, DatasetMetadata, find_metadata
from benchmark.errors import InputError, PatternbenchError, RunError
from harness.datasets.region_masks import attach
from harness.transfer.archive import extract_zip
from harness.workspace import Workspace


@dataclass(frozen=True)
class Imported:
    """What is remembered of an imported data set: where it is, how to read it, how good its region masks are."""

    path: Path
    layout: str
    trusted_pickle: bool
    approximate_masks: bool = False


Download = Callable[[str], str]
"""Gets a Kaggle handle; returns the folder that it put the data set in."""


def resolve(data: str, workspace: Workspace) -> Catalogue:
    """Open a data set by its name, or by its path; where it lacks region masks, with those proposed for it.

    Args:
        data: a built-in or imported name, else a folder or table; write `./name` for a folder called like a
            name.
        workspace: where data sets are.

    Raises:
        InputError: it is neither (the message lists the names and the closest of them), or is not on this
            machine, or cannot be opened.
    """
    return attach(resolve_as_given(data, workspace), workspace)


def resolve_as_given(data: str, workspace: Workspace) -> Catalogue:
    """The same without proposed region masks."""
    imported = imported_names(workspace)
    known = find_metadata(data)
    if known is not None and known.source == "built-in":
        catalogue = open_dataset(workspace.builtin_data / data, data)
    elif data in imported:
        catalogue = _open_imported(data, workspace)
    elif Path(data).exists():
        catalogue = open_dataset(Path(data))
    elif known is not None:
        raise InputError(f"{data} is not on this machine. {how_to_get(known)}")
    else:
        raise InputError(_unknown(data, imported))
    return catalogue if known is None else replace(catalogue, licence=known.licence)


def how_to_get(known: DatasetMetadata) -> str:
    """What to do to have a known data set here."""
    if known.source == "kaggle":
        return f"Get it with `patternbench data fetch {known.name}`."
    return (
        f"Get it from {known.address}, write its annotations as metadata.csv (image_id, identity, path, bbox) if it "
        f"has no such table, and run `patternbench data import PATH --name {known.name}`."
    )


def imported_names(workspace: Workspace) -> list[str]:
    """The data sets that were imported or fetched, sorted."""
    return sorted(path.stem for path in workspace.datasets.glob("*.toml"))


def import_dataset(
    path: Path,
    workspace: Workspace,
    name: str | None = None,
    *,
    trusted_pickle: bool = False,
    approximate_masks: bool = False,
) -> Catalogue:
    """Open a folder, table or zip file and remember it under a name; a zip file is unpacked into the store.

    Args:
        path: what to import; a folder or table stays where it is.
        workspace: where it is remembered.
        name: to remember it under; None = made from the name of the folder or zip file.
        trusted_pickle: whether a table may be a pickle.
        approximate_masks: whether all its region masks are approximate, although its table does not say so.

    Raises:
        InputError: it cannot be opened, or the name is taken.
    """
    path = path.resolve()
    packed = path.is_file() and path.suffix.lower() == ".zip"
    folder_name = path.stem if packed else path.parent.name if path.is_file() else path.name
    name = slug(name or folder_name)
    known = find_metadata(name)
    if known is not None and known.source == "built-in":
        raise InputError(f"{name} is the name of a built-in data set. Give another one with --name.")
    if not packed:
        return _register(name, path, workspace, trusted_pickle, approximate_masks)
    folder = workspace.datasets / name
    extract_zip(path, folder)
    try:
        return _register(name, _data_root(folder), workspace, trusted_pickle, approximate_masks)
    except InputError:
        shutil.rmtree(folder)
        raise


def fetch(name: str, workspace: Workspace, download: Download) -> Catalogue:
    """Download a known data set from Kaggle and import it.

    Raises:
        InputError: the name is not known, or the data set is not on Kaggle (the message says where it is).
        RunError: the download failed.
    """
    known = find_metadata(name)
    if known is None:
        raise InputError(_unknown(name, imported_names(workspace)))
    if known.source == "built-in":
        raise InputError(f"{name} is part of the project and needs no fetching: `patternbench data show {name}`.")
    if known.source != "kaggle":
        raise InputError(f"{name} cannot be fetched by itself. {how_to_get(known)}")
    try:
        folder = Path(download(known.handle))
    except PatternbenchError:
        raise
    except Exception as error:
        raise RunError(
            f"Kaggle did not give {known.handle}: {error}. Download it by hand from {known.address} and "
            f"run `patternbench data import FILE.zip --name {name}`."
        ) from error
    return import_dataset(_data_root(folder), workspace, name)


def read_imported(name: str, workspace: Workspace) -> Imported:
    """What is remembered of an imported data set; InputError where its file cannot be read."""
    note = workspace.datasets / f"{name}.toml"
    try:
        entry = tomllib.loads(note.read_text(encoding="utf-8"))
        approximate = entry.get("approximate_masks", False)
        return Imported(Path(entry["path"]), entry["layout"], entry["trusted_pickle"], approximate)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{note}: cannot be read ({error!r}). Delete it and import the data set again.") from error


def _open_imported(name: str, workspace: Workspace) -> Catalogue:
    entry = read_imported(name, workspace)
    if not entry.path.exists():
        raise InputError(
            f"{name} was imported from {entry.path}, which is gone. Put it back, or delete "
            f"{workspace.datasets / name}.toml and import it again."
        )
    catalogue = open_dataset(entry.path, name, trusted_pickle=entry.trusted_pickle)
    return _approximate(catalogue) if entry.approximate_masks else catalogue


def _approximate(catalogue: Catalogue) -> Catalogue:
    """The same data set, with the mark on every row that says where the animal is."""
    rows = (replace(row, approximate=row.segmentation is not None) for row in catalogue.rows)
    return replace(catalogue, rows=tuple(rows))


def _register(
    name: str, location: Path, workspace: Workspace, trusted_pickle: bool, approximate_masks: bool
) -> Catalogue:
    """Open it, and only then write `<name>.toml`."""
    layout, path = detect_layout(location)
    note = workspace.datasets / f"{name}.toml"
    if note.exists() and read_imported(name, workspace).path != path:
        raise InputError(f"A data set called {name} is imported already. Give another --name, or delete {note}.")
    catalogue = open_dataset(path, name, trusted_pickle=trusted_pickle)
    lines = [
        f"path = {json.dumps(str(path), ensure_ascii=False)}",
        f'layout = "{layout.name}"',
        f"trusted_pickle = {str(trusted_pickle).lower()}",
        f"approximate_masks = {str(approximate_masks).lower()}",
    ]
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return _approximate(catalogue) if approximate_masks else catalogue


def _data_root(folder: Path) -> Path:
    """The folder with the data set: archives often wrap it in folders that hold nothing else."""
    root = folder
    while True:
        try:
            detect_layout(root)
        except InputError:
            inner = [path for path in root.iterdir() if path.is_dir()]
            if len(inner) != 1:
                raise
            root = inner[0]
        else:
            return root


def _unknown(data: str, imported: list[str]) -> str:
    names = sorted({dataset.name for dataset in DATASETS} | set(imported))
    close = difflib.get_close_matches(data, names, n=2)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{data!r} is neither a data set nor a path that exists.{hint} Data sets: {', '.join(names)}."
