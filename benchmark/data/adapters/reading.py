"""What an adapter read: rows, the faults of others, and remarks; and the catalogue that is made of it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from os.path import isfile, normpath
from pathlib import Path

from benchmark.data.adapters import names
from benchmark.data.adapters.names import is_nobody, named_counts
from benchmark.data.capture import capture_remarks
from benchmark.data.catalogue import Catalogue, MaskFile, Row
from benchmark.data.faults import Fault, FaultsError, counted
from benchmark.errors import InputError
from benchmark.text import printable


@dataclass(frozen=True)
class Reading:
    """The content of a location before it is a catalogue.

    Attributes:
        root: the folder that it was read from.
        rows: those without a fault, in any order.
        faults: why other rows and files cannot be used.
        remarks: what was left out or assumed, as sentences.
        crop_side: as in `Catalogue`.
    """

    root: Path
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...] = ()
    remarks: tuple[str, ...] = ()
    crop_side: int | None = field(default=None, kw_only=True)


def slug(text: str) -> str:
    """A name for splits, records and tables: lower case; letters and digits of any script, `.`, `_` and `-` stay.

    >>> slug("Zebrafish (2024)"), slug("猫")
    ('zebrafish-2024', '猫')

    Raises:
        InputError: the text has none of the allowed characters.
    """
    name = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", text).lower()).strip("-._")
    if not name:
        raise InputError(
            f"No data set name can be made from {text!r}: it has no letter and no digit. Import it under a name: "
            "patternbench data import PATH --name NAME."
        )
    return name


def settle(reading: Reading, *, within: bool = False) -> Reading:
    """The reading without unidentified animals, with a fault for each row that no catalogue can hold.

    Rows whose identity is a word for nobody, such as `unknown`, are left out with a remark. A row whose photo or mask
    does not exist, whose name cannot be printed, or whose image_id another row has, becomes a fault.

    Photos outside the folder of the data set are remarked: a table of one's own may have absolute paths, or paths that
    begin with `..`. They are faults of an archive, whose author should not choose which other files are read.

    Args:
        reading: what was read.
        within: whether files outside the folder are faults.
    """
    root = reading.root.resolve()
    identified = [row for row in reading.rows if not is_nobody(row.identity)]
    nobody = [row.identity for row in reading.rows if is_nobody(row.identity)]
    remarks = list(reading.remarks)
    if nobody:
        remarks.append(
            f"Left out, because their identity names nobody: {counted(len(nobody), 'photo')} ({named_counts(nobody)})."
        )
    missing = _missing_files(identified)
    faults = list(reading.faults)
    kept: dict[str, Row] = {}
    for row in identified:
        absent = next((path for path in _files(row) if path in missing), None)
        if absent is not None:
            faults.append(
                Fault(
                    absent,
                    f"the file is missing (image_id {row.image_id!r})",
                    "Paths in a table are relative to its folder; put the file there, or fix the table.",
                    image_id=row.image_id,
                )
            )
        elif bad := next((name for name in (row.identity, row.image_id) if printable(name) != name), None):
            faults.append(
                Fault(
                    row.path,
                    f"the name {bad!r} has control characters, no UTF-8, or signs that turn the direction of text",
                    "Write the name without them.",
                    image_id=row.image_id,
                )
            )
        elif within and (outside := next((path for path in _files(row) if _is_outside(path, root)), None)):
            faults.append(
                Fault(
                    outside,
                    f"the file is outside the data set, which came from elsewhere (image_id {row.image_id!r})",
                    "Unpack the archive yourself and import its folder, if you trust its table.",
                    image_id=row.image_id,
                )
            )
        elif row.image_id in kept:
            faults.append(
                Fault(
                    row.path,
                    f"image_id {row.image_id!r} occurs twice; ids must be unique",
                    "Give each row of the table its own image_id.",
                )
            )
        else:
            kept[row.image_id] = row
    outer = [row for row in kept.values() if not Path(normpath(row.path)).is_relative_to(normpath(reading.root))]
    if outer:
        remarks.append(
            f"Outside the folder of the data set: {counted(len(outer), 'photo')}, such as "
            f"{printable(str(outer[0].path))}."
        )
    remarks += names.remarks([row.identity for row in kept.values()])
    return Reading(reading.root, tuple(kept.values()), tuple(faults), tuple(remarks), crop_side=reading.crop_side)


def finish(reading: Reading, min_images: int = 1) -> Reading:
    """The reading without individuals of too few photos, with remarks on those of few and on what dates cannot tell.

    Args:
        reading: whose rows can all be used.
        min_images: photos that an individual needs.

    Raises:
        InputError: no individual has so many.
    """
    counts = Counter(row.identity for row in reading.rows)
    if counts and max(counts.values()) < min_images:
        raise InputError(
            f"{reading.root}: no individual has {min_images} photos; the most of one are {max(counts.values())}. "
            "Give a smaller --min-images."
        )
    few = {identity: count for identity, count in sorted(counts.items()) if count < min_images}
    rows = tuple(row for row in reading.rows if row.identity not in few)
    remarks = list(reading.remarks)
    if few:
        listed = ", ".join(f"`{identity}` {count}" for identity, count in few.items())
        remarks.append(
            f"Left out, because they have fewer than {min_images} photos: {counted(len(few), 'individual')} ({listed})."
        )
    remarks += names.few_photos([row.identity for row in rows])
    remarks += capture_remarks(rows)
    return replace(reading, rows=rows, remarks=tuple(remarks))


def catalogue_of(reading: Reading, name: str, *, skip_bad: bool = False) -> Catalogue:
    """The catalogue of a settled reading, sorted by image_id.

    Args:
        reading: what was read.
        name: of the catalogue.
        skip_bad: whether rows and files with a fault are left out instead of refused.

    Raises:
        FaultsError: there is a fault, and it is not to be skipped.
        InputError: no row is left.
    """
    if reading.faults and not skip_bad:
        raise FaultsError(reading.faults, reading.root)
    if not reading.rows:
        raise InputError(
            f"{reading.root}: no row names an individual. At least one photo with an identity other than `unknown` "
            "is needed."
        )
    rows = tuple(sorted(reading.rows, key=lambda row: row.image_id))
    return Catalogue(name=name, root=reading.root, rows=rows, crop_side=reading.crop_side, remarks=reading.remarks)


def _files(row: Row) -> Sequence[Path]:
    return (row.path, row.segmentation.path) if isinstance(row.segmentation, MaskFile) else (row.path,)


def _missing_files(rows: Iterable[Row]) -> set[Path]:
    """The photos and masks that do not exist; each is looked for once."""
    paths = {path for row in rows for path in _files(row)}
    return {path for path in paths if not isfile(path)}  # noqa: PTH113 - Path.is_file fails on names too long


def _is_outside(path: Path, root: Path) -> bool:
    return not path.resolve().is_relative_to(root)
