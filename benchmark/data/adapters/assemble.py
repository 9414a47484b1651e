"""What every adapter does at its end: leave out unknown animals, look for the files, sort."""

import re
from collections.abc import Iterable
from pathlib import Path

from benchmark.data.catalogue import Catalogue, MaskFile, Row
from benchmark.errors import InputError

UNKNOWN = "unknown"
"""The identity that catalogues give to animals nobody recognised."""


def slug(text: str) -> str:
    """A name for splits, records and tables: lower case, anything but a-z 0-9 . _ - becomes `-`.

    Raises:
        InputError: nothing is left of the text.
    """
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")
    if not name:
        raise InputError(f"No data set name can be made from {text!r}. Give one of letters and digits with --name.")
    return name


def assemble(name: str, root: Path, rows: Iterable[Row], crop_side: int | None = None) -> Catalogue:
    """A catalogue of the known animals among the rows, sorted by image_id, every file looked for.

    Raises:
        InputError: no known animal is left, an image_id stands twice, or a photo or mask is missing.
    """
    known = sorted((row for row in rows if row.identity != UNKNOWN), key=lambda row: row.image_id)
    if not known:
        raise InputError(f"{root}: no row names a known animal. At least one identity other than `unknown` is needed.")
    _look_for_files(root, known)
    return Catalogue(name=name, root=root, rows=tuple(known), crop_side=crop_side)


def _look_for_files(root: Path, rows: list[Row]) -> None:
    """One look at each distinct photo and mask."""
    files = dict.fromkeys(row.path for row in rows)
    files |= dict.fromkeys(row.segmentation.path for row in rows if isinstance(row.segmentation, MaskFile))
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise InputError(
            f"{root}: {len(missing)} of {len(files)} files are missing, the first is {missing[0]}. "
            "Paths in a table are relative to its folder; put the files there, or mend the table."
        )
