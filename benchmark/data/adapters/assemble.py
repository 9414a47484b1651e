"""The last step of every adapter: leave out unidentified animals, check that the files exist, sort."""

import re
from collections.abc import Iterable
from pathlib import Path

from benchmark.data.catalogue import Catalogue, MaskFile, Row
from benchmark.errors import InputError

UNKNOWN = "unknown"
"""The identity of an animal that nobody identified."""


def slug(text: str) -> str:
    """A name for splits, records and tables: lower case, other characters than a-z 0-9 . _ - become `-`.

    >>> slug("Zebrafish (2024)")
    'zebrafish-2024'

    Raises:
        InputError: the text has none of the allowed characters.
    """
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")
    if not name:
        raise InputError(f"No data set name can be made from {text!r}. Give one of letters and digits with --name.")
    return name


def assemble(name: str, root: Path, rows: Iterable[Row], crop_side: int | None = None) -> Catalogue:
    """A catalogue of the rows with an identity, sorted by image_id.

    Args:
        name: name of the catalogue.
        root: the folder that the rows come from.
        rows: the rows in any order; those with the identity `unknown` are left out.
        crop_side: side in pixels of every crop's square; None = the longest side of each box.

    Raises:
        InputError: no row has an identity, an image_id occurs twice, or a photo or mask is missing.
    """
    identified = sorted((row for row in rows if row.identity != UNKNOWN), key=lambda row: row.image_id)
    if not identified:
        raise InputError(f"{root}: no row names an individual. At least one identity other than `unknown` is needed.")
    _require_files(root, identified)
    return Catalogue(name=name, root=root, rows=tuple(identified), crop_side=crop_side)


def _require_files(root: Path, rows: list[Row]) -> None:
    """Refuse rows whose photo or mask does not exist; each file is checked once."""
    files = dict.fromkeys(row.path for row in rows)
    files |= dict.fromkeys(row.segmentation.path for row in rows if isinstance(row.segmentation, MaskFile))
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise InputError(
            f"{root}: {len(missing)} of {len(files)} files are missing, the first is {missing[0]}. "
            "Paths in a table are relative to its folder; put the files there, or fix the table."
        )
