"""The file system: its errors in words, free space and sizes."""

import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import InputError, PatternbenchError, RunError, program_fault
from benchmark.files import atomic_write

TRIED_BYTES = 2**16
"""Bytes that are written on trial: about as much as a record."""

ADVICE: Mapping[int, str] = {
    errno.EDQUOT: "Your quota there is used up. Make room, or ask for more, and run again.",
    errno.EROFS: "It is mounted read-only. Mount it so that it can be written to, or use a checkout elsewhere.",
    errno.EACCES: "Its owner or its modes forbid that. Run as its owner, or change its owner or modes.",
    errno.EPERM: "Its owner or its modes forbid that. Run as its owner, or change its owner or modes.",
    errno.EXDEV: "It joins two file systems. Link or mount the whole folder, not a part of it.",
    errno.EMFILE: "This process may open no more files. Raise the limit: ulimit -n 4096",
    errno.ENFILE: "The machine can open no more files. End other programs.",
    errno.EIO: "The disk or its connection fails. Check it (dmesg), and copy what matters to another.",
    errno.ENAMETOOLONG: "The name is too long for this file system. Use a checkout with a shorter path.",
    errno.ENOENT: "It is not there, or was removed meanwhile.",
    errno.ENODEV: "The file system cannot do that. Use a checkout on a disk of this machine.",
}
"""What to do, by the number of an OSError."""


def explain(error: OSError, place: Path | None = None) -> str:
    """An error of the disk as a message: path, cause, and what to do.

    Nothing that users made is ever offered for removal.

    Args:
        error: raised by the operating system.
        place: where it happened, if the error does not name a path.
    """
    path = error.filename or place
    start = f"{path}: " if path else ""
    return f"{start}{error.strerror or error}. {_advice(error, Path(str(path)) if path else None)}"


def as_failure(error: Exception) -> PatternbenchError:
    """An error of a run as one with a message: of the disk, or one that nobody expected; others have one."""
    if isinstance(error, PatternbenchError):
        return error
    return RunError(explain(error)) if isinstance(error, OSError) else program_fault(error)


def _advice(error: OSError, path: Path | None) -> str:
    if error.errno != errno.ENOSPC:
        return ADVICE.get(error.errno or 0, "Fix that and try again.")
    clean = "`patternbench clean` shows what runs made and can make again"
    if path is None:
        return f"Make room ({clean}) and run again."
    status = os.statvfs(next(folder for folder in (path, *path.absolute().parents) if folder.exists()))
    if status.f_files and not status.f_favail:
        return f"That file system can hold no more files. Remove some ({clean}) and run again."
    return f"{status.f_bavail * status.f_frsize / 2**30:.1f} GiB are free there. Make room ({clean}) and run again."


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raises RunError for an OSError of the block: names the file, the cause and what to do."""
    try:
        yield
    except OSError as error:
        raise RunError(explain(error)) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, and the folders that it needs.

    Args:
        path: of the file; replaced if it exists.
        text: its content, written as UTF-8 with its own line ends.

    Raises:
        RunError: the disk is full or cannot be written to.
    """
    with disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")


@contextmanager
def output_errors(path: Path, advice: str, kinds: tuple[type[Exception], ...] = (OSError,)) -> Iterator[None]:
    """Raises InputError for an error of the block, which writes a file or folder that the user named.

    Args:
        path: the file or folder.
        advice: what to do, as a sentence.
        kinds: the errors to translate.
    """
    try:
        yield
    except kinds as error:
        raise InputError(f"{path}: cannot be written ({error}). {advice}") from error


def check_writable(folder: Path) -> None:
    """Raises RunError if no file can be written into a folder, which is made if it does not exist.

    Call it before long work whose results go there.
    """
    with disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{uuid.uuid4().hex}.") as file:
            file.write(bytes(TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())


def check_room(folder: Path, size: int, advice: str) -> None:
    """Raises RunError if the disk of a folder has not enough free space.

    Args:
        folder: that exists.
        size: bytes to be written.
        advice: what to do, as a sentence.
    """
    free = shutil.disk_usage(folder).free
    if size > free:
        raise RunError(f"{size / 2**30:.1f} GiB are needed, but {folder} has {free / 2**30:.1f} GiB free. {advice}")


def size_text(path: Path) -> str:
    """The size of a file in MB of 1e6 bytes."""
    return f"{path.stat().st_size / 1e6:.1f} MB"


def bytes_text(size: float) -> str:
    """A number of bytes in words.

    >>> [bytes_text(size) for size in (0, 2048, 3.5e6, 12.1e9)]
    ['0.0 MB', '0.0 MB', '3.5 MB', '12.1 GB']
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"  # noqa: PLR2004 - the unit
