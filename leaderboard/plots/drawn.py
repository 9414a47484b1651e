"""What figures and pages were made from, so that one is made again only if that changed, or its file did."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from benchmark.files import atomic_write
from leaderboard.record_files import RecordFile, Section

LIBRARIES = ("matplotlib", "numpy", "pillow")
"""Libraries that decide on the pixels of a figure."""


class DrawnFigures:
    """Notes of figures and pages, each with the sha256 of what it was made from and of its file, in a file of JSON.

    A damaged file of notes is replaced: its figures and pages are made again.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Args: path of the notes; None = nothing is remembered, and everything is made."""
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
        return self._is_current(figure, lambda: self._of_section(section, root))

    def note(self, figure: Path, section: Section, root: Path) -> None:
        """Note that a figure was drawn. Arguments as `is_current`."""
        self._note(figure, lambda: self._of_section(section, root))

    def is_page_current(self, page: Path, pages: Sequence[str], files: Iterable[RecordFile], root: Path) -> bool:
        """Whether a page has the tables that were made from the same records.

        Args:
            page: its file.
            pages: names of all pages, which link to each other.
            files: all records.
            root: the folder that the records' paths are relative to.
        """
        return self._is_current(page, lambda: self._inputs(pages, files, root))

    def note_page(self, page: Path, pages: Sequence[str], files: Iterable[RecordFile], root: Path) -> None:
        """Note that a page was written. Arguments as `is_page_current`."""
        self._note(page, lambda: self._inputs(pages, files, root))

    def save(self) -> None:
        """Write the notes."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(self._path) as temporary:
                temporary.write_text(json.dumps(self._notes, indent=1, sort_keys=True), encoding="utf-8")

    def _is_current(self, file: Path, inputs: Callable[[], str]) -> bool:
        if self._path is None or not file.is_file():
            return False
        return self._notes.get(str(file)) == [inputs(), _digest(file)]

    def _note(self, file: Path, inputs: Callable[[], str]) -> None:
        if self._path is not None:
            self._notes[str(file)] = [inputs(), _digest(file)]

    def _of_section(self, section: Section, root: Path) -> str:
        names = [section.dataset, section.split, section.protocol, section.differs]
        return self._inputs(names, section.files, root)

    def _inputs(self, names: Sequence[str], files: Iterable[RecordFile], root: Path) -> str:
        """sha256 of the program, of some names, and of records with the pictures beside them."""
        digests = [[path.name, self._digest_once(path)] for file in files for path in _beside(root / file.path)]
        return hashlib.sha256(json.dumps([_program(), list(names), digests]).encode()).hexdigest()

    def _digest_once(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = _digest(path)
        return self._digests[path]


def _beside(record: Path) -> list[Path]:
    """A record's file, and those beside it that belong to it."""
    return sorted(record.parent.glob(f"{record.stem}*"))


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
