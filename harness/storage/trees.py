"""Folders of files that are written once: settled so that a power cut loses nothing, and removed at any depth."""

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmark.files import sync
from benchmark.hashing import file_digest

FILE_MODE, FOLDER_MODE = 0o444, 0o755
"""Modes of what is settled: files that nobody writes to, and no bits that give rights to who runs them."""


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder, not through links; a folder comes before what is in it."""
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))


def settle(folder: Path) -> dict[str, str]:
    """Bring a written folder into its last state: plain files and folders, with fixed modes, on the disk.

    What is neither a file nor a folder is removed.

    Returns:
        The sha256 of each file, by its path relative to the folder.

    Raises:
        OSError: the disk failed.
    """
    digests, folders = {}, [folder]
    for entry in walk(folder):
        path, mode = Path(entry.path), entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            folders.append(path)
        elif stat.S_ISREG(mode):
            digests[path.relative_to(folder).as_posix()] = file_digest(path)
            settle_file(path)
        else:
            path.unlink()
    for path in reversed(folders):
        with suppress(PermissionError):
            path.chmod(FOLDER_MODE)
        sync(path)
    return dict(sorted(digests.items()))


def settle_file(path: Path) -> None:
    """Make a file read-only, and wait until it is on the disk."""
    with suppress(PermissionError):  # it belongs to the user of a container
        path.chmod(FILE_MODE)
    sync(path)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that is possible.

    Folders in folders are first moved to the top, so that neither their depth nor the length of their paths matters.
    """
    with suppress(OSError):
        while inner := [Path(entry.path) for entry in _opened(folder) if entry.is_dir(follow_symlinks=False)]:
            for one in inner:
                for entry in _opened(one):
                    if entry.is_dir(follow_symlinks=False):
                        Path(entry.path).rename(folder / uuid.uuid4().hex)
                    else:
                        Path(entry.path).unlink()
                one.rmdir()
        for entry in _opened(folder):
            Path(entry.path).unlink()
        folder.rmdir()


def _opened(folder: Path) -> list[os.DirEntry[str]]:
    folder.chmod(0o700)
    with os.scandir(folder) as entries:
        return list(entries)
