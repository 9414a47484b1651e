"""Text of figures: as it is written, never read as mathematics, in fonts that have its letters."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontEntry


def letter(figure: "Figure") -> set[str]:
    """Prepare all text of a figure for drawing: plain, in fonts that have its characters.

    Characters that no installed font has are replaced by their code points, such as `[6591 9A6C]`.

    Args:
        figure: before it is drawn; tick labels that are names are set already.

    Returns:
        The characters that were replaced.
    """
    from matplotlib.text import Text

    missing: set[str] = set()
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        content = text.get_text()
        if not content:
            continue
        families = {one: _family(one) for one in set(content) if not _is_invisible(one)}
        lacking = {one for one, family in families.items() if family is None}
        text.set_parse_math(False)
        text.set_text(spelled(content, lacking))
        fallbacks = sorted({family for family in families.values() if family} - {_first()})
        if fallbacks:
            text.set_fontfamily([_first(), *fallbacks])
        missing |= lacking
    return missing


def spelled(text: str, lacking: set[str]) -> str:
    """The text with each run of some characters replaced by their code points.

    >>> spelled("Kafue é", {"é"})
    'Kafue [00E9]'

    Args:
        text: any text.
        lacking: the characters to replace.
    """
    if not lacking:
        return text
    runs = f"[{''.join(map(re.escape, sorted(lacking)))}]+"
    return re.sub(runs, lambda run: f"[{' '.join(f'{ord(one):04X}' for one in run[0])}]", text)


def _is_invisible(character: str) -> bool:
    """Whether no glyph is drawn for a character: a line's end, or a mark that only formats."""
    return character == "\n" or category(character) == "Cf"


@cache
def _first() -> str:
    """Name of the font that figures use as far as it goes."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties())).family_name


@cache
def _family(character: str) -> str | None:
    """The font to draw a character with: the first, or else the next by name that has it; None if none has."""
    return next((entry.name for entry in _fonts() if ord(character) in _characters(entry)), None)


@cache
def _fonts() -> tuple["FontEntry", ...]:
    """The installed upright fonts of normal weight, one file for each name, in the order of their use.

    Of matplotlib's own fonts only the first is among them: the others are for formulas, or have boxes for letters.
    """
    from matplotlib import get_data_path
    from matplotlib.font_manager import fontManager

    entries = {
        entry.name: entry
        for entry in sorted(fontManager.ttflist, key=lambda entry: (entry.name, entry.fname))
        if entry.style == "normal" and str(entry.weight) in {"400", "normal", "regular"}
        if entry.name == _first() or not Path(entry.fname).is_relative_to(get_data_path())
        if Path(entry.fname).is_file()
    }
    return tuple(sorted(entries.values(), key=lambda entry: (entry.name != _first(), entry.name)))


@cache
def _characters(entry: "FontEntry") -> frozenset[int]:
    """The code points that a font has."""
    from matplotlib.font_manager import get_font

    return frozenset(get_font(entry.fname).get_charmap())
