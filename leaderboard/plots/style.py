"""What all figures share: sizes, colours, names of records, and the picture that is saved."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leaderboard.record_files import RecordFile, Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 150
WIDTH = 8.5
"""Inches: the width of a page, on which a text of 8 points is legible."""

COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#401a26", "#8c0d00", "#0d008c", "#26f2b3"),
    *("#804d66", "#bf3340", "#6680ff", "#99d9cc", "#4000e6", "#59000d", "#0d4d80", "#661a4d", "#b3b373", "#803340"),
)
"""Six of Okabe & Ito (2008), then each time the colour that differs most from all before, as seen with and without each
of the three colour blindnesses."""

MARKERS = "o^sDvP*X<>"


def named(section: Section) -> list[tuple[str, RecordFile]]:
    """The section's records, each with a name: title, initial weights if any, and the seed if names are equal.

    A name may have several lines.
    """
    names = [_name(file) for file in section.files]
    shared = Counter(names)
    return [
        (f"{name}\nseed {file.record.seed}" if shared[name] > 1 else name, file)
        for name, file in zip(names, section.files, strict=True)
    ]


def literal(text: str) -> str:
    r"""Text that matplotlib does not read as mathematics.

    >>> print(literal("$A$"))
    \$A\$
    """
    return text.replace("$", r"\$")


def line_style(number: int) -> tuple[str, str]:
    """Colour and marker of the line with this number; the pairs of 200 consecutive numbers differ."""
    return COLOURS[number % len(COLOURS)], MARKERS[(number + number // len(COLOURS)) % len(MARKERS)]


def open_axes(axes: "Axes", size: float) -> None:
    """Axes without a frame above and on the right, with tick labels of `size` points."""
    axes.tick_params(labelsize=size)
    axes.spines[["top", "right"]].set_visible(False)


def picture(figure: "Figure") -> Image.Image:
    """The figure's pixels in a palette of 256 colours, which makes small files."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    return Image.fromarray(np.ascontiguousarray(pixels)).quantize(256)


def _name(file: RecordFile) -> str:
    init = "" if file.record.init in {"random", "none"} else f"\n({file.record.init})"
    return f"{file.record.title}{init}"
