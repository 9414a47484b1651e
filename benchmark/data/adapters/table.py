"""Catalogue tables: one row for each annotated animal, with the column names common in wildlife re-identification."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath

from benchmark.data.adapters.columns import Columns, find_columns, plain
from benchmark.data.adapters.reading import Reading
from benchmark.data.adapters.table_cells import CellError, parse_box, parse_segmentation, parse_text
from benchmark.data.adapters.table_files import Cells, Line, is_table, read_lines, table_in
from benchmark.data.capture import CAPTURE_COLUMNS
from benchmark.data.catalogue import MASK_FRAMES, MaskFrame, Row
from benchmark.data.faults import Fault

_NEEDED = ("image_id", "identity", "path")
_APPROXIMATE = {"": False, "reviewed": False, "approximate": True}


def find_table(location: Path) -> Path | None:
    """The location if it is a table, or the metadata table of a folder, else None."""
    return location if location.is_file() and is_table(location) else table_in(location)


def read_table(path: Path, *, trusted_pickle: bool = False, columns: Mapping[str, str] | None = None) -> Reading:
    """Read a catalogue table: CSV, Excel, JSON, Parquet, or a pickle that the user trusts.

    Required columns:

    - identity: name of the individual;
    - path: of the photo, relative to the table's folder.

    Optional columns:

    - image_id: unique name of the row; without the column, the path, with the row's number where a path occurs twice;
    - bbox: [x, y, width, height] in pixels of the upright photo, or four columns x, y, w, h;
    - segmentation: polygons, a COCO RLE, or the path of a region mask;
    - mask: path of a region mask with the values 0, 1, 2; it takes precedence over segmentation;
    - mask_frame: `upright` or `stored`, for masks of photos that their EXIF data turn (see `Row`);
    - mask_quality: `approximate` if a program proposed the mask or segmentation and nobody corrected it, else
      `reviewed`.

    Columns may have the names of other tools (`columns.SYNONYMS`). Every other column with a plain value becomes a
    group. `benchmark.data.capture` knows the meaning of some: video, sequence, encounter, camera, frame, timestamp,
    datetime, date, and for the flank also side, viewpoint, orientation and direction. A row that cannot be read is a
    fault.

    Args:
        path: the table.
        trusted_pickle: whether a .pkl or .pickle may be read; reading one can run any program inside it.
        columns: column by meaning, as the user named them.

    Raises:
        InputError: the file cannot be read, or a column is missing.
    """
    table = read_lines(path, trusted_pickle=trusted_pickle)
    header = list(dict.fromkeys(column for line in table.lines for column in line.cells))
    names = find_columns(str(path), header, columns)
    rows: list[Row] = []
    faults: list[Fault] = []
    paths = Counter(parse_text(line.cells.get(names.names["path"])) for line in table.lines)
    for line in table.lines:
        try:
            rows.append(_row(path, line, names, paths))
        except CellError as error:
            faults.append(Fault(path, error.reason, error.fix, row=_place(line, names)))
    ignored = sorted(column for column in header if _is_ignored(column, names, table.lines))
    remarks = [*table.remarks, names.remark]
    if ignored:
        remarks.append(f"Columns left out, which hold no plain values: {', '.join(map(repr, ignored))}.")
    return Reading(path.parent, tuple(rows), tuple(faults), tuple(filter(None, remarks)))


def _place(line: Line, columns: Columns) -> str:
    image = parse_text(line.cells.get(columns.names.get("image_id", "")))
    return f"line {line.number}" + (f", image_id {image!r}" if image else "")


def _row(table: Path, line: Line, columns: Columns, paths: Counter[str]) -> Row:
    cells = {meaning: line.cells.get(name) for meaning, name in columns.names.items()}
    identity, path = parse_text(cells["identity"]), parse_text(cells["path"])
    image_id = parse_text(cells.get("image_id"))
    empty = [meaning for meaning in columns.names if meaning in _NEEDED and not parse_text(cells[meaning])]
    if empty:
        raise CellError(
            f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty",
            "Fill it in; an animal that nobody identified has the identity `unknown`.",
        )
    photo = _photo(table.parent, path)
    mask = parse_text(cells.get("mask"))
    segmentation = parse_segmentation(cells.get("mask") if mask else cells.get("segmentation"), table.parent)
    box = [line.cells.get(name) for name in columns.box] if columns.box else cells.get("bbox")
    return Row(
        image_id=image_id or (path if paths[path] == 1 else f"{path}#{line.number}"),
        identity=identity,
        path=photo,
        box=parse_box(box),
        segmentation=segmentation,
        groups=_groups(line.cells, columns),
        approximate=_is_approximate(cells.get("mask_quality")) and segmentation is not None,
        mask_frame=_mask_frame(cells.get("mask_frame")),
    )


def _photo(root: Path, path: str) -> Path:
    """The photo at a path of the table, whose folders may be separated as Windows does."""
    photo = root / path
    if "\\" not in path or photo.is_file():
        return photo
    windows = PureWindowsPath(path)
    if windows.is_absolute():
        raise CellError(f"path is {path!r}, a place on another computer", "Write it relative to the table's folder.")
    return root.joinpath(*windows.parts)


def _is_approximate(value: object) -> bool:
    quality = parse_text(value)
    if quality not in _APPROXIMATE:
        raise CellError(f"mask_quality is {quality!r}", "Write `approximate` or `reviewed`, or leave it empty.")
    return _APPROXIMATE[quality]


def _mask_frame(value: object) -> MaskFrame | None:
    frame = parse_text(value)
    if frame and frame not in MASK_FRAMES:
        raise CellError(f"mask_frame is {frame!r}", "Write `upright` or `stored`, or leave it empty.")
    return next((known for known in MASK_FRAMES if known == frame), None)


def _groups(cells: Cells, columns: Columns) -> dict[str, str]:
    """The other columns with plain values; unnamed columns are left out: they are row numbers of an export.

    A column of capture metadata has its own name, whatever its case: `Date` of a spreadsheet is `date`.
    """
    return {
        plain(column) if plain(column) in CAPTURE_COLUMNS - cells.keys() else column: text
        for column, value in cells.items()
        if column not in columns.read and not _is_row_number(column) and (text := parse_text(value))
    }


def _is_row_number(column: str) -> bool:
    return not column or column.startswith(("Unnamed:", "__index_level_"))


def _is_ignored(column: str, columns: Columns, lines: tuple[Line, ...]) -> bool:
    """Whether a column holds lists or mappings that nothing reads."""
    if column in columns.read or _is_row_number(column):
        return False
    return any(isinstance(line.cells.get(column), (list, dict, tuple)) for line in lines)
