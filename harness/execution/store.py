"""The store of finished stages, each under the digest of everything that its content depends on."""

import fcntl
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import RunError
from benchmark.files import sync
from benchmark.hashing import file_digest, tree_digest
from benchmark.hashing import json_digest as digest
from harness.disk import explain
from harness.storage.checks import State, find_damage, states_of
from harness.storage.trees import remove_tree, settle, settle_file

__all__ = ["Entry", "Store", "digest", "file_digest", "tree_digest"]

FACTS = "stage.json"
OWN_DIGEST = "digest"
"""Name of the fact that is the digest of all others; stages of earlier versions lack it."""
WAIT_SECONDS = 0.05
PATIENCE_SECONDS = 2.0
"""How long a run waits for another one without a word."""


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


def _print(message: str) -> None:
    sys.stderr.write(f"{message}\n")


class Store:
    """A folder of finished and unfinished stages.

    A stage is written in `flight/` and, when it is complete and on the disk, renamed into `stages/` in one step: an
    interruption leaves no result that is incomplete. Every writer holds a shared lock on a file, which works across
    containers and machines. A new process that gets the lock exclusively knows that nobody writes, and removes
    unfinished stages.

    A stage is checked before it is believed. Its files are read once, and again if anything touched them; the states in
    which they were right are kept in `checked/`. A damaged stage is moved to `damaged/`, and then is not there.
    """

    def __init__(self, root: Path, report: Callable[[str], None] = _print) -> None:
        """Make the store if it does not exist, and remove what killed processes left.

        Args:
            root: its folder.
            report: receives a message for the user, such as of a damaged stage.

        Raises:
            RunError: the disk refuses.
        """
        self.root = root
        self._report = report
        self._stages, self._flight, self._lock = root / "stages", root / "flight", root / "lock"
        self._locks, self._checked, self._damaged = root / "locks", root / "checked", root / "damaged"
        with self._disk_errors(root):
            self._stages.mkdir(parents=True, exist_ok=True)
            for folder in (self._flight, self._locks, self._checked):
                folder.mkdir(exist_ok=True)
            if self._stages.stat().st_dev != self._flight.stat().st_dev:
                raise RunError(
                    f"{self._stages} and {self._flight} are on different file systems, so that no stage can be "
                    f"finished in one step. Link or mount {root} as a whole, not a part of it."
                )
            self._sweep()

    def _sweep(self) -> None:
        with suppress(OSError), self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails if somebody writes, or without locks
            for path in (*self._flight.iterdir(), *self._locks.iterdir()):
                remove_tree(path) if path.is_dir() else path.unlink()

    def forget_checks(self) -> None:
        """Make every stage be read again in full before it is next used."""
        for path in self._checked.iterdir():
            path.unlink(missing_ok=True)

    def find(self, kind: str, key: str) -> Entry | None:
        """The finished stage of this key, if there is one and nothing has changed it since.

        Raises:
            RunError: it cannot be read, or not be set aside.
        """
        path = self._stages / _name(kind, key)
        with self._disk_errors(path):
            if not path.exists():
                return None
            entry, problem = self._read(path, key)
            if problem:
                self._set_aside(path, problem)
                return None
            return entry

    def check(self, entry: Entry) -> str:
        """What is wrong with a stage that was found before; empty if nothing is. It is set aside if it is damaged."""
        with self._disk_errors(entry.path):
            _, problem = self._read(entry.path, entry.key)
            if problem:
                self._set_aside(entry.path, problem)
            return problem

    def _read(self, path: Path, key: str) -> tuple[Entry | None, str]:
        """A finished stage, and what is wrong with it."""
        note = path / FACTS
        try:
            if note.is_symlink():
                return None, f"{FACTS} is a link"
            facts = json.loads(note.read_bytes())
            files = {str(name): bytes.fromhex(sha256).hex() for name, sha256 in facts["files"].items()}
        except PermissionError:
            raise
        except FileNotFoundError:
            return None, f"{FACTS} is missing"
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None, f"{FACTS} cannot be read"
        own = facts.pop(OWN_DIGEST, None)
        if own not in (None, digest(facts)):
            return None, f"{FACTS} has another content than was written"
        known = self._known_states(path.name)
        if problem := find_damage(path, files, known):
            return None, problem
        if (states := states_of(path, files)) != known:
            self._remember(path.name, states)
        return Entry(key, path, facts), ""

    def _known_states(self, name: str) -> dict[str, State]:
        """The states in which the files of a stage were right; none if they were not noted."""
        with suppress(OSError, ValueError, TypeError, AttributeError, RecursionError):
            noted = json.loads((self._checked / f"{name}.json").read_bytes())
            return {file: tuple(state) for file, state in noted.items()}
        return {}

    def _remember(self, name: str, states: dict[str, State]) -> None:
        with suppress(OSError):  # then they are read again
            (self._checked / f"{name}.json").write_text(json.dumps(states), encoding="utf-8")

    def _set_aside(self, path: Path, problem: str) -> None:
        place = self._damaged / f"{path.name}-{uuid.uuid4().hex[:8]}"
        self._damaged.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # another process was faster
            path.rename(place)
        (self._checked / f"{path.name}.json").unlink(missing_ok=True)
        self._report(
            f"{path.name} in the store is damaged: {problem}. It is set aside ({place}) and made again when it is "
            "needed."
        )

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
            with self.holding(kind, key):
                entry = self.find(kind, key)  # another process may have made it
                if entry is None:
                    with self.building(kind, key, facts) as folder:
                        write(folder)
                    entry = self.settled(kind, key)
        return entry

    def settled(self, kind: str, key: str) -> Entry:
        """A stage that was made just now.

        Raises:
            RunError: it is damaged already.
        """
        entry = self.find(kind, key)
        if entry is None:
            raise RunError(f"{_name(kind, key)} was damaged as soon as it was stored. Check the disk of {self.root}.")
        return entry

    @contextmanager
    def holding(self, kind: str, key: str, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Hold the lock of a stage in the block, after waiting for another run that makes the same stage.

        Args:
            kind: as for `building`.
            key: as for `building`.
            is_stopped: whether to stop waiting.

        Raises:
            RunError: the wait was stopped.
        """
        name = _name(kind, key)
        with self._disk_errors(self._locks), self._writing(), (self._locks / name).open("a") as lock:
            start, is_told = time.monotonic(), False
            while not _lock(lock.fileno()):
                if is_stopped():
                    raise RunError(f"Stopped waiting for {name}.")
                if not is_told and time.monotonic() - start > PATIENCE_SECONDS:
                    self._report(f"Waiting for {name}, which another run or stage makes now.")
                    is_told = True
                time.sleep(WAIT_SECONDS)
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock that all writers share, so that no other process sweeps."""
        with self._lock.open("a") as lock:
            with suppress(OSError):  # a file system without locks, on which nothing is swept
                fcntl.flock(lock, fcntl.LOCK_SH)
            yield

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
            with self._disk_errors(flight), self._writing():
                flight.mkdir()
                yield flight
                facts["files"] = settle(flight)
                self._settle(flight, _name(kind, key), facts)
        finally:
            remove_tree(flight)

    def _settle(self, flight: Path, name: str, facts: dict[str, Any]) -> None:
        note, final = flight / FACTS, self._stages / name
        text = json.dumps({**facts, OWN_DIGEST: digest(json.loads(json.dumps(facts)))}, indent=1, sort_keys=True)
        note.write_text(text, encoding="utf-8")
        settle_file(note)
        sync(flight)
        states = states_of(flight, facts["files"])
        try:
            flight.rename(final)
        except OSError:
            if not (final / FACTS).exists():  # another run finished the same stage first: keep that one
                raise
            return
        sync(self._stages)
        self._remember(name, states)

    @contextmanager
    def _disk_errors(self, place: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunError(f"{explain(error, place)} Finished stages are kept.") from error


def _name(kind: str, key: str) -> str:
    return f"{kind}-{key[:32]}"


def _lock(descriptor: int) -> bool:
    """Take an exclusive lock if it is free; True too on a file system without locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
