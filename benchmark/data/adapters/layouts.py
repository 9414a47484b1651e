"""The layouts of data sets on disk, and `open_dataset`, which recognises the layout of a location.

A new layout is a module with a `find` and a `read` function, and one entry in `LAYOUTS`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmark.data.adapters.aau import find_aau, read_aau
from benchmark.data.adapters.assemble import slug
from benchmark.data.adapters.folders import find_folders, read_folders
from benchmark.data.adapters.table import find_table, read_table
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError


class Layout(NamedTuple):
    """One way to store a data set.

    Attributes:
        name: its name in the files of imported data sets.
        description: the location that it accepts, in words.
        find: returns the folder or table to read at a location; None if the location has another layout.
        read: reads it, given the path that `find` returned, the catalogue's name, and whether a pickle is trusted.
    """

    name: str
    description: str
    find: Callable[[Path], Path | None]
    read: Callable[[Path, str, bool], Catalogue]


LAYOUTS = (
    Layout(
        "aau",
        "a folder with annotations.csv (AAU zebrafish)",
        find_aau,
        lambda path, name, _: read_aau(path, name),
    ),
    Layout(
        "table",
        "a folder with metadata.csv, .json or .parquet, such a table itself",
        find_table,
        lambda path, name, trusted_pickle: read_table(path, name, trusted_pickle=trusted_pickle),
    ),
    Layout(
        "folders",
        "a folder with one subfolder of photos for each individual",
        find_folders,
        lambda path, name, _: read_folders(path, name),
    ),
)
"""Every layout; a location has the first one that finds something there."""


def open_dataset(location: Path, name: str | None = None, *, trusted_pickle: bool = False) -> Catalogue:
    """Read a data set of any layout; all files that it names must exist.

    Args:
        location: a table, or a folder with one of the layouts.
        name: name of the catalogue; None = made from the folder's name.
        trusted_pickle: whether a table may be a pickle; reading one can run any program inside it.

    Raises:
        InputError: the location does not exist, has no known layout, or its content cannot be used.
    """
    layout, path = detect_layout(location)
    folder = path.parent if path.is_file() else path
    return layout.read(path, slug(name or folder.resolve().name), trusted_pickle)


def detect_layout(location: Path) -> tuple[Layout, Path]:
    """The layout of a location, and the folder or table to read.

    Raises:
        InputError: the location does not exist or has no known layout; the message lists the layouts.
    """
    for layout in LAYOUTS:
        path = layout.find(location)
        if path is not None:
            return layout, path
    state = "is not a data set" if location.exists() else "does not exist"
    *others, last = (layout.description for layout in LAYOUTS)
    raise InputError(f"{location} {state}. Accepted are {', '.join(others)}, or {last}.")
