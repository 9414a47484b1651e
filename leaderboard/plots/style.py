"""What all figures share: sizes, colours, names of records, and the picture that is saved."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.records.record import Record
from leaderboard.plots.lettering import letter
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

SALT = "2258100"
"""Text under which the hashes give each contestant in `backbones/` a colour of its own."""


class Style(NamedTuple):
    """How a contestant is drawn."""

    colour: str
    marker: str

    @property
    def keywords(self) -> dict[str, Any]:
        """The style as matplotlib's arguments."""
        return {"color": self.colour, "marker": self.marker}


Identity = tuple[str, str]
"""Backbone and initial weights: runs that differ in their seed look alike."""


def identity(record: Record) -> Identity:
    """Whose style a record has."""
    return record.backbone, record.init


def colour_of(backbone: str) -> str:
    """Colour of a contestant. It depends on the name alone, so that all figures use the same one."""
    return COLOURS[_hash(backbone) % len(COLOURS)]


def styles(records: Iterable[Record]) -> dict[Identity, Style]:
    """The styles of the contestants of one figure: colours by `colour_of`, and markers that tell equal colours apart.

    Up to ten contestants of one colour differ in their markers. Each has the marker of its name, or the next free one.
    """
    chosen: dict[Identity, Style] = {}
    for one in sorted({identity(record) for record in records}):
        colour, first = colour_of(one[0]), _hash("".join(one))
        markers = [MARKERS[(first + step) % len(MARKERS)] for step in range(len(MARKERS))]
        free = [marker for marker in markers if Style(colour, marker) not in chosen.values()]
        chosen[one] = Style(colour, (free or markers)[0])
    return chosen


def named(section: Section) -> list[tuple[str, RecordFile]]:
    """The section's records, each with a name: title, initial weights if any, and the seed if names are equal.

    A name may have several lines.
    """
    names = [name_of(file.record) for file in section.files]
    shared = Counter(names)
    return [
        (f"{name}\nseed {file.record.seed}" if shared[name] > 1 else name, file)
        for name, file in zip(names, section.files, strict=True)
    ]


def open_axes(axes: "Axes", size: float) -> None:
    """Axes without a frame above and on the right, with tick labels of `size` points."""
    axes.tick_params(labelsize=size)
    axes.spines[["top", "right"]].set_visible(False)


def picture(figure: "Figure") -> Image.Image:
    """The figure's pixels in a palette of 256 colours, which makes small files; its text is prepared by `letter`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    letter(figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    return Image.fromarray(np.ascontiguousarray(pixels)).quantize(256)


def name_of(record: Record) -> str:
    """Title, and initial weights if they are published; it may have two lines."""
    init = "" if record.init in {"random", "none"} else f"\n({record.init})"
    return f"{record.title}{init}"


def _hash(text: str) -> int:
    return int.from_bytes(sha256(f"{SALT}{text}".encode()).digest()[:8], "big")
