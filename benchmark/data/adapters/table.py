"""Catalogue tables: one row for each annotated animal, with the column names common in wildlife re-identification."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark.data.adapters.assemble import assemble
from benchmark.data.adapters.table_cells import CellError, parse_box, parse_segmentation, parse_text
from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError

Cells = dict[str, Any]
"""The cells of one line of a table, by column."""

_REQUIRED = ("image_id", "identity", "path")
_READ_COLUMNS = frozenset({*_REQUIRED, "bbox", "segmentation", "mask", "mask_quality"})
_APPROXIMATE = {"": False, "reviewed": False, "approximate": True}
_PICKLES = frozenset({".pkl", ".pickle"})


def find_table(location: Path) -> Path | None:
    """The location if it is a table, or the metadata table of a folder, else None."""
    if location.is_file() and location.suffix.lower() in _READERS:
        return location
    tables = (location / f"metadata{suffix}" for suffix in _READERS)
    return next((table for table in tables if table.is_file()), None)


def read_table(path: Path, name: str, *, trusted_pickle: bool = False) -> Catalogue:
    """Read a catalogue table: CSV, JSON, Parquet, or a pickle that the user trusts.

    Required columns:

    - image_id, identity;
    - path: of the photo, relative to the table's folder.

    Optional columns:

    - bbox: [x, y, width, height] in pixels;
    - segmentation: polygons, a COCO RLE, or the path of a region mask;
    - mask: path of a region mask with the values 0, 1, 2; it takes precedence over segmentation;
    - mask_quality: `approximate` if a program proposed the mask or segmentation and nobody corrected it, else
      `reviewed`.

    Every other column with a plain value becomes a group. Rows with the identity `unknown` are left out.

    Args:
        path: the table.
        name: name of the catalogue.
        trusted_pickle: whether a .pkl or .pickle may be read; reading one can run any program inside it.

    Raises:
        InputError: the format is not known or not trusted, a column is missing, a cell cannot be read (the message
            names the row), or a photo or mask is missing.
    """
    root = path.parent
    return assemble(name, root, [_row(path, cells) for cells in _lines(path, trusted_pickle)])


def _lines(path: Path, trusted_pickle: bool) -> list[Cells]:
    suffix = path.suffix.lower()
    if suffix in _PICKLES and not trusted_pickle:
        raise InputError(
            f"{path}: reading a pickle can run any program inside it. If you trust its source, add "
            "--trusted-pickle. CSV, JSON and Parquet need no trust."
        )
    reader = _READERS.get(suffix)
    if reader is None:
        raise InputError(f"{path}: not a readable table. Allowed are {', '.join(sorted(_READERS))}.")
    try:
        lines = reader(path)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be read as {suffix[1:].upper()}: {error}. Export the table again.") from error
    _check_columns(path, lines)
    return lines


def _check_columns(path: Path, lines: list[Cells]) -> None:
    if not lines:
        raise InputError(f"{path}: the table has no rows.")
    missing = [column for column in _REQUIRED if column not in lines[0]]
    if missing:
        raise InputError(
            f"{path}: the column {missing[0]!r} is missing. Required are {', '.join(_REQUIRED)}; "
            f"the table has {', '.join(str(column) for column in lines[0])}."
        )


def _row(path: Path, cells: Cells) -> Row:
    where = f"{path}, image_id {cells.get('image_id')!r}"
    texts = {column: parse_text(cells.get(column)) for column in _REQUIRED}
    for column, text in texts.items():
        if not text:
            raise InputError(
                f"{where}: {column} is empty. Fill it in; an animal that nobody identified has the identity `unknown`."
            )
    try:
        box = parse_box(cells.get("bbox"))
        mask = parse_text(cells.get("mask"))
        segmentation = parse_segmentation(mask or cells.get("segmentation"), path.parent)
        approximate = _is_approximate(cells.get("mask_quality")) and segmentation is not None
    except CellError as error:
        raise InputError(f"{where}: {error}") from error
    photo = path.parent / texts["path"]
    return Row(texts["image_id"], texts["identity"], photo, box, segmentation, _groups(cells), approximate)


def _is_approximate(value: object) -> bool:
    quality = parse_text(value)
    if quality not in _APPROXIMATE:
        raise CellError(f"mask_quality is {quality!r}. Write `approximate` or `reviewed`, or leave it empty.")
    return _APPROXIMATE[quality]


def _groups(cells: Cells) -> dict[str, str]:
    """The other columns with plain values; unnamed columns are left out: they are row numbers of an export."""
    return {
        column: text
        for column, value in cells.items()
        if column not in _READ_COLUMNS
        and column
        and not column.startswith(("Unnamed:", "__index_level_"))
        and (text := parse_text(value))
    }


def _read_csv(path: Path) -> list[Cells]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.DictReader(stream, strict=True)
        rows = []
        for line in lines:
            if None in line or None in line.values():
                raise InputError(
                    f"{path}, line {lines.line_num}: the number of cells differs from the header. "
                    'Put values with commas between double quotes, as in "[10, 10, 30, 20]".'
                )
            rows.append(dict(line))
    return rows


def _read_json(path: Path) -> list[Cells]:
    """The rows of a list of rows, or of a mapping from columns to values (as lists, or by row number)."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, dict):
        columns = {key: list(cells.values() if isinstance(cells, dict) else cells) for key, cells in content.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise InputError(f'{path}: not a list of rows. Write [{{"image_id": ..., "identity": ..., "path": ...}}, ...].')
    return content


def _read_parquet(path: Path) -> list[Cells]:
    from pyarrow import parquet  # type: ignore[import-untyped]

    rows: list[Cells] = parquet.read_table(path).to_pylist()
    return rows


def _read_pickle(path: Path) -> list[Cells]:
    import pandas as pd

    frame = pd.read_pickle(path)  # noqa: S301 - only a file that the user trusts
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{path}: it holds a {type(frame).__name__}, not a table. Export a pandas DataFrame.")
    return [{str(column): _plain(cell) for column, cell in row.items()} for row in frame.to_dict("records")]


def _plain(cell: object) -> object:
    """NumPy scalars and arrays as plain Python values."""
    return cell.tolist() if hasattr(cell, "tolist") else cell


_READERS: dict[str, Callable[[Path], list[Cells]]] = {
    ".csv": _read_csv,
    ".json": _read_json,
    ".parquet": _read_parquet,
    ".pkl": _read_pickle,
    ".pickle": _read_pickle,
}
