"""Data sets by name or path: built in, imported or fetched, or a plain path."""

import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import tomli_w

from benchmark.data.adapters.assemble import slug
from benchmark.data.adapters.layouts import detect_layout, open_dataset
from benchmark.data.catalogue import Catalogue
from benchmark.data.registry import DATASETS, DatasetMetadata, find_metadata
from benchmark.errors import InputError, PatternbenchError, RunError
from harness.datasets.kaggle import Download
from harness.datasets.region_masks import attach_masks
from harness.disk import disk_errors
from harness.suggestions import did_you_mean
from harness.transfer.archive import extract_zip
from harness.workspace import Workspace


@dataclass(frozen=True)
class ImportNote:
    """Note about an imported data set, stored as `<name>.toml`.

    Attributes:
        path: of the data set.
        layout: by which it is read.
        trusted_pickle: whether its table may be a pickle.
        approximate_masks: whether all its region masks are approximate, although its table does not say so.
    """

    path: Path
    layout: str
    trusted_pickle: bool
    approximate_masks: bool = False


def resolve(data: str, workspace: Workspace) -> Catalogue:
    """Opens a data set by name or path; images without a region mask get the one proposed for them, if any.

    Args:
        data: a built-in or imported name, else a folder or table; write `./name` for a folder that is called like a
            known data set.
        workspace: the checkout.

    Raises:
        InputError: `data` is neither (the message lists the names and the closest of them), or the data set is not on
            this machine or cannot be opened.
    """
    return attach_masks(resolve_original(data, workspace), workspace)


def resolve_original(data: str, workspace: Workspace) -> Catalogue:
    """Opens a data set as `resolve` does, without proposed region masks."""
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
    """The steps that bring a known data set to this machine."""
    if known.source == "kaggle":
        return f"Get it with `patternbench data fetch {known.name}`."
    return (
        f"Get it from {known.address}, write its annotations as metadata.csv (image_id, identity, path, bbox) if it "
        f"has no such table, and run `patternbench data import PATH --name {known.name}`."
    )


def imported_names(workspace: Workspace) -> list[str]:
    """The names of the data sets that were imported or fetched, sorted."""
    return sorted(path.stem for path in workspace.datasets.glob("*.toml"))


def import_dataset(
    path: Path,
    workspace: Workspace,
    name: str | None = None,
    *,
    trusted_pickle: bool = False,
    approximate_masks: bool = False,
) -> Catalogue:
    """Opens a folder, table or zip file and registers it under a name; a zip file is unpacked into the store.

    Args:
        path: of the data set; a folder or table stays where it is.
        workspace: the checkout.
        name: to register; None = made from the name of the folder or zip file.
        trusted_pickle: whether a table may be a pickle.
        approximate_masks: whether all its region masks are approximate, although its table does not say so.

    Raises:
        InputError: the data set cannot be opened, or the name is taken.
        RunError: the disk is full or cannot be written to.
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
    with disk_errors():
        extract_zip(path, folder)
    try:
        return _register(name, _data_root(folder), workspace, trusted_pickle, approximate_masks)
    except InputError:
        shutil.rmtree(folder)
        raise


def fetch(name: str, workspace: Workspace, download: Download) -> Catalogue:
    """Downloads a known data set from Kaggle and imports it.

    Args:
        name: of the data set.
        workspace: the checkout.
        download: gets its Kaggle handle.

    Raises:
        InputError: the name is unknown, or the data set is not on Kaggle (the message gives its address).
        RunError: the download failed.
    """
    known = find_metadata(name)
    if known is None:
        raise InputError(_unknown(name, imported_names(workspace)))
    if known.source == "built-in":
        raise InputError(f"{name} is part of the project and needs no fetching: `patternbench data show {name}`.")
    if known.source != "kaggle":
        raise InputError(f"{name} cannot be fetched by this command. {how_to_get(known)}")
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


def read_import_note(name: str, workspace: Workspace) -> ImportNote:
    """The note about an imported data set.

    Raises:
        InputError: the note cannot be read.
    """
    file = _note_file(name, workspace)
    try:
        note = tomllib.loads(file.read_text(encoding="utf-8"))
        approximate = note.get("approximate_masks", False)
        return ImportNote(Path(note["path"]), note["layout"], note["trusted_pickle"], approximate)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{file}: cannot be read ({error!r}). Delete it and import the data set again.") from error


def _note_file(name: str, workspace: Workspace) -> Path:
    return workspace.datasets / f"{name}.toml"


def _open_imported(name: str, workspace: Workspace) -> Catalogue:
    note = read_import_note(name, workspace)
    if not note.path.exists():
        raise InputError(
            f"{name} was imported from {note.path}, which is gone. Put it back, or delete "
            f"{_note_file(name, workspace)} and import it again."
        )
    catalogue = open_dataset(note.path, name, trusted_pickle=note.trusted_pickle)
    return _approximate(catalogue) if note.approximate_masks else catalogue


def _approximate(catalogue: Catalogue) -> Catalogue:
    """The catalogue with every segmentation marked as approximate."""
    rows = (replace(row, approximate=row.segmentation is not None) for row in catalogue.rows)
    return replace(catalogue, rows=tuple(rows))


def _register(
    name: str, location: Path, workspace: Workspace, trusted_pickle: bool, approximate_masks: bool
) -> Catalogue:
    """Opens a data set and, if that succeeds, writes its note."""
    layout, path = detect_layout(location)
    file = _note_file(name, workspace)
    if file.exists() and read_import_note(name, workspace).path != path:
        raise InputError(f"A data set called {name} is imported already. Give another --name, or delete {file}.")
    catalogue = open_dataset(path, name, trusted_pickle=trusted_pickle)
    note = ImportNote(path, layout.name, trusted_pickle, approximate_masks)
    with disk_errors():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tomli_w.dumps(asdict(note) | {"path": str(path)}), encoding="utf-8")
    return _approximate(catalogue) if approximate_masks else catalogue


def _data_root(folder: Path) -> Path:
    """The folder of the data set in an unpacked archive, which may wrap it in folders that hold nothing else."""
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


def _unknown(data: str, imported: Iterable[str]) -> str:
    names = sorted({dataset.name for dataset in DATASETS} | set(imported))
    hint = did_you_mean(data, names, count=2)
    return f"{data!r} is neither a data set nor a path that exists.{hint} Data sets: {', '.join(names)}."
