"""Data sets by name or path: built in, imported or fetched, or a plain path."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from benchmark.data.adapters.layouts import detect_layout, open_dataset, read_location
from benchmark.data.adapters.reading import catalogue_of, finish, slug
from benchmark.data.catalogue import Catalogue
from benchmark.data.registry import DATASETS, DatasetMetadata, find_metadata
from benchmark.errors import InputError
from harness.datasets import notes
from harness.datasets.notes import ImportNote
from harness.datasets.region_masks import attach_masks
from harness.suggestions import did_you_mean
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
    known = find_metadata(data)
    if known is not None and known.source == "built-in":
        catalogue = open_dataset(workspace.builtin_data / data, data)
    else:
        catalogue = open_noted(*locate(data, workspace))
        if remember:
            remember_path(data, workspace)
    return catalogue if known is None else replace(catalogue, licence=known.licence)


def remember_path(data: str, workspace: Workspace) -> None:
    """Notes the name of a path that has none yet, because splits, masks or results are to be kept under it.

    Args:
        data: as in `resolve`, but not built in.
        workspace: the checkout.
    """
    name, note = locate(data, workspace)
    if name not in notes.names(workspace):
        notes.write_note(name, note, workspace)


def locate(data: str, workspace: Workspace) -> tuple[str, ImportNote]:
    """The name and note of a data set that is not built in; a path without a note gets a new one, not written yet.

    Two folders of one name get two names, and never share splits.

    Args:
        data: as in `resolve`.
        workspace: the checkout.

    Raises:
        InputError: it is built in, or not on this machine, or its folder is gone.
    """
    taken = {name: notes.read_note(name, workspace) for name in notes.names(workspace)}
    known = find_metadata(data)
    if known is not None and known.source == "built-in":
        raise InputError(f"{data} is part of the project and does not change. Name a data set of your own.")
    if data in taken and (taken[data].imported or not Path(data).exists()):
        name, note = data, taken[data]
    elif Path(data).exists():
        layout, path = detect_layout(Path(data))
        path = path.resolve()
        name = notes.free_name(slug((path.parent if path.is_file() else path).name), path, workspace)
        note = taken.get(name, ImportNote(path, layout.name, imported=False))
    elif known is not None:
        raise InputError(f"{data} is not on this machine. {how_to_get(known)}")
    else:
        raise InputError(unknown_data(data, [name for name, note in taken.items() if note.imported]))
    if not note.path.exists():
        raise InputError(
            f"{name} was imported from {note.path}, which is gone. Put it back, or forget it with "
            f"`patternbench data forget {name}` and import it again."
        )
    return name, note


def open_noted(name: str, note: ImportNote) -> Catalogue:
    """The data set of a note, without what the note leaves out.

    Raises:
        FaultsError: rows or files cannot be used, and the note leaves none out.
        InputError: nothing can be used.
    """
    reading = read_location(note.path, note.options)
    left_out = frozenset(note.left_out)
    rows = tuple(row for row in reading.rows if row.image_id not in left_out)
    kept = finish(replace(reading, rows=rows), note.options.min_images)
    return marked(catalogue_of(kept, name, skip_bad=bool(left_out)), note)


def how_to_get(known: DatasetMetadata) -> str:
    """The steps that bring a known data set to this machine."""
    if known.source == "kaggle":
        return f"Get it with `patternbench data fetch {known.name}`."
    return (
        f"Get it from {known.address}, write its annotations as metadata.csv (image_id, identity, path, bbox) if it "
        f"has no such table, and run `patternbench data import PATH --name {known.name}`."
    )


def marked(catalogue: Catalogue, note: ImportNote) -> Catalogue:
    """The catalogue with every segmentation marked as approximate, if the note says so."""
    if not note.approximate_masks:
        return catalogue
    rows = (replace(row, approximate=row.segmentation is not None) for row in catalogue.rows)
    return replace(catalogue, rows=tuple(rows))


def unknown_data(data: str, imported: Iterable[str]) -> str:
    """Why a name is no data set, with the names there are.

    Args:
        data: the name.
        imported: names of the user's own.
    """
    names = sorted({dataset.name for dataset in DATASETS} | set(imported))
    hint = did_you_mean(data, names, count=2)
    return f"{data!r} is neither a data set nor a path that exists.{hint} Data sets: {', '.join(names)}."
