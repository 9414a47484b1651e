"""What all figures share: names for what they compare, and the picture that is saved."""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leaderboard.entries import Entry, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def named(section: Section) -> list[tuple[str, Entry]]:
    """The section's entries with names of their own: title, initial weights if any, and seed where it tells them apart.

    A name may have several lines.
    """
    names = [_name(entry) for entry in section.entries]
    shared = Counter(names)
    return [
        (f"{name}\nseed {entry.record.seed}" if shared[name] > 1 else name, entry)
        for name, entry in zip(names, section.entries, strict=True)
    ]


def literal(text: str) -> str:
    """Text that matplotlib does not take for mathematics."""
    return text.replace("$", r"\$")


def picture(figure: "Figure") -> Image.Image:
    """The figure's pixels in a palette of 256 colours, which makes small files."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels: NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    return Image.fromarray(np.ascontiguousarray(pixels)).quantize(256)


def _name(entry: Entry) -> str:
    init = "" if entry.record.init in {"random", "none"} else f"\n({entry.record.init})"
    return f"{entry.record.title}{init}"
