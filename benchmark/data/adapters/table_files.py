"""Files of tables: CSV as spreadsheets write it, Excel, JSON, Parquet, and pickles that the user trusts."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import InputError

Cells = dict[str, Any]
"""The cells of one line of a table, by column."""

PICKLES = frozenset({".pkl", ".pickle"})

LARGEST_WORKBOOK = 2**30
"""Bytes of an Excel file when it is unpacked."""
MOST_ROWS = 2_000_000
MOST_CELLS = 50_000_000
"""Rows and cells of a Parquet file, whose header states them before anything is unpacked."""

_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_CELL = 2**31 - 1
"""Characters of a cell; outlines and run-length codes of large photos are longer than the library's limit."""

_MARKS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}
"""Text encodings by the mark at the beginning of a file."""


@dataclass(frozen=True)
class Line:
    """One row of a table.

    Attributes:
        number: as a person counts: the header of a CSV or a sheet is line 1; elsewhere the first row is line 1.
        cells: by column.
    """

    number: int
    cells: Cells


@dataclass(frozen=True)
class TableFile:
    """The rows of a table, and what was assumed of its file, as sentences."""

    lines: tuple[Line, ...]
    remarks: tuple[str, ...] = ()


def is_table(path: Path) -> bool:
    """Whether a file's name ends as a table that can be read."""
    return path.suffix.lower() in _READERS


def table_in(folder: Path) -> Path | None:
    """The metadata table of a folder; None if it has none."""
    paths = (folder / name for name in (*(f"metadata{suffix}" for suffix in _READERS), "annotations.csv"))
    return next((path for path in paths if path.is_file()), None)


def read_lines(path: Path, *, trusted_pickle: bool = False) -> TableFile:
    """The rows of a table; rows whose cells are all empty are left out.

    Args:
        path: the table.
        trusted_pickle: whether a .pkl or .pickle may be read; reading one can run any program inside it.

    Raises:
        InputError: the format is not known or not trusted, or the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix in PICKLES and not trusted_pickle:
        raise InputError(
            f"{path}: reading a pickle can run any program inside it. If you trust its source, add "
            "--trusted-pickle. CSV, Excel, JSON and Parquet need no trust."
        )
    reader = _READERS.get(suffix)
    if reader is None:
        raise InputError(f"{path}: not a readable table. Allowed are {', '.join(sorted(_READERS))}.")
    try:
        table = reader(path)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: cannot be read as {suffix[1:].upper()}: {error}. Export the table again.") from error
    lines = tuple(line for line in table.lines if any(cell not in (None, "") for cell in line.cells.values()))
    if not lines:
        raise InputError(f"{path}: the table has no rows.")
    return TableFile(lines, table.remarks)


def _read_csv(path: Path) -> TableFile:
    csv.field_size_limit(_LONGEST_CELL)
    text, remarks = _text(path)
    if text[:4].lower() == "sep=":  # Excel's own first line
        text = text.partition("\n")[2]
    if "\n" not in text:
        text = text.replace("\r", "\n")  # lines as old Macs end them
    content = text.lstrip("\r\n")
    skipped = text[: len(text) - len(content)].count("\n")
    header = content.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=lambda sign: len(next(csv.reader([header], delimiter=sign), [])))
    lines = csv.DictReader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    rows = []
    for cells in _cells(path, lines, skipped):
        if None in cells or None in cells.values():
            raise InputError(
                f"{path}, line {skipped + lines.line_num}: the number of cells differs from the header. "
                'Put values with commas between double quotes, as in "[10, 10, 30, 20]".'
            )
        rows.append(Line(skipped + lines.line_num, {_name(column): cell for column, cell in cells.items()}))
    return TableFile(tuple(rows), remarks)


def _cells(path: Path, lines: "csv.DictReader[str]", skipped: int) -> Iterator[dict[str, str]]:
    """The rows of a CSV.

    Args:
        path: the table, for messages.
        lines: its reader.
        skipped: lines before its header.

    Raises:
        InputError: its quotes are broken, or two of its columns have one name.
    """
    try:
        _check_header(path, [_name(column) for column in lines.fieldnames or ()])
        yield from lines
    except csv.Error as error:
        raise InputError(
            f"{path}, after line {skipped + lines.line_num}: double quotes do not match ({error}). A value with commas "
            'or quotes is written between double quotes, and each quote in it twice: "a ""b"" c".'
        ) from error


def _check_header(path: Path, header: list[str]) -> None:
    double = sorted({name for name in header if name and header.count(name) > 1})
    if double:
        raise InputError(
            f"{path}: two columns are called {double[0]!r}, so it is not clear which holds what. Rename or delete one."
        )


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    """The text of a file by its mark, else as UTF-8, else as Windows-1252, which is remarked."""
    content = path.read_bytes()
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), _unmarked(content))
    try:
        return content.decode(encoding), ()
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or b"\0" in content:
            raise InputError(f"{path}: its text is no {encoding}: {error}. Save it as CSV UTF-8.") from error
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text, (
        f"{path.name} is not UTF-8 and is read as Windows-1252: check names with accents, or save it as CSV UTF-8.",
    )


def _unmarked(content: bytes) -> str:
    """The encoding of a text without mark: in UTF-16 every other byte of its first characters is 0."""
    first = content[:64]
    for encoding, zeros, signs in (("utf-16-le", first[1::2], first[::2]), ("utf-16-be", first[::2], first[1::2])):
        if len(zeros) > 1 and not any(zeros) and all(signs[: len(zeros)]):
            return encoding
    return "utf-8"


def _read_excel(path: Path) -> TableFile:
    """The first sheet of a workbook."""
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    with zipfile.ZipFile(path) as packed:
        size = sum(member.file_size for member in packed.infolist())
    if size > LARGEST_WORKBOOK:
        raise InputError(
            f"{path}: it unpacks to {size / 1e9:.1f} GB, at most {LARGEST_WORKBOOK / 1e9:.1f} GB are read. Export its "
            "first sheet as CSV."
        )
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        rows = enumerate(sheet.iter_rows(values_only=True), start=1)
        header: list[str] = next(([_name(cell) for cell in cells] for _, cells in rows), [])
        _check_header(path, header)
        lines = tuple(
            Line(number, {column: cell for column, cell in zip(header, cells, strict=False) if column})
            for number, cells in rows
        )
        others = [sheet.title for sheet in book.worksheets[1:]]
    finally:
        book.close()
    remarks = (f"Only the first sheet of {path.name} is read; left out: {', '.join(others)}.",) if others else ()
    return TableFile(lines, remarks)


def _read_json(path: Path) -> TableFile:
    """The rows of a list of rows, of one row a line, or of a mapping from columns to values.

    The values of a column are a list, or a mapping by row number. A mapping with `columns` and `data`, as pandas writes
    it with `orient="split"`, is read too.
    """
    content = _json(_text(path)[0])
    if isinstance(content, dict) and {"columns", "data"} <= content.keys() <= {"columns", "data", "index"}:
        content = [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]
    elif isinstance(content, dict):
        columns = {key: list(cells.values() if isinstance(cells, dict) else cells) for key, cells in content.items()}
        content = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        raise InputError(f'{path}: not a list of rows. Write [{{"image_id": ..., "identity": ..., "path": ...}}, ...].')
    return _numbered(content)


def _json(text: str) -> Any:  # noqa: ANN401 - what a JSON file holds
    r"""The content of a JSON file, or of a file with one JSON value a line as a list.

    >>> _json('{"a": 1}\n{"a": 2}\n')
    [{'a': 1}, {'a': 2}]
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _read_parquet(path: Path) -> TableFile:
    from pyarrow import parquet  # type: ignore[import-untyped]

    with parquet.ParquetFile(path) as file:
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows > MOST_ROWS or rows * columns > MOST_CELLS:
            raise InputError(
                f"{path}: it states {rows} rows of {columns} columns; at most {MOST_ROWS} rows and {MOST_CELLS} cells "
                "are read. Export the rows of this data set alone."
            )
        return _numbered(file.read().to_pylist())


def _read_pickle(path: Path) -> TableFile:
    import pandas as pd

    frame = pd.read_pickle(path)  # noqa: S301 - only a file that the user trusts
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{path}: it holds a {type(frame).__name__}, not a table. Export a pandas DataFrame.")
    return _numbered([{str(column): _plain(cell) for column, cell in row.items()} for row in frame.to_dict("records")])


def _numbered(rows: list[Cells]) -> TableFile:
    return TableFile(tuple(Line(number, cells) for number, cells in enumerate(rows, start=1)))


def _name(header: object) -> str:
    return "" if header is None else str(header).strip()


def _plain(cell: object) -> object:
    """NumPy scalars and arrays as plain Python values."""
    return cell.tolist() if hasattr(cell, "tolist") else cell


_READERS: dict[str, Callable[[Path], TableFile]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".xlsx": _read_excel,
    ".json": _read_json,
    ".parquet": _read_parquet,
    ".pkl": _read_pickle,
    ".pickle": _read_pickle,
}
