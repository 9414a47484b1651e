"""Data sets of one's own: checked whole, and noted with what is left out of them."""

import fcntl
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.data.adapters.layouts import ReadingOptions, detect_layout
from benchmark.data.adapters.reading import catalogue_of, slug
from benchmark.data.catalogue import Catalogue
from benchmark.data.checking import Progress, check_individuals
from benchmark.data.faults import Fault, FaultsError
from benchmark.data.registry import find_metadata
from benchmark.errors import InputError, PatternbenchError, RunError
from benchmark.hashing import file_digest
from harness.datasets import notes
from harness.datasets.checking import check_location
from harness.datasets.kaggle import Download
from harness.datasets.notes import ImportNote
from harness.datasets.registry import how_to_get, locate, marked, unknown_data
from harness.disk import disk_errors
from harness.storage.trees import remove_tree
from harness.transfer.archive import extract_zip
from harness.workspace import Workspace


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
    if name not in notes.names(workspace):
        notes.refuse_other_source(name, path, workspace)
    folder = workspace.datasets / name
    with disk_errors(), _sole_import(folder, is_known=name in notes.names(workspace)):
        if folder.exists() and name not in notes.names(workspace):
            raise InputError(
                f"{folder} is there, but no data set {name!r} is known: its import was killed, or you put it there. "
                f"Import that folder itself (patternbench data import {folder} --name {name}), or give another --name."
            )
        extract_zip(path, folder)
        try:
            packed_options = replace(options, reading=replace(options.reading, within=True))
            return _register(name, _data_root(folder), workspace, packed_options, digest_of, progress, source=path)
        except InputError:
            shutil.rmtree(folder)
            raise


@contextmanager
def _sole_import(folder: Path, *, is_known: bool) -> Iterator[None]:
    """Mark a folder as being unpacked in the block, after removing what a killed import left of it.

    Args:
        folder: that is unpacked into.
        is_known: whether there is a data set of this name, whose folder is no leftover.

    Raises:
        InputError: another process imports under this name now.
    """
    mark = folder.parent / f".{folder.name}.importing"
    folder.parent.mkdir(parents=True, exist_ok=True)
    was_killed = mark.exists()
    with mark.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"{folder.name} is being imported by another process. Wait, or give another --name."
            ) from error
        except OSError:  # a file system without locks, on which nothing is removed
            was_killed = False
        try:
            if was_killed:
                unfinished = re.compile(rf"\.{re.escape(folder.name)}-[a-z0-9_]{{8}}")
                for path in [path for path in folder.parent.iterdir() if unfinished.fullmatch(path.name)]:
                    remove_tree(path)
                if folder.is_dir() and not is_known:
                    remove_tree(folder)
            yield
        finally:
            mark.unlink(missing_ok=True)


def reread(
    data: str,
    workspace: Workspace,
    digest_of: Callable[[Path], str] = file_digest,
    progress: Progress | None = None,
    *,
    skip_bad: bool = False,
) -> Imported:
    """Checks all of a data set of one's own as it is now, and notes what is left out of it.

    Args:
        data: its name, or the path of a folder or table, which gets a note if it has none.
        workspace: the checkout.
        digest_of: gives the sha256 of a file.
        progress: called after each photo with (done, total).
        skip_bad: whether rows and photos with a fault are left out instead of refused.

    Raises:
        FaultsError: rows, photos, boxes or masks cannot be used.
        InputError: it is the built-in data set, or is not here, or cannot be opened.
        RunError: the disk is full or cannot be written to.
    """
    name, note = locate(data, workspace)
    imported, note = check_noted(name, note, digest_of, progress, skip_bad=skip_bad)
    notes.write_note(name, note, workspace)
    return imported


def check_noted(
    name: str,
    note: ImportNote,
    digest_of: Callable[[Path], str],
    progress: Progress | None = None,
    *,
    skip_bad: bool,
) -> tuple[Imported, ImportNote]:
    """Reads all of a data set: what can be used of it, and its note with what is left out.

    Args:
        name: of the data set.
        note: where it is and how it is read.
        digest_of: gives the sha256 of a file.
        progress: called after each photo with (done, total).
        skip_bad: whether rows and photos with a fault are left out instead of refused.

    Raises:
        FaultsError: rows, photos, boxes or masks cannot be used, or all photos show one individual.
        InputError: the data set cannot be opened.
    """
    report = check_location(note.path, note.options, digest_of, progress)
    if report.faults and not skip_bad:
        raise FaultsError(report.faults, note.path)
    if lonely := check_individuals(report.reading.rows, note.path):
        raise FaultsError(lonely)
    catalogue = catalogue_of(report.reading, name)
    left_out = tuple(dict.fromkeys(fault.image_id or str(fault.file) for fault in report.faults))
    note = replace(note, left_out=left_out)
    return Imported(marked(replace(catalogue, remarks=report.remarks), note), report.faults), note


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
        raise InputError(unknown_data(name, notes.names(workspace)))
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
    options = ImportOptions(ReadingOptions(within=True))
    return import_dataset(_data_root(folder), workspace, name, options).catalogue


def _register(
    name: str,
    location: Path,
    workspace: Workspace,
    options: ImportOptions,
    digest_of: Callable[[Path], str],
    progress: Progress | None,
    *,
    source: Path | None = None,
) -> Imported:
    """Checks a data set and, if it can be used, writes its note.

    Arguments as `import_dataset`; `source` is the zip file that the location was unpacked from.
    """
    layout, path = detect_layout(location, options.reading)
    if name in notes.names(workspace) and notes.read_note(name, workspace).path != path:
        raise InputError(
            f"A data set called {name} is imported already, from {notes.read_note(name, workspace).path}. Give another "
            f"--name, or forget that one: patternbench data forget {name}"
        )
    notes.refuse_other_source(name, source or path, workspace)
    note = ImportNote(path, layout.name, options.reading, options.approximate_masks)
    imported, note = check_noted(name, note, digest_of, progress, skip_bad=options.skip_bad)
    notes.write_note(name, note, workspace, source)
    return imported


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
