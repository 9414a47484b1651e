"""Figures as data: what is drawn for a section, where it is stored, how a page shows it."""

import logging
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from benchmark.files import atomic_write
from benchmark.text import printable
from leaderboard.plots.drawn import DrawnFigures
from leaderboard.plots.lettering import letter
from leaderboard.plots.style import picture
from leaderboard.record_files import Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = "figures"

LOGGER = logging.getLogger(__name__)
UNDRAWN = "%s cannot be drawn (%s: %s). All other figures are up to date."
MISSING = (
    "No installed font has %s, so figures show the numbers of these characters in brackets. Install a font that has "
    "them, such as Noto Sans, and run `patternbench leaderboard render`."
)


def place(section: Section) -> str:
    """Data set, split and protocol, and what differs from sections of the same names, as part of a file's name."""
    names = (section.dataset, section.split, section.protocol, re.sub(r"[, ]+", "-", section.differs))
    return "-".join(name for name in names if name)


@dataclass(frozen=True)
class Plot:
    """One kind of figure.

    Attributes:
        kind: first part of the file's name.
        alt: text in place of the figure.
        has: whether the section's records hold anything to draw.
        draw: draws the section; the second argument is the repository root. None if the files that it
            needs beside the records are missing.
        place: part of the file's name that tells sections apart.
        variant: last part of the file's name, if there are several figures of one kind.
    """

    kind: str
    alt: str
    has: Callable[[Section], object]
    draw: Callable[[Section, Path], "Figure | None"]
    place: Callable[[Section], str] = place
    variant: str = ""

    def file(self, section: Section) -> str:
        """Path of the figure, relative to the folder `leaderboard`."""
        return f"{FOLDER}/{'-'.join(part for part in (self.kind, self.place(section), self.variant) if part)}.png"

    def image(self, section: Section) -> str:
        """The figure in Markdown, for a page in the folder `leaderboard`; empty if there is nothing to draw."""
        return f"![{self.alt}]({self.file(section)})" if self.has(section) else ""


def of_records(draw: Callable[[Section], "Figure"]) -> Callable[[Section, Path], "Figure | None"]:
    """A `draw` of `Plot` that needs no files beside the records."""
    return lambda section, _: draw(section)


def write(plots: Iterable[tuple[Plot, Section]], folder: Path, drawn: DrawnFigures) -> list[str]:
    """Draw figures below `<folder>/figures`.

    Each figure is drawn by itself: one that cannot be drawn is named in a message. One message names the characters
    that no installed font has.

    Args:
        plots: kinds of figures with the sections to draw; those that have nothing to draw are left out.
        folder: `leaderboard` of a repository.
        drawn: figures that need not be drawn again; those that are drawn are noted there.

    Returns:
        Paths of the figures whose pixels changed, relative to the repository root.
    """
    changed, missing, root = list[str](), set[str](), folder.parent
    for plot, section in plots:
        name, file = f"{folder.name}/{plot.file(section)}", folder / plot.file(section)
        try:
            if drawn.is_current(file, section, root) or not plot.has(section):
                continue
            if not (figure := plot.draw(section, root)):
                continue
            unknown = letter(figure)
            missing |= unknown
            if _save(figure, file):
                changed.append(name)
            if not unknown:  # the message about them comes again until a font has them
                drawn.note(file, section, root)
        except OSError:  # of the disk
            raise
        except Exception as error:  # noqa: BLE001 - what a record holds may be more than a library can draw
            LOGGER.warning(UNDRAWN, printable(name), type(error).__name__, printable(str(error)[:200]))
    if missing:
        LOGGER.warning(MISSING, " ".join(sorted(missing)))
    return changed


def _save(figure: "Figure", path: Path) -> bool:
    """Write a figure unless the file has the same pixels already; returns whether it was written."""
    drawn = picture(figure)
    with suppress(OSError, SyntaxError), Image.open(path) as present:  # no file, or one that cannot be read
        if present.convert("RGB").tobytes() == drawn.convert("RGB").tobytes():
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        drawn.save(temporary, optimize=True)
    return True
