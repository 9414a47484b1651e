"""What figures were drawn from, so that a figure is drawn again only if that changed, or the figure itself."""

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from benchmark.files import atomic_write
from leaderboard.record_files import Section

LIBRARIES = ("matplotlib", "numpy", "pillow")
"""Libraries that decide on the pixels of a figure."""


class DrawnFigures:
    """Notes of figures, each with the sha256 of what it was drawn from and of its file, kept in a file of JSON.

    A damaged file of notes is replaced: its figures are drawn again.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Args: path of the notes; None = nothing is remembered, and every figure is drawn."""
        self._path = path
        self._notes = _read(path) if path else {}
        self._digests: dict[Path, str] = {}

    def is_current(self, figure: Path, section: Section, root: Path) -> bool:
        """Whether a figure is as it was drawn from the same section.

        Args:
            figure: its file.
            section: the records that it shows.
            root: the folder that the records' paths are relative to.
        """
        if self._path is None or not figure.is_file():
            return False
        return self._notes.get(str(figure)) == [self._inputs(section, root), _digest(figure)]

    def note(self, figure: Path, section: Section, root: Path) -> None:
        """Note that a figure was drawn. Arguments as `is_current`."""
        if self._path is not None:
            self._notes[str(figure)] = [self._inputs(section, root), _digest(figure)]

    def save(self) -> None:
        """Write the notes."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(self._path) as temporary:
                temporary.write_text(json.dumps(self._notes, indent=1, sort_keys=True), encoding="utf-8")

    def _inputs(self, section: Section, root: Path) -> str:
        """sha256 of the program, and of the section's records with the pictures beside them."""
        names = [section.dataset, section.split, section.protocol, section.differs]
        files = [[path.name, self._digest_once(path)] for path in _files(section, root)]
        return hashlib.sha256(json.dumps([_program(), names, files]).encode()).hexdigest()

    def _digest_once(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = _digest(path)
        return self._digests[path]


def _files(section: Section, root: Path) -> Iterator[Path]:
    for file in section.files:
        record = root / file.path
        yield from sorted(record.parent.glob(f"{record.stem}*"))


def _read(path: Path) -> dict[str, list[str]]:
    try:
        notes = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _program() -> str:
    """sha256 of the code from records to figures, and the versions of what draws them."""
    root = Path(__file__).parents[2]
    code = [_digest(path) for folder in ("leaderboard", "benchmark") for path in sorted((root / folder).rglob("*.py"))]
    return hashlib.sha256(json.dumps([code, [metadata.version(name) for name in LIBRARIES]]).encode()).hexdigest()
