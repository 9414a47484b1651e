"""Files that several processes may write at the same time, and that outlive a power cut."""

import errno
import fcntl
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TEMPORARY = re.compile(r"\.[0-9a-f]{32}(\.|$)")
_NO_SYNC = {errno.EINVAL, errno.EOPNOTSUPP, errno.EROFS}
"""Numbers of the errors of file systems that do not know `fsync`."""


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the exclusive lock of a folder, after waiting for the process that holds it.

    The lock is of the folder itself: no lock file appears in it, so it may be tracked by git. The operating system
    releases the lock when the process ends. On a file system without locks nothing is held.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; the file written there replaces `path` in one step when the block ends.

    The new file is on the disk before it has its name: after a power cut `path` is the old file or the new one. After
    an error in the block, `path` is unchanged and the temporary file is removed. Its writer holds a lock on it, so that
    `sweep_temporary` knows a file whose writer was killed.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    finally:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; raises OSError if the disk fails."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # it belongs to another user, and cannot be waited for
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def is_temporary(path: Path) -> bool:
    """Whether a file has the name of one that `atomic_write` has not finished: it is no result.

    >>> is_temporary(Path(f".{'0a' * 16}.json")), is_temporary(Path("lama-0a1b2c3d4e5f.json"))
    (True, False)
    """
    return _TEMPORARY.match(path.name) is not None


def sweep_temporary(folder: Path) -> None:
    """Remove what killed writers left below a folder; a file that is being written stays."""
    for path in filter(is_temporary, folder.rglob(".*")):
        with suppress(OSError), path.open("rb") as file:  # the lock is refused while its writer lives
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
