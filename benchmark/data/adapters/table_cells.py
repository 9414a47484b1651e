"""Cells of a catalogue table: text, boxes and segmentations, each in the ways that tables write them."""

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
    """A cell cannot be read; the message says what it holds and what to write instead."""


def text_of(value: object) -> str:
    """A plain cell as text: empty for a missing value and for anything nested; 3.0 and 3 are both `3`."""
    if value is None or isinstance(value, (list, dict, tuple)) or value != value:  # noqa: PLR0124 - NaN and NaT
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def box_of(value: object) -> Box | None:
    """A box [x, y, width, height] in pixels, as a list or as JSON text; None where the cell is empty.

    Raises:
        CellError: it is not four finite numbers with a positive width and height.
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


def segmentation_of(value: object, root: Path) -> Segmentation | None:
    """An outline or a mask; None where the cell is empty.

    Args:
        value: polygons (flat lists x0, y0, x1, y1, ..., or one such list) or a COCO RLE ({size, counts}), as
            JSON text or as real lists and dicts; or the path of a region mask.
        root: what a mask's path is relative to.

    Raises:
        CellError: it is none of these.
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
    if _are_numbers(counts):
        counts = tuple(int(run) for run in counts)
    if not _are_numbers(size) or len(size) != 2 or not isinstance(counts, (str, tuple)):  # noqa: PLR2004 - a pair
        raise CellError(f'segmentation is {_short(content)}. A COCO RLE is {{"size": [height, width], "counts": ...}}.')
    return Rle((int(size[0]), int(size[1])), counts)


def _decoded(value: object, column: str) -> Any:  # noqa: ANN401 - what JSON holds
    """The cell's list or dict; None where it is empty."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, (list, dict)):
        return value or None
    text = text_of(value)
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
    """The mend for a cell that NumPy or Python printed."""
    numbers = re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", text)
    if column == "bbox" and len(numbers) == _BOX_NUMBERS:
        mended = json.dumps([json.loads(number.rstrip(".")) for number in numbers])
        return f"bbox is {text!r}, as NumPy or Python prints it. Write it as a JSON list: {mended}"
    return f"{column} is {_short(text)}, which is not JSON. Write lists as [1, 2], names in double quotes."


def _are_numbers(value: object) -> TypeGuard[Sequence[float]]:
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(isinstance(number, Real) and not isinstance(number, bool) and math.isfinite(number) for number in value)
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - as much as a line bears
