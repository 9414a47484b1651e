"""The layouts of data sets on disk, and `open_dataset`, which recognises the layout of a location.

A new layout is a module with a `find` and a `read` function, and one entry in `LAYOUTS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmark.data.adapters.aau import find_aau, read_aau
from benchmark.data.adapters.detections import find_detections, read_detections
from benchmark.data.adapters.folders import describe_structure, find_folders, read_folders
from benchmark.data.adapters.reading import Reading, catalogue_of, finish, settle, slug
from benchmark.data.adapters.table import find_table, read_table
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError


@dataclass(frozen=True)
class ReadingOptions:
    """What a user says of a location.

    Attributes:
        trusted_pickle: whether a table may be a pickle; reading one can run any program inside it.
        columns: column of a table by meaning (`columns.SYNONYMS`).
        layout: what nested folders are, such as `{species}/{identity}/{date}`; empty = the location's own layout.
        min_images: photos that an individual needs; those with fewer are left out.
        within: whether photos and masks outside the folder of the data set are refused, as those of an archive are.
    """

    trusted_pickle: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    layout: str = ""
    min_images: int = 1
    within: bool = False


class Layout(NamedTuple):
    """One way to store a data set.

    Attributes:
        name: its name in the files of imported data sets.
        description: the location that it accepts, in words.
        find: returns the folder or table to read at a location; None if the location has another layout.
        read: reads it, given the path that `find` returned.
    """

    name: str
    description: str
    find: Callable[[Path], Path | None]
    read: Callable[[Path, ReadingOptions], Reading]


LAYOUTS = (
    Layout(
        "aau",
        "a folder with annotations.csv (AAU zebrafish)",
        find_aau,
        lambda path, _: read_aau(path),
    ),
    Layout(
        "detections",
        "a file of COCO annotations or of MegaDetector's output, alone or in the folder of its photos",
        find_detections,
        lambda path, _: read_detections(path),
    ),
    Layout(
        "table",
        "a folder with metadata.csv, .xlsx, .json or .parquet, such a table itself",
        find_table,
        lambda path, options: read_table(path, trusted_pickle=options.trusted_pickle, columns=options.columns),
    ),
    Layout(
        "folders",
        "a folder with one subfolder of photos for each individual",
        find_folders,
        lambda path, options: read_folders(path, options.layout or None),
    ),
)
"""Every layout; a location has the first one that finds something there."""


def open_dataset(
    location: Path, name: str | None = None, options: ReadingOptions = ReadingOptions(), *, skip_bad: bool = False
) -> Catalogue:
    """Read a data set of any layout; all files that it names must exist.

    Args:
        location: a table, or a folder with one of the layouts.
        name: name of the catalogue; None = made from the folder's name.
        options: what the user says of the location.
        skip_bad: whether rows and files with a fault are left out instead of refused.

    Raises:
        FaultsError: rows or files cannot be used.
        InputError: the location does not exist, has no known layout, or none of its content can be used.
    """
    reading = finish(read_location(location, options), options.min_images)
    return catalogue_of(reading, slug(name or reading.root.resolve().name), skip_bad=skip_bad)


def read_location(location: Path, options: ReadingOptions = ReadingOptions()) -> Reading:
    """The rows, faults and remarks of a location of any layout. Arguments and errors as `open_dataset`.

    Faults are collected, not raised. Individuals with few photos are not left out yet.
    """
    layout, path = detect_layout(location, options)
    return settle(layout.read(path, options), within=options.within)


def detect_layout(location: Path, options: ReadingOptions = ReadingOptions()) -> tuple[Layout, Path]:
    """The layout of a location, and the folder or table to read.

    Args:
        location: a table or folder.
        options: what the user says of it; a template for nested folders decides for the layout of folders.

    Raises:
        InputError: the location does not exist or has no known layout; the message lists the layouts.
    """
    if options.layout and location.is_dir():
        return next(layout for layout in LAYOUTS if layout.name == "folders"), location
    for layout in LAYOUTS:
        path = layout.find(location)
        if path is not None:
            return layout, path
    if not location.exists():
        state = "does not exist"
    elif location.is_dir():
        state = f"is not a data set. {describe_structure(location).rstrip('.')}"
    else:
        state = "is not a data set"
    *others, last = (layout.description for layout in LAYOUTS)
    raise InputError(f"{location} {state}. Accepted are {', '.join(others)}, or {last}.")
