"""Whether files are still those that were written, without reading them again as long as nothing touched them."""

import threading
from collections.abc import Mapping
from pathlib import Path

from benchmark.hashing import file_digest

State = tuple[int, int, int, int]
"""Size, times of the last change of content and of content or status, and inode of a file. No program sets the second
time, so that a file of the same state was not changed."""


def state_of(path: Path) -> State:
    """The state of a file; raises OSError if it cannot be read."""
    status = path.lstat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def states_of(folder: Path, files: Mapping[str, str]) -> dict[str, State]:
    """The states of some files of a folder; raises OSError if one cannot be read."""
    return {name: state_of(folder / name) for name in files}


def find_damage(folder: Path, files: Mapping[str, str], known: Mapping[str, State]) -> str:
    """What is wrong with the files of a folder; empty if nothing is.

    Args:
        folder: that holds them.
        files: sha256 of each, as noted when it was written.
        known: states in which they were right; a file in another state is read.

    Raises:
        OSError: the disk forbids to read a file.
    """
    for name, sha256 in files.items():
        path = folder / name
        try:
            if state_of(path) == known.get(name):
                continue
            if path.is_symlink() or not path.is_file():
                return f"{name} is no file"
            if file_digest(path) != sha256:
                return f"{name} has another content than was written"
        except (FileNotFoundError, NotADirectoryError):
            return f"{name} is missing"
        except OSError as error:
            if isinstance(error, PermissionError):
                raise
            return f"{name} cannot be read ({error.strerror})"
    return ""


class RememberedDigests:
    """sha256 of large files, each read once in a process unless it changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._digests: dict[tuple[Path, State], str] = {}

    def digest(self, path: Path) -> str:
        """sha256 of a file; raises OSError if it cannot be read."""
        place = path.resolve()
        state = place, state_of(place)
        with self._lock:
            if state not in self._digests:
                self._digests[state] = file_digest(place)
            return self._digests[state]


remembered_digest = RememberedDigests().digest
"""sha256 of a file, read once in this process unless it changes."""
