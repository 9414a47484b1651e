"""Data sets by name or path: built in, imported or fetched, or a plain path."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.data.adapters.layouts import ReadingOptions, detect_layout, open_dataset
from benchmark.data.adapters.reading import catalogue_of, slug
from benchmark.data.catalogue import Catalogue
from benchmark.data.checking import Progress
from benchmark.data.faults import Fault, FaultsError
from benchmark.data.registry import DATASETS, DatasetMetadata, find_metadata
from benchmark.errors import InputError, PatternbenchError, RunError
from benchmark.hashing import file_digest
from harness.datasets import notes
from harness.datasets.checking import check_location
from harness.datasets.kaggle import Download
from harness.datasets.notes import ImportNote
from harness.datasets.region_masks import attach_masks
from harness.disk import disk_errors
from harness.suggestions import did_you_mean
from harness.transfer.archive import extract_zip
from harness.workspace import Workspace


def resolve(data: str, workspace: Workspace, *, remember: bool = False) -> Catalogue:
    """Opens a data set by name or path; images without a region mask get the one proposed for them, if any.

    Args:
        data: a built-in or imported name, else a folder or table; write `./name` for a folder that is called like a
            known data set.
        workspace: the checkout.
        remember: whether the name of a path is noted, because splits, masks or results are to be kept under it.

    Raises:
        InputError: `data` is neither (the message lists the names and the closest of them), or the data set is not on
            this machine or cannot be opened.
    """
    return attach_masks(resolve_original(data, workspace, remember=remember), workspace)


def resolve_original(data: str, workspace: Workspace, *, remember: bool = False) -> Catalogue:
    """Opens a data set as `resolve` does, without proposed region masks."""
    imported = [name for name in notes.names(workspace) if notes.read_note(name, workspace).imported]
    known = find_metadata(data)
    if known is not None and known.source == "built-in":
        catalogue = open_dataset(workspace.builtin_data / data, data)
    elif data in imported:
        catalogue = _open_imported(data, workspace)
    elif Path(data).exists():
        catalogue = _open_path(Path(data), workspace, remember)
    elif data in notes.names(workspace):
        catalogue = _open_imported(data, workspace)
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


@dataclass(frozen=True)
class Imported:
    """An imported data set.

    Attributes:
        catalogue: what can be used.
        left_out: the faults of what cannot; empty unless bad rows were to be left out.
    """

    catalogue: Catalogue
    left_out: tuple[Fault, ...]


@dataclass(frozen=True)
class ImportOptions:
    """How a data set is imported.

    Attributes:
        reading: what the user says of the location.
        approximate_masks: whether all its region masks are approximate, although its table does not say so.
        skip_bad: whether rows and photos with a fault are left out instead of refused.
    """

    reading: ReadingOptions = ReadingOptions()  # noqa: RUF009 - immutable
    approximate_masks: bool = False
    skip_bad: bool = False


def import_dataset(
    path: Path,
    workspace: Workspace,
    name: str | None = None,
    options: ImportOptions = ImportOptions(),
    digest_of: Callable[[Path], str] = file_digest,
    progress: Progress | None = None,
) -> Imported:
    """Checks a folder, table or zip file and registers it under a name; a zip file is unpacked into the store.

    Args:
        path: of the data set; a folder or table stays where it is.
        workspace: the checkout.
        name: to register; None = made from the name of the folder or zip file.
        options: how it is read.
        digest_of: gives the sha256 of a file.
        progress: called after each photo with (done, total).

    Raises:
        FaultsError: rows, photos, boxes or masks cannot be used.
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
        return _register(name, path, workspace, options, digest_of, progress)
    folder = workspace.datasets / name
    with disk_errors():
        extract_zip(path, folder)
    try:
        return _register(name, _data_root(folder), workspace, options, digest_of, progress)
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
        raise InputError(_unknown(name, notes.names(workspace)))
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
    return import_dataset(_data_root(folder), workspace, name).catalogue


def _open_path(location: Path, workspace: Workspace, remember: bool) -> Catalogue:
    """A data set by its path, under a name that no other path has: two folders of one name never share splits."""
    layout, path = detect_layout(location)
    path = path.resolve()
    folder = path.parent if path.is_file() else path
    name = notes.free_name(slug(folder.name), path, workspace)
    if name in notes.names(workspace):
        return _open_imported(name, workspace)
    catalogue = open_dataset(path, name)
    if remember:
        notes.write_note(name, ImportNote(path, layout.name, imported=False), workspace)
    return catalogue


def _open_imported(name: str, workspace: Workspace) -> Catalogue:
    note = notes.read_note(name, workspace)
    if not note.path.exists():
        raise InputError(
            f"{name} was imported from {note.path}, which is gone. Put it back, or forget it with "
            f"`patternbench data forget {name}` and import it again."
        )
    catalogue = open_dataset(note.path, name, note.options, skip_bad=bool(note.left_out))
    rows = (row for row in catalogue.rows if row.image_id not in set(note.left_out))
    return _marked(replace(catalogue, rows=tuple(rows)), note)


def _marked(catalogue: Catalogue, note: ImportNote) -> Catalogue:
    """The catalogue with every segmentation marked as approximate, if the note says so."""
    if not note.approximate_masks:
        return catalogue
    rows = (replace(row, approximate=row.segmentation is not None) for row in catalogue.rows)
    return replace(catalogue, rows=tuple(rows))


def _register(
    name: str,
    location: Path,
    workspace: Workspace,
    options: ImportOptions,
    digest_of: Callable[[Path], str],
    progress: Progress | None,
) -> Imported:
    """Checks a data set and, if it can be used, writes its note. Arguments as `import_dataset`."""
    layout, path = detect_layout(location, options.reading)
    if name in notes.names(workspace) and notes.read_note(name, workspace).path != path:
        raise InputError(
            f"A data set called {name} is imported already, from {notes.read_note(name, workspace).path}. Give another "
            f"--name, or forget that one: patternbench data forget {name}"
        )
    report = check_location(path, options.reading, digest_of, progress)
    if report.faults and not options.skip_bad:
        raise FaultsError(report.faults, path)
    catalogue = catalogue_of(report.reading, name)
    left_out = tuple(dict.fromkeys(fault.image_id or str(fault.file) for fault in report.faults))
    note = ImportNote(path, layout.name, options.reading, options.approximate_masks, left_out)
    notes.write_note(name, note, workspace)
    return Imported(_marked(replace(catalogue, remarks=report.remarks), note), report.faults)


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
