"""The file system: its errors in words, free space and sizes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import InputError, RunError
from benchmark.files import atomic_write


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raises RunError for an OSError of the block: names the file and the cause."""
    try:
        yield
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise RunError(f"{place}{error.strerror or error}. Fix that and try again.") from error


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
