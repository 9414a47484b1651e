"""The contact sheet: one picture of a data set, a row of crops for each individual, each crop beside its regions."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, BODY, PATTERN

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

_PAPER, _INK, _FAINT = (255, 255, 255), (25, 25, 25), (110, 110, 110)
_OUTLINE, _TINT = (0, 220, 255), (255, 0, 200)
_GAP, _CAPTION, _HEAD, _WIDEST_LABEL = 12, 18, 62, 170
_TITLE, _TEXT, _CAPTIONS = (22, _INK), (15, _INK), (11, _FAINT)
_NEIGHBOURS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))

_Style = tuple[int, tuple[int, int, int]]
"""Height of the text in pixels, and its colour."""


class Cell(NamedTuple):
    """One crop of the sheet.

    Attributes:
        caption: the text below it.
        image: (S, S, 3) uint8.
        regions: (S, S) uint8, values of a region mask; None = not known.
    """

    caption: str
    image: NDArray[np.uint8]
    regions: NDArray[np.uint8] | None = None


def contact_sheet(title: str, rows: Mapping[str, Sequence[Cell]]) -> "Image":
    """The sheet as an RGB image.

    Args:
        title: the headline.
        rows: the cells of each individual, drawn in this order. All cells have the same S, and either all or none
            have regions.
    """
    from PIL import Image, ImageDraw

    cells = [cell for row in rows.values() for cell in row]
    side = cells[0].image.shape[0]
    step = side * (2 if cells[0].regions is not None else 1) + _GAP
    columns = max(len(row) for row in rows.values())
    row_height = side + _CAPTION + _GAP
    labels = 2 * _GAP + min(_WIDEST_LABEL, max(_length(label, _TEXT) for label in rows))
    width = labels + columns * step
    sheet = Image.new("RGB", (max(width, 560), _HEAD + len(rows) * row_height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _head(draw, title, regions=cells[0].regions is not None)
    for index, (label, row) in enumerate(rows.items()):
        top = _HEAD + index * row_height
        _text(draw, (_GAP, top + side // 2 - 10), label, _TEXT, _WIDEST_LABEL)
        for column, cell in enumerate(row):
            left = labels + column * step
            sheet.paste(Image.fromarray(_pair(cell)), (left, top))
            _text(draw, (left, top + side + 2), cell.caption, _CAPTIONS, step - _GAP)
    return sheet


def overlay(image: NDArray[np.uint8], regions: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The crop with its regions drawn on it: background darkened, animal outlined, pattern tinted.

    Args:
        image: (S, S, 3) uint8.
        regions: (S, S) uint8, values of a region mask.

    Returns:
        (S, S, 3) uint8.
    """
    canvas = image.astype(np.float32)
    canvas[regions == BACKGROUND] *= 0.35
    canvas[regions == PATTERN] = 0.55 * canvas[regions == PATTERN] + 0.45 * np.array(_TINT, np.float32)
    canvas[_edge(regions >= BODY)] = _OUTLINE
    return np.round(canvas).astype(np.uint8)


def _edge(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels on both sides of the outline: a line two pixels wide."""
    padded = np.pad(inside, 1, mode="edge")
    near = [padded[1 + y : padded.shape[0] - 1 + y, 1 + x : padded.shape[1] - 1 + x] for y, x in _NEIGHBOURS]
    outer: NDArray[np.bool_] = np.logical_or.reduce(near) & ~np.logical_and.reduce(near)
    return outer


def _pair(cell: Cell) -> NDArray[np.uint8]:
    if cell.regions is None:
        return cell.image
    return np.concatenate([cell.image, overlay(cell.image, cell.regions)], axis=1)


def _head(draw: "ImageDraw", title: str, *, regions: bool) -> None:
    _text(draw, (_GAP, 8), title, _TITLE, 2000)
    if not regions:
        return
    left = _GAP
    for colour, meaning in (
        (_OUTLINE, "animal"),
        (_TINT, "pattern"),
        ((60, 60, 60), "background (darkened)"),
    ):
        draw.rectangle((left, 41, left + 12, 53), fill=colour)
        left += 18 + _text(draw, (left + 18, 38), meaning, _TEXT, 400) + 2 * _GAP


def _text(draw: "ImageDraw", place: tuple[int, int], text: str, style: _Style, width: int) -> int:
    """Write a line, shortened in its middle if it is too long; returns its width in pixels."""
    size, colour = style
    length = len(text)
    line = text
    while _length(line, style) > width and length > 1:
        length -= 1
        line = f"{text[: (length + 1) // 2]}…{text[len(text) - length // 2 :]}"
    draw.text(place, line, font=_font(size), fill=colour)
    return _length(line, style)


def _length(text: str, style: _Style) -> int:
    """Width of a line in pixels."""
    return round(_font(style[0]).getlength(text))


@cache
def _font(size: int) -> "FreeTypeFont | ImageFont":
    """Pillow's own font, so that every machine draws the same."""
    from PIL import ImageFont

    return ImageFont.load_default(size)
