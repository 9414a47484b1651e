"""The store of finished stages, each under the digest of everything that its content depends on."""

import fcntl
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import RunError
from benchmark.hashing import file_digest, tree_digest
from benchmark.hashing import json_digest as digest

__all__ = ["Entry", "Store", "digest", "file_digest", "tree_digest"]


@dataclass(frozen=True)
class Entry:
    """A finished stage.

    Attributes:
        key: digest of everything that its content depends on.
        path: its folder, which does not change any more.
        facts: content of its stage.json, with the sha256 of each file in `files`.
    """

    key: str
    path: Path
    facts: dict[str, Any]

    @property
    def content(self) -> str:
        """sha256 over the stage's files, which identifies them for later stages."""
        return digest(self.facts["files"])


class Store:
    """A folder of finished and unfinished stages.

    A stage is written in `flight/` and, when it is complete, renamed into `stages/` in one step: an interruption leaves
    no result that is incomplete. Every writer holds a shared lock on a file, which works across containers and
    machines. A new process that gets the lock exclusively knows that nobody writes, and removes unfinished stages.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._stages, self._flight, self._lock = root / "stages", root / "flight", root / "lock"
        try:
            self._stages.mkdir(parents=True, exist_ok=True)
            self._flight.mkdir(exist_ok=True)
            self._sweep()
        except OSError as error:
            raise _disk(error, root) from error

    def _sweep(self) -> None:
        with suppress(OSError), self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails if somebody writes, or without locks
            for folder in self._flight.iterdir():
                shutil.rmtree(folder, ignore_errors=True)

    def find(self, kind: str, key: str) -> Entry | None:
        """The finished stage of this key, if there is one."""
        path = self._stages / f"{kind}-{key[:32]}"
        try:
            facts = json.loads((path / "stage.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Entry(key, path, facts)

    def find_or_build(self, kind: str, key: str, facts: dict[str, Any], write: Callable[[Path], None]) -> Entry:
        """The finished stage of this key; `write` fills its folder if it does not exist yet.

        Args:
            kind: as for `building`.
            key: as for `building`.
            facts: as for `building`.
            write: writes all files of the stage into the folder that it receives.
        """
        entry = self.find(kind, key)
        if entry is None:
            with self.building(kind, key, facts) as folder:
                write(folder)
            entry = self.find(kind, key)
            assert entry is not None
        return entry

    @contextmanager
    def building(self, kind: str, key: str, facts: dict[str, Any]) -> Iterator[Path]:
        """A folder to write a stage in; it becomes the finished stage when the block ends without an error.

        Args:
            kind: beginning of the folder's name, for people who read the store.
            key: digest of everything that the stage's content depends on.
            facts: stored with the stage; the block may add more.

        Raises:
            RunError: the disk is full or cannot be written to.
        """
        flight = self._flight / uuid.uuid4().hex
        try:
            with self._lock.open("a") as lock:
                with suppress(OSError):  # a file system without locks, on which nothing is swept
                    fcntl.flock(lock, fcntl.LOCK_SH)
                flight.mkdir()
                yield flight
                facts["files"] = {
                    path.relative_to(flight).as_posix(): file_digest(path)
                    for path in sorted(flight.rglob("*"))
                    if path.is_file()
                }
                (flight / "stage.json").write_text(json.dumps(facts, indent=1, sort_keys=True), encoding="utf-8")
                self._settle(flight, self._stages / f"{kind}-{key[:32]}")
        except OSError as error:
            raise _disk(error, flight) from error
        finally:
            shutil.rmtree(flight, ignore_errors=True)

    @staticmethod
    def _settle(flight: Path, final: Path) -> None:
        try:
            flight.rename(final)
        except OSError:
            if not (final / "stage.json").exists():  # another run finished the same stage first: keep that one
                raise


def _disk(error: OSError, path: Path) -> RunError:
    free = shutil.disk_usage(next(folder for folder in (path, *path.parents) if folder.exists())).free
    return RunError(
        f"{error.filename or path}: {error.strerror or error}; {free / 2**30:.1f} GiB are free there. Make room "
        "(`patternbench clean` shows what can be removed) and run again: finished stages are kept."
    )
