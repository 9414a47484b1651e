"""Digests of files that were read before: a file is hashed again only if it changed."""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmark.hashing import file_digest

SETTLED_SECONDS = 2
"""A file changed more recently is not remembered: another change may leave its modification time as it is."""


class DigestCache:
    """sha256 of files by path, size, modification time and inode, kept in a database between runs.

    A damaged database is replaced. One that cannot be used at all makes files be hashed again; it never makes a run
    fail.
    """

    def __init__(self, path: Path, *, rehash: bool = False) -> None:
        """Open the cache.

        Args:
            path: of the database; made if it does not exist.
            rehash: whether every file is read again, once.
        """
        self._rehash = rehash
        self._digests: dict[tuple[str, int, int, int], str] = {}
        self._database: sqlite3.Connection | None = None
        with suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._database = _open(path)
            except sqlite3.OperationalError:  # it is locked, or cannot be opened
                raise
            except sqlite3.DatabaseError:  # it is damaged
                path.unlink()
                self._database = _open(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Save what was learnt."""
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.commit()
            self._database.close()
            self._database = None

    def digest(self, path: Path) -> str:
        """sha256 of a file, in hexadecimal; the file is read only if it is not known as it is.

        Raises:
            OSError: the file cannot be read.
        """
        place = path.resolve()
        status = place.stat()
        state = (str(place), status.st_size, status.st_mtime_ns, status.st_ino)
        known = self._digests.get(state) or (None if self._rehash else self._look_up(state))
        if known is None:
            known = file_digest(place)
            if time.time_ns() - status.st_mtime_ns > SETTLED_SECONDS * 10**9:
                self._remember(state, known)
        self._digests[state] = known
        return known

    def _look_up(self, state: tuple[str, int, int, int]) -> str | None:
        if self._database is None:
            return None
        question = "SELECT sha256 FROM files WHERE path = ? AND size = ? AND modified = ? AND inode = ?"
        with suppress(sqlite3.Error):
            row = self._database.execute(question, state).fetchone()
            return None if row is None else str(row[0])
        return None

    def _remember(self, state: tuple[str, int, int, int], sha256: str) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", (*state, sha256))


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=10)
    database.execute(
        "CREATE TABLE IF NOT EXISTS files "
        "(path TEXT PRIMARY KEY, size INTEGER, modified INTEGER, inode INTEGER, sha256 TEXT) WITHOUT ROWID"
    )
    return database
