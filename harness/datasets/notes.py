"""Notes about data sets of one's own: where each is, and how it is read."""

import shutil
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

import tomli_w

from benchmark.data.adapters.layouts import ReadingOptions
from benchmark.data.registry import find_metadata
from benchmark.errors import InputError
from benchmark.files import is_temporary
from harness.disk import disk_errors, write_text
from harness.workspace import Workspace


@dataclass(frozen=True)
class ImportNote:
    """Note about a data set, stored as `<name>.toml`.

    Attributes:
        path: of the data set.
        layout: by which it is read.
        options: what the user said of it.
        approximate_masks: whether all its region masks are approximate, although its table does not say so.
        left_out: image_ids of rows that are left out because of a fault.
        imported: whether the user gave the name; else it was made when the path was first used.
    """

    path: Path
    layout: str
    options: ReadingOptions = ReadingOptions()  # noqa: RUF009 - immutable
    approximate_masks: bool = False
    left_out: tuple[str, ...] = ()
    imported: bool = True


def names(workspace: Workspace) -> list[str]:
    """The names of the data sets that have a note, sorted."""
    return sorted(path.stem for path in workspace.datasets.glob("*.toml") if not is_temporary(path))


def note_file(name: str, workspace: Workspace) -> Path:
    """Where the note of a data set is."""
    return workspace.datasets / f"{name}.toml"


def read_note(name: str, workspace: Workspace) -> ImportNote:
    """The note about a data set.

    Raises:
        InputError: the note cannot be read.
    """
    file = note_file(name, workspace)
    try:
        note = tomllib.loads(file.read_text(encoding="utf-8"))
        options = ReadingOptions(
            trusted_pickle=bool(note.get("trusted_pickle", False)),
            columns=dict(note.get("columns", {})),
            layout=str(note.get("template", "")),
            min_images=int(note.get("min_images", 1)),
            within=bool(note.get("within", False)),
        )
        return ImportNote(
            path=Path(note["path"]),
            layout=note["layout"],
            options=options,
            approximate_masks=note.get("approximate_masks", False),
            left_out=tuple(note.get("left_out", ())),
            imported=bool(note.get("imported", True)),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{file}: cannot be read ({error!r}). Restore it, or move it away and import the data set again; the "
            "photos stay as they are."
        ) from error


def write_note(name: str, note: ImportNote, workspace: Workspace, source: Path | None = None) -> None:
    """Write the note about a data set, and beside its results where its photos came from if that is not noted there.

    The second note outlives the store: without it, another folder of the same name would add to these results.

    Args:
        name: of the data set.
        note: about it.
        workspace: the checkout.
        source: what the user named, if it is not the path of the note, such as a zip file.

    Raises:
        RunError: the disk is full or cannot be written to.
    """
    content = {
        "path": str(note.path),
        "layout": note.layout,
        "approximate_masks": note.approximate_masks,
        "left_out": list(note.left_out),
        "imported": note.imported,
        "template": note.options.layout,
        **{key: value for key, value in asdict(note.options).items() if key != "layout"},
    }
    file = note_file(name, workspace)
    with disk_errors():
        write_text(file, tomli_w.dumps(content))
        beside = _source_file(name, workspace)
        if not beside.is_file():
            write_text(beside, tomli_w.dumps({"source": str(source or note.path)}))


def refuse_other_source(name: str, source: Path, workspace: Workspace) -> None:
    """Refuse a name under which there are results of other photos.

    Args:
        name: of a data set that is to be imported.
        source: folder, table or zip file that the user named.
        workspace: the checkout.

    Raises:
        InputError: the results of this name are of another source.
    """
    known = _source_of(name, workspace)
    if known is not None and known != source:
        folder = workspace.own(name).pages
        raise InputError(
            f"{folder} holds splits or results of other photos, from {known}. Give another --name. If these are the "
            f"same photos, moved, delete {_source_file(name, workspace)}; if those results are not needed, delete "
            f"{folder}."
        )


def _source_file(name: str, workspace: Workspace) -> Path:
    return workspace.own(name).pages / "source.toml"


def _source_of(name: str, workspace: Workspace) -> Path | None:
    """Where the photos of the results of this name came from; None if that is not noted.

    Raises:
        InputError: the note cannot be read.
    """
    file = _source_file(name, workspace)
    try:
        return Path(tomllib.loads(file.read_text(encoding="utf-8"))["source"])
    except FileNotFoundError:
        return None
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{file}: cannot be read ({error!r}). Move it away if {name} has always been one folder."
        ) from error


def free_name(wanted: str, path: Path, workspace: Workspace) -> str:
    """The name under which a path is known, or the first free one: `photos`, `photos-2`, ...

    A name is taken if it has a note, or results of other photos.

    Args:
        wanted: the name that its folder gives.
        path: of the data set.
        workspace: the checkout.
    """
    kept = (file.parent.name for file in sorted(workspace.own_results.glob("*/source.toml")))
    taken = {name: source for name in kept if (source := _source_of(name, workspace)) is not None}
    taken |= {name: read_note(name, workspace).path for name in names(workspace)}
    mine = [name for name, place in taken.items() if place == path]
    if mine:
        return wanted if wanted in mine else mine[0]
    number, name = 1, wanted
    while name in taken or find_metadata(name) is not None:
        number += 1
        name = f"{wanted}-{number}"
    return name


def forget(name: str, workspace: Workspace) -> list[Path]:
    """Remove the note of a data set, its unpacked copy and its splits; photos outside the store and results stay.

    Args:
        name: of the data set.
        workspace: the checkout.

    Returns:
        What was removed.

    Raises:
        InputError: no data set of this name was imported.
        RunError: something cannot be removed.
    """
    file = note_file(name, workspace)
    if not file.is_file():
        known = ", ".join(names(workspace)) or "none"
        raise InputError(f"No data set called {name!r} was imported; there are: {known}.")
    removed = [place for place in (workspace.datasets / name, workspace.results(name).splits) if place.is_dir()]
    with disk_errors():
        for place in removed:
            shutil.rmtree(place)
        file.unlink()
    return [*removed, file]
