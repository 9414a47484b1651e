"""Catalogue tables with the wildlife re-identification ecosystem's columns: one row an annotated animal."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmark.data.adapters.assemble import assemble
from benchmark.data.adapters.table_cells import CellError, box_of, segmentation_of, text_of
from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError

Record = dict[str, Any]

_REQUIRED = ("image_id", "identity", "path")
_OWN = frozenset({*_REQUIRED, "bbox", "segmentation", "mask", "mask_quality"})
_APPROXIMATE = {"": False, "reviewed": False, "approximate": True}
_PICKLES = frozenset({".pkl", ".pickle"})


def read_table(path: Path, name: str, *, trusted_pickle: bool = False) -> Catalogue:
    """Read a catalogue table: CSV, JSON, Parquet, or a pickle that the user trusts.

    Required columns are image_id, identity and path (relative to the table's folder). Optional are bbox
    ([x, y, width, height] in pixels), segmentation (polygons, COCO RLE, or path of a region mask) and mask
    (path of a region mask with the values 0, 1, 2, which goes before segmentation), and mask_quality:
    `approximate` where a program proposed that mask or segmentation and nobody corrected it, else `reviewed`.
    Every other column with a plain value becomes a group. Rows with the identity `unknown` are left out.

    Args:
        path: the table.
        name: of the catalogue.
        trusted_pickle: whether a .pkl or .pickle may be read; reading one can run any program inside it.

    Raises:
        InputError: the format is not known or not trusted, a column is missing, a cell cannot be read (the
            message names the row), or a photo or mask is missing.
    """
    root = path.parent
    return assemble(name, root, [_row(path, record) for record in _records(path, trusted_pickle)])


def _records(path: Path, trusted_pickle: bool) -> list[Record]:
    suffix = path.suffix.lower()
    if suffix in _PICKLES and not trusted_pickle:
        raise InputError(
            f"{path}: reading a pickle can run any program that its author put inside. If you trust where it "
            "comes from, add --trusted-pickle; better, ask for the table as CSV, JSON or Parquet."
        )
    reader = _READERS.get(suffix)
    if reader is None:
        raise InputError(f"{path}: not a table that can be read. Allowed are {', '.join(sorted(_READERS))}.")
    try:
        records = reader(path)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be read as {suffix[1:].upper()}: {error}. Export the table again.") from error
    _check_columns(path, records)
    return records


def _check_columns(path: Path, records: list[Record]) -> None:
    if not records:
        raise InputError(f"{path}: the table has no rows.")
    missing = [column for column in _REQUIRED if column not in records[0]]
    if missing:
        raise InputError(
            f"{path}: the column {missing[0]!r} is missing. Required are {', '.join(_REQUIRED)}; "
            f"the table has {', '.join(str(column) for column in records[0])}."
        )


def _row(path: Path, record: Record) -> Row:
    where = f"{path}, image_id {record.get('image_id')!r}"
    texts = {column: text_of(record.get(column)) for column in _REQUIRED}
    for column, text in texts.items():
        if not text:
            raise InputError(
                f"{where}: {column} is empty. Fill it in; an animal nobody knows has the identity `unknown`."
            )
    try:
        box = box_of(record.get("bbox"))
        mask = text_of(record.get("mask"))
        segmentation = segmentation_of(mask or record.get("segmentation"), path.parent)
        approximate = _is_approximate(record.get("mask_quality")) and segmentation is not None
    except CellError as error:
        raise InputError(f"{where}: {error}") from error
    photo = path.parent / texts["path"]
    return Row(texts["image_id"], texts["identity"], photo, box, segmentation, _groups(record), approximate)


def _is_approximate(value: object) -> bool:
    quality = text_of(value)
    if quality not in _APPROXIMATE:
        raise CellError(f"mask_quality is {quality!r}. Write `approximate` or `reviewed`, or leave it empty.")
    return _APPROXIMATE[quality]


def _groups(record: Record) -> dict[str, str]:
    """The free columns with plain values; unnamed ones are the row numbers that an export left behind."""
    return {
        column: text
        for column, value in record.items()
        if column not in _OWN
        and column
        and not column.startswith(("Unnamed:", "__index_level_"))
        and (text := text_of(value))
    }


def _read_csv(path: Path) -> list[Record]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.DictReader(stream, strict=True)
        records = []
        for line in lines:
            if None in line or None in line.values():
                raise InputError(
                    f"{path}, line {lines.line_num}: the number of cells differs from the header's. "
                    'Put values with commas between double quotes, as in "[10, 10, 30, 20]".'
                )
            records.append(dict(line))
    return records


def _read_json(path: Path) -> list[Record]:
    """A list of rows, or a mapping from column to its values (as lists, or by row number)."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(content, dict):
        columns = {key: list(cells.values() if isinstance(cells, dict) else cells) for key, cells in content.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise InputError(f'{path}: not a list of rows. Write [{{"image_id": ..., "identity": ..., "path": ...}}, ...].')
    return content


def _read_parquet(path: Path) -> list[Record]:
    from pyarrow import parquet  # type: ignore[import-untyped]

    rows: list[Record] = parquet.read_table(path).to_pylist()
    return rows


def _read_pickle(path: Path) -> list[Record]:
    import pandas as pd

    frame = pd.read_pickle(path)  # noqa: S301 - only after the user said that it is trusted
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{path}: holds a {type(frame).__name__}, not a table. Export a pandas DataFrame.")
    return [{str(column): _plain(cell) for column, cell in row.items()} for row in frame.to_dict("records")]


def _plain(cell: object) -> object:
    """NumPy's scalars and arrays as Python's own."""
    return cell.tolist() if hasattr(cell, "tolist") else cell


_READERS: dict[str, Callable[[Path], list[Record]]] = {
    ".csv": _read_csv,
    ".json": _read_json,
    ".parquet": _read_parquet,
    ".pickle": _read_pickle,
    ".pkl": _read_pickle,
}
