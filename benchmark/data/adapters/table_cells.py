"""Cells of a catalogue table: parsers of text, boxes and segmentations, in the forms that tables use."""

import ast
import json
import math
import re
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

from benchmark.data.catalogue import MaskFile, Polygons, Rle, Segmentation
from benchmark.data.crops import SMALLEST_SIDE

Box = tuple[float, float, float, float]

_BOX_NUMBERS = 4
_POLYGON_NUMBERS = 6

_SCALAR = re.compile(r"\b(?:np|numpy)\.\w+\(([^()]*)\)")
"""A number as NumPy 2 prints it: np.float64(1.5)."""

_ARRAY = re.compile(r"\b(?:np\.|numpy\.)?array\(|,\s*dtype=[\w.'<>]+|\)")
"""What NumPy prints around the brackets of an array."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)\b", re.IGNORECASE)


class CellError(ValueError):
    """A cell cannot be read.

    Attributes:
        reason: what is wrong, with the cell's content.
        fix: what to write instead, as a sentence.
    """

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}. {fix}")
        self.reason, self.fix = reason, fix


def parse_text(value: object) -> str:
    """A plain cell as text; empty for a missing value and for lists and mappings.

    >>> parse_text(3.0), parse_text(3), parse_text(None), parse_text([1])
    ('3', '3', '', '')
    """
    if value is None or isinstance(value, (list, dict, tuple)) or value != value:  # noqa: PLR0124 - NaN and NaT
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def parse_box(value: object) -> Box | None:
    """A box (x, y, width, height) in pixels; None if the cell is empty, or holds four missing numbers.

    A box may be a list, or text as JSON, Python or NumPy prints a list.

    >>> parse_box("[10, 20, 30.5, 40]"), parse_box("[10 20 30 40]"), parse_box("[nan nan nan nan]")
    ((10.0, 20.0, 30.5, 40.0), (10.0, 20.0, 30.0, 40.0), None)

    Raises:
        CellError: the cell is not four finite numbers with a width and height of three pixels or more.
    """
    box = _decoded(value, "bbox")
    if box is None or (isinstance(box, list) and len(box) == _BOX_NUMBERS and all(map(_is_missing, box))):
        return None
    if isinstance(box, list):
        box = [_as_number(number) for number in box]
    form = "Write four numbers [x, y, width, height] in pixels."
    if not _are_numbers(box) or len(box) != _BOX_NUMBERS:
        raise CellError(f"bbox is {_short(value)}", form)
    x, y, width, height = (float(number) for number in box)
    if width <= 0 or height <= 0:
        raise CellError(f"bbox is {_short(value)}: width and height must be above 0", form)
    if max(map(abs, (x, y, width, height))) <= 1:
        raise CellError(
            f"bbox is {_short(value)}, which looks like fractions of the photo",
            "Multiply x and width by the photo's width, y and height by its height: a box is in pixels.",
        )
    if min(width, height) < SMALLEST_SIDE:
        raise CellError(f"bbox is {_short(value)}: an animal of less than {SMALLEST_SIDE} pixels shows nothing", form)
    return x, y, width, height


def parse_segmentation(value: object, root: Path) -> Segmentation | None:
    """A segmentation; None if the cell is empty.

    >>> parse_segmentation("[[0, 0, 9, 0, 9, 9]]", Path("data"))
    Polygons(rings=((0.0, 0.0, 9.0, 0.0, 9.0, 9.0),))

    Args:
        value: polygons (flat lists x0, y0, x1, y1, ..., or one such list) or a COCO RLE ({size, counts}), as lists and
            dicts or as JSON, Python or NumPy prints them; or the path of a region mask.
        root: the folder that a mask's path is relative to.

    Raises:
        CellError: the cell is none of these.
    """
    if isinstance(value, str) and value.strip() and value.strip()[0] not in "[{(":
        return MaskFile(root / value.strip())
    content = _decoded(value, "segmentation")
    if content is None:
        return None
    if isinstance(content, dict):
        return _rle_of(content)
    return _polygons_of(content)


def _polygons_of(content: list[Any]) -> Polygons:
    rings = [content] if _are_numbers(content) else content
    for ring in rings:
        if not _are_numbers(ring) or len(ring) < _POLYGON_NUMBERS or len(ring) % 2:
            raise CellError(
                f"segmentation has the polygon {_short(ring)}",
                "Write each as a flat list [x0, y0, x1, y1, x2, y2, ...] of at least three points.",
            )
    return Polygons(tuple(tuple(float(number) for number in ring) for ring in rings))


def _rle_of(content: dict[str, Any]) -> Rle:
    size, counts = content.get("size"), content.get("counts")
    if isinstance(counts, bytes):
        counts = counts.decode("ascii", errors="replace")
    runs = counts if isinstance(counts, str) else _whole_numbers(counts)
    sides = _whole_numbers(size)
    if sides is None or len(sides) != 2 or runs is None:  # noqa: PLR2004 - height and width
        raise CellError(f"segmentation is {_short(content)}", 'A COCO RLE is {"size": [height, width], "counts": ...}.')
    return Rle((sides[0], sides[1]), runs)


def _whole_numbers(value: object) -> tuple[int, ...] | None:
    """The whole numbers of a list; None if it holds anything else."""
    if not _are_numbers(value) or any(number != int(number) for number in value):
        return None
    return tuple(int(number) for number in value)


def _decoded(value: object, column: str) -> Any:  # noqa: ANN401 - what JSON holds
    """The cell's list or dict; None if it is empty."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, (list, dict)):
        return value or None
    text = parse_text(value)
    if not text or text.lower() in {"nan", "none", "null", "na", "n/a"}:
        return None
    if "..." in text:
        raise CellError(f"{column} is {_short(text)}, which was shortened with `...`", "Export the table again, whole.")
    content = _printed(text)
    if content is None:
        raise CellError(
            f"{column} is {_short(text)}, which is no list and no mapping", "Write lists as [1, 2], as in JSON."
        )
    return content or None


def _printed(text: str) -> list[Any] | dict[str, Any] | None:
    """A list or mapping from text as JSON, Python or NumPy prints it; None if the text is neither."""
    for read in (json.loads, ast.literal_eval, lambda printed: json.loads(_numpy_as_json(printed))):
        try:
            content = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(content, tuple):
            content = list(content)
        if isinstance(content, (list, dict)):
            return content
    return None


def _numpy_as_json(text: str) -> str:
    """Brackets and numbers of an array as JSON; anything else makes it no JSON."""
    plain = _ARRAY.sub("", _SCALAR.sub(r"\1", text)).replace("(", "[")
    plain += "]" * (plain.count("[") - plain.count("]"))
    numbers = _NUMBER.sub(lambda number: f" {json.dumps(float(number.group()))} ", plain)
    return re.sub(r"(?<=[\]\w])[\s,]+(?=[\[\w+-])", ", ", numbers)


def _is_missing(value: object) -> bool:
    return value is None or value != value or value == "nan"  # noqa: PLR0124 - NaN


def _as_number(value: object) -> object:
    """A whole or decimal number written as text, as a number; anything else as it is."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip().replace(",", ".")):
        return float(value.strip().replace(",", "."))
    return value


def _are_numbers(value: object) -> TypeGuard[Sequence[float]]:
    """Whether a value is a list of one or more finite numbers that fit a float."""
    return isinstance(value, (list, tuple)) and bool(value) and all(_is_number(number) for number in value)


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number above the largest float
        return False


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - to fit on a line
