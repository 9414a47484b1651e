"""Adapters: from a folder or table on disk to a catalogue. `open_dataset` finds out which one is meant."""

from pathlib import Path
from typing import Literal

from benchmark.data.adapters.aau import read_aau
from benchmark.data.adapters.assemble import slug
from benchmark.data.adapters.folders import identity_folders, read_folders
from benchmark.data.adapters.table import read_table
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError

__all__ = ["Layout", "detect_layout", "open_dataset", "read_aau", "read_folders", "read_table", "slug"]

Layout = Literal["aau", "table", "folders"]

_TABLES = (".csv", ".json", ".parquet", ".pkl", ".pickle")


def open_dataset(location: Path, name: str | None = None, *, trusted_pickle: bool = False) -> Catalogue:
    """Open a data set, whatever its layout; every file it names is looked for at once.

    Args:
        location: a table, or a folder: AAU layout, with a metadata table, or one subfolder an individual.
        name: of the catalogue; None = made from the folder's name.
        trusted_pickle: whether a table may be a pickle.

    Raises:
        InputError: the location does not exist, has no known layout, or its content cannot be used.
    """
    layout, path = detect_layout(location)
    folder = path.parent if path.is_file() else path
    name = slug(name or folder.resolve().name)
    if layout == "aau":
        return read_aau(path, name)
    if layout == "table":
        return read_table(path, name, trusted_pickle=trusted_pickle)
    return read_folders(path, name)


def detect_layout(location: Path) -> tuple[Layout, Path]:
    """Which layout a location has, and the folder or table to read.

    Raises:
        InputError: it does not exist, or has none of the layouts; the message lists them.
    """
    if location.is_file() and location.suffix.lower() in _TABLES:
        return "table", location
    if location.is_dir():
        if (location / "annotations.csv").is_file():
            return "aau", location
        for table in (location / f"metadata{suffix}" for suffix in _TABLES):
            if table.is_file():
                return "table", table
        if identity_folders(location):
            return "folders", location
    state = "is no data set" if location.exists() else "does not exist"
    raise InputError(
        f"{location} {state}. Accepted are a folder with annotations.csv (AAU zebrafish), a folder with "
        "metadata.csv, .json or .parquet, such a table itself, or a folder with one subfolder of photos for "
        "each individual."
    )
