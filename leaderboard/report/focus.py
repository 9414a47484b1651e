"""Focus strips: photos drawn at random, each beside the map of what the probe looks at, and the pattern mask."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.records.field import FieldFocus, FieldRecord, PhotoFocus
from leaderboard.formats import decimals, signed
from leaderboard.plots.localisation import OUTLINES
from leaderboard.report.words import counted

if TYPE_CHECKING:
    from PIL.Image import Image

COLOURS = "inferno"
"""Colour map of the maps, as in the project's figures of CAMs."""


class Square(NamedTuple):
    """What the encoder sees of a photo.

    Attributes:
        image: (S, S, 3) uint8.
        pattern: (S, S) bool; all False without a mask.
    """

    image: NDArray[np.uint8]
    pattern: NDArray[np.bool_]


class FocusStrip(NamedTuple):
    """One photo of the strips.

    Attributes:
        photo: its index.
        truth: name of the individual.
        answer: name that the probe answered.
        density: density on the pattern beside that of other photos, as text; empty without a pattern.
    """

    photo: int
    truth: str
    answer: str
    density: str


def strips(record: FieldRecord) -> list[FocusStrip]:
    """The strips of a record; empty if it has no maps."""
    names, examples = record.identities, record.focus.examples if record.focus else ()
    return [
        FocusStrip(one.photo, names[record.labels[one.photo]], names[one.answer], _density(one)) for one in examples
    ]


def focus_sentence(focus: FieldFocus) -> str:
    """Whether the maps follow the pattern of their own photo, as a sentence; empty without masks."""
    if focus.density is None or focus.swap is None:
        return ""
    text = (
        f"On {counted(focus.images, 'photo')} drawn at random the maps are {decimals(focus.density)} times as dense on "
        "the pattern as on the whole crop; the same maps laid on the patterns of other photos, "
        f"{decimals(focus.swap)} times"
    )
    if focus.excess is None:
        return f"{text}. The units are too few for an interval of the difference."
    low, high = focus.excess.low, focus.excess.high
    difference = f"{signed(focus.density - focus.swap)} [{signed(low)}, {signed(high)}]"
    if low > 0:
        return f"{text}: the maps follow the pattern of their own photo, or what lies there ({difference})."
    if high < 0:
        return f"{text}: the maps avoid the pattern of their own photo ({difference})."
    return f"{text}: that the maps follow the pattern of their own photo is not shown ({difference})."


def pictures(square: Square, cam: Sequence[Sequence[float]]) -> list[tuple[str, "Image"]]:
    """The photo, the map over it, and the pattern mask if there is one, each with its name.

    A cell of the map is drawn as the rectangle that it stands for, without interpolation.

    Args:
        square: the photo.
        cam: (h, w) in [0, 1].
    """
    from matplotlib import colormaps
    from PIL import Image

    side = square.image.shape[0]
    grey = square.image.mean(axis=2, keepdims=True).repeat(3, axis=2)
    cells = Image.fromarray(np.asarray(cam, np.float32)).resize((side, side), Image.Resampling.NEAREST)
    share = np.asarray(cells)[..., None]
    weight = 0.2 + 0.5 * share
    heat = weight * 255 * colormaps[COLOURS](share[..., 0])[..., :3] + (1 - weight) * grey
    found = [("photo", Image.fromarray(square.image)), ("map", _outlined(heat, square.pattern))]
    if square.pattern.any():
        mask = np.where(square.pattern[..., None], square.image, grey * 0.35)
        found.append(("pattern", _outlined(mask, square.pattern)))
    return found


def _outlined(pixels: NDArray[np.floating], pattern: NDArray[np.bool_]) -> "Image":
    """A picture with the outline of the pattern."""
    from matplotlib.colors import to_rgb
    from PIL import Image

    inner = np.pad(pattern, 1)
    inner = inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
    drawn = pixels.copy()
    drawn[pattern & ~inner] = 255 * np.array(to_rgb(OUTLINES[1]))
    return Image.fromarray(drawn.clip(0, 255).astype(np.uint8))


def _density(one: PhotoFocus) -> str:
    if not np.any(one.cam):
        return "no place speaks for the answer"
    if one.density is None:
        return ""
    others = "" if one.swap is None else f", on patterns of other photos {decimals(one.swap)}"
    return f"density on the pattern {decimals(one.density)}{others}"
