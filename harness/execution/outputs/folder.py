"""The folder out/ as a whole: plain files and few folders, with names that are text, of a bounded size."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from benchmark.text import printable
from harness.execution.outputs.errors import BadOutputError

MOST_ENTRIES = 1000
MOST_LEVELS = 8
"""Folders in each other, out/ included."""
MOST_BYTES = 32 * 2**30
"""Size of all files that the contract does not bound by their shapes, such as checkpoints."""
LONGEST_NAME = 100


def check_folder(out: Path, arrays: frozenset[str] = frozenset()) -> None:
    """Check names, kinds and sizes of everything in a job's folder `out/`. No file is opened.

    Args:
        out: the folder.
        arrays: names of the files whose sizes are checked against their shapes.

    Raises:
        BadOutputError: something is no plain file or folder, has a name that is no printable text, lies too deep, or
            cannot be looked at; or there are too many files, or too large ones.
    """
    size = 0
    for number, (name, entry) in enumerate(_walk(out), start=1):
        if number > MOST_ENTRIES:
            raise BadOutputError(f"out/ holds more than {MOST_ENTRIES} files and folders")
        facts = entry.stat(follow_symlinks=False)
        _check_kind(name, facts)
        if stat.S_ISREG(facts.st_mode) and name not in arrays:
            size += facts.st_size
    if size > MOST_BYTES:
        raise BadOutputError(
            f"out/ holds {size / 2**30:.1f} GiB beside its arrays, at most {MOST_BYTES // 2**30} GiB are taken"
        )


def _walk(out: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below a folder with its path there, not through links, without recursion."""
    waiting = [("", out)]
    while waiting:
        place, folder = waiting.pop()
        if place.count("/") >= MOST_LEVELS:
            raise BadOutputError(f"out/ has more than {MOST_LEVELS} folders in each other")
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if len(entry.name) > LONGEST_NAME or printable(entry.name) != entry.name:
                        shown = printable(entry.name)[:LONGEST_NAME]
                        raise BadOutputError(f"out/{place}{shown} has a name that is too long or is no printable text")
                    yield f"{place}{entry.name}", entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((f"{place}{entry.name}/", Path(entry.path)))
        except PermissionError as error:
            raise BadOutputError(f"the folder out/{place} may not be read") from error


def _check_kind(name: str, facts: os.stat_result) -> None:
    if stat.S_ISLNK(facts.st_mode) or (stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1):
        raise BadOutputError(f"out/{name} is a link; only plain files are taken")
    if not stat.S_ISREG(facts.st_mode) and not stat.S_ISDIR(facts.st_mode):
        raise BadOutputError(f"out/{name} is neither a file nor a folder")
