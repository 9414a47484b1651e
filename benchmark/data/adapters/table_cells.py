"""Cells of a catalogue table: parsers of text, boxes and segmentations, in the forms that tables use."""

import json
import math
import re
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

from benchmark.data.catalogue import MaskFile, Polygons, Rle, Segmentation

Box = tuple[float, float, float, float]

_BOX_NUMBERS = 4
_POLYGON_NUMBERS = 6


class CellError(ValueError):
    """A cell cannot be read; the message gives its content and what to write instead."""


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
    """A box (x, y, width, height) in pixels, from a list or JSON text; None if the cell is empty.

    >>> parse_box("[10, 20, 30.5, 40]")
    (10.0, 20.0, 30.5, 40.0)

    Raises:
        CellError: the cell is not four finite numbers with a width and height above 0.
    """
    box = _decoded(value, "bbox")
    if box is None:
        return None
    if not _are_numbers(box) or len(box) != _BOX_NUMBERS:
        raise CellError(f"bbox is {value!r}. Write four numbers [x, y, width, height] in pixels.")
    x, y, width, height = (float(number) for number in box)
    if width <= 0 or height <= 0:
        raise CellError(f"bbox is {value!r}: width and height must be above 0. Write [x, y, width, height].")
    return x, y, width, height


def parse_segmentation(value: object, root: Path) -> Segmentation | None:
    """A segmentation; None if the cell is empty.

    >>> parse_segmentation("[[0, 0, 9, 0, 9, 9]]", Path("data"))
    Polygons(rings=((0.0, 0.0, 9.0, 0.0, 9.0, 9.0),))

    Args:
        value: polygons (flat lists x0, y0, x1, y1, ..., or one such list) or a COCO RLE ({size, counts}), as JSON text
            or as Python lists and dicts; or the path of a region mask.
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
                f"segmentation has the polygon {_short(ring)}. "
                "Write each as a flat list [x0, y0, x1, y1, x2, y2, ...] of at least three points."
            )
    return Polygons(tuple(tuple(float(number) for number in ring) for ring in rings))


def _rle_of(content: dict[str, Any]) -> Rle:
    size, counts = content.get("size"), content.get("counts")
    if isinstance(counts, bytes):
        counts = counts.decode("ascii")
    runs = counts if isinstance(counts, str) else _whole_numbers(counts)
    sides = _whole_numbers(size)
    if sides is None or len(sides) != 2 or runs is None:  # noqa: PLR2004 - height and width
        raise CellError(f'segmentation is {_short(content)}. A COCO RLE is {{"size": [height, width], "counts": ...}}.')
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
    if not text:
        return None
    try:
        content = json.loads(text)
    except ValueError:
        raise CellError(_not_json(text, column)) from None
    if not isinstance(content, (list, dict)):
        raise CellError(f"{column} is {value!r}, neither a list nor a mapping.")
    return content or None


def _not_json(text: str, column: str) -> str:
    """The message for a cell that is not JSON, with the fix if NumPy or Python printed a box."""
    numbers = [float(number) for number in re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", text)]
    if column == "bbox" and len(numbers) == _BOX_NUMBERS and all(map(math.isfinite, numbers)):
        fixed = json.dumps([int(number) if number.is_integer() else number for number in numbers])
        return f"bbox is {text!r}, as NumPy or Python prints it. Write it as a JSON list: {fixed}"
    return f"{column} is {_short(text)}, which is not JSON. Write lists as [1, 2], names in double quotes."


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
