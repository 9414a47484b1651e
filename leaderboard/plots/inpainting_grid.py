"""Figure of filled holes, from the picture strips beside the records."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from leaderboard.plots.figures import Plot
from leaderboard.plots.style import DPI, named
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROW = 1.15
"""Inches of a row of the grid."""

GAP = 0.05
"""Space between two rows, as a part of a row."""

LETTER = 0.072
"""Inches reserved for each letter of a row's name, left of the grid."""


def inpainting_grid(strips: Mapping[str, Path]) -> "Figure":
    """Originals, originals with holes, and the filling of every model: a row each, a column for each test image.

    Args:
        strips: by the model's name a picture of three equal rows: originals, holes and fillings.
    """
    from matplotlib.figure import Figure

    pictures = {name: np.split(np.asarray(Image.open(path).convert("RGB")), 3) for name, path in strips.items()}
    truth, masked, _ = next(iter(pictures.values()))
    rows = {"Original": truth, "Hole": masked} | {name: picture[2] for name, picture in pictures.items()}
    height, gap = len(truth), round(GAP * len(truth))
    pitch, width = height + gap, max(picture.shape[1] for picture in rows.values())  # a strip may have fewer images
    whole = np.full((pitch * len(rows) - gap, width, 3), 255, dtype=np.uint8)
    for number, picture in enumerate(rows.values()):
        whole[pitch * number : pitch * number + height, : picture.shape[1]] = picture
    inches, margin = ROW / height, LETTER * (2 + max(len(line) for name in rows for line in name.split("\n")))
    figure = Figure(figsize=(margin + inches * width, inches * len(whole)), dpi=DPI)
    axes = figure.add_axes((margin / figure.get_figwidth(), 0, 1 - margin / figure.get_figwidth(), 1))
    axes.imshow(whole, interpolation="nearest")
    centres = [pitch * number + height / 2 for number in range(len(rows))]
    axes.set(xticks=[], yticks=centres, yticklabels=list(rows))
    axes.tick_params(length=0, labelsize=8)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def _draw(section: Section, root: Path) -> "Figure | None":
    """The grid of the records that have a strip; None if none has."""
    paths = {name: root / Path(file.path).with_suffix(".png") for name, file in named(section)}
    strips = {name: path for name, path in paths.items() if path.is_file()}
    return inpainting_grid(strips) if strips else None


PLOT = Plot(
    kind="inpainting",
    alt="Holes of test images, filled",
    has=lambda section: any(record.inpainting and record.inpainting.reconstruction for record in section.records),
    draw=_draw,
)
