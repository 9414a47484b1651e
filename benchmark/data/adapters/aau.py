"""The raw AAU zebrafish layout: annotations.csv, frames in data/, and optional frame masks in masks/."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from benchmark.data.adapters.reading import Reading
from benchmark.data.catalogue import MaskFile, Row
from benchmark.data.faults import Fault
from benchmark.errors import InputError

_FLAGS = "Right,Turning,Occlusion,Glitch"
_CORNERS = ("Upper left corner X", "Upper left corner Y", "Lower right corner X", "Lower right corner Y")
_COLUMNS = ("Filename", "Object ID", *_CORNERS, _FLAGS)
LARGEST_BOX = 50_000
"""Pixels; one wrong box would be the side of all crops."""
_OWN_COLUMNS = ("Object ID", *_CORNERS, _FLAGS)
"""Columns that no other table has."""


def find_aau(location: Path) -> Path | None:
    """The location if it is a folder with an annotations.csv that has a column of this layout alone, else None."""
    table = location / "annotations.csv"
    if not table.is_file():
        return None
    with table.open("rb") as file:
        header = file.readline()
    return location if any(column.encode() in header for column in _OWN_COLUMNS) else None


def read_aau(root: Path) -> Reading:
    """Read the raw AAU zebrafish layout (Haurum et al., WACVW 2020, doi 10.1109/WACVW50321.2020.9096922).

    Rows flagged as turning or occluded are left out, as in the paper; `Glitch` is ignored. The crop side is the longest
    box side of the remaining rows, rounded up to an even number. If `masks/<frame>.png` exists, it is the region
    mask of the frame's rows. A line that cannot be read is a fault.

    Args:
        root: the folder with annotations.csv and data/.

    Returns:
        Rows `Vid1_0001-fish2`, identity `fish2`, with the groups video, frame and direction (left or right).

    Raises:
        InputError: a column is missing, or the file cannot be read.
    """
    rows, faults = [], []
    table = root / "annotations.csv"
    lines = csv.DictReader(io.StringIO(_text(table), newline=""), delimiter=";")
    _check_columns(table, lines.fieldnames or ())
    for line in lines:
        try:
            row = _row(root, line)
        except ValueError as error:
            faults.append(Fault(table, str(error), "Fix the line, or delete it.", row=f"line {lines.line_num}"))
            continue
        if row is not None:
            rows.append(row)
    longest = max((max(row.box[2:]) for row in rows if row.box), default=0)
    return Reading(root, tuple(rows), tuple(faults), crop_side=2 * math.ceil(longest / 2))


def _text(table: Path) -> str:
    try:
        return table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{table} cannot be read: {error}. It must be UTF-8 text.") from error


def _check_columns(table: Path, header: Sequence[str]) -> None:
    missing = [column for column in _COLUMNS if column not in header]
    if missing:
        raise InputError(
            f"{table}: the column {missing[0]!r} is missing. The AAU layout separates columns by `;` and has "
            f"{', '.join(map(repr, _COLUMNS))}."
        )


def _row(root: Path, line: dict[str, Any]) -> Row | None:
    """One fish in one frame; None if it turns or is occluded; ValueError if the line is wrong."""
    if any(line[column] is None for column in _COLUMNS):
        raise ValueError("the line has fewer cells than the header")
    flags = line[_FLAGS].split(",")
    if len(flags) != 4 or not set(flags) <= {"0", "1"}:  # noqa: PLR2004 - the four flags in the column's name
        raise ValueError(f"the column {_FLAGS!r} holds {line[_FLAGS]!r}, not four 0 or 1 such as 1,0,0,0")
    right, turning, occluded, _ = (flag == "1" for flag in flags)
    if turning or occluded:
        return None
    left, top, box_right, bottom = (float(line[corner]) for corner in _CORNERS)
    if not (all(map(math.isfinite, (left, top, box_right, bottom))) and left < box_right and top < bottom):
        raise ValueError(f"the box ({left:g}, {top:g}) to ({box_right:g}, {bottom:g}) has no area")
    if max(box_right - left, bottom - top) > LARGEST_BOX:
        raise ValueError(f"the box ({left:g}, {top:g}) to ({box_right:g}, {bottom:g}) is larger than any photo")
    frame = PurePosixPath(line["Filename"].strip())
    video, separator, number = frame.stem.partition("_")
    if not separator:
        raise ValueError(f"the frame name {frame.name!r} is not <video>_<number>.png")
    animal = int(line["Object ID"])
    mask = root / "masks" / f"{frame.stem}.png"
    return Row(
        image_id=f"{frame.stem}-fish{animal}",
        identity=f"fish{animal}",
        path=root / "data" / frame.name,
        box=(left, top, box_right - left, bottom - top),
        segmentation=MaskFile(mask, animal) if mask.is_file() else None,
        groups={"video": video, "frame": str(int(number)), "direction": "right" if right else "left"},
    )
