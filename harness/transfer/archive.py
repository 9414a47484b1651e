"""Unpacking of zip files that may be damaged or hostile."""

import errno
import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from benchmark.errors import InputError
from harness.disk import check_room

DAMAGED = (zipfile.BadZipFile, EOFError, ValueError, RuntimeError, OSError, zlib.error, lzma.LZMAError)
"""Errors of unpacking: ValueError of names and offsets, RuntimeError of a password or an unknown compression, OSError
without a number of a bzip2 stream, the last two of the other streams."""
UNUSABLE_NAMES = {errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTDIR}
"""Numbers of the OSErrors that members' names cause: too long, or a file where another member has a folder."""
MOST_RATIO = 100
SMALL = 2**28
"""Bytes that an archive may hold whatever its own size is."""
_MACOS = "__MACOSX/"


def extract_zip(archive: Path, folder: Path) -> None:
    """Unpacks a zip file into a new folder, which appears complete or not at all.

    Raises:
        InputError: the folder exists, the file is no zip or is damaged, or a member is a link, has an unusable name, or
            would be written outside the folder.
        RunError: the disk has not enough room.
        OSError: the disk failed, or the archive cannot be opened.
    """
    if folder.exists():
        raise InputError(f"{folder} exists already. Give another --name, or delete that folder first.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [member for member in packed.infolist() if not member.filename.startswith(_MACOS)]
            _check_members(archive, members)
            size = sum(member.file_size for member in members)
            _check_ratio(archive, size)
            check_room(partial, size, f"Make room for {archive}, or unpack it elsewhere and import the folder.")
            packed.extractall(partial, members)
        partial.rename(folder)
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno not in {None, *UNUSABLE_NAMES}:  # of the disk, not of the archive
            raise
        raise InputError(f"{archive}: cannot be unpacked ({error}). Fetch it again, or unpack it yourself.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_ratio(archive: Path, size: int) -> None:
    """Refuse an archive whose content is out of all proportion: photos, tables and weights hardly shrink."""
    packed = archive.stat().st_size
    if size > SMALL and size > MOST_RATIO * packed:
        raise InputError(
            f"{archive}: its {packed / 1e6:.1f} MB unpack to {size / 1e9:.1f} GB, more than {MOST_RATIO} times as "
            "much, as no photos do. Nothing was unpacked. If you trust it, unpack it yourself and give the folder."
        )


def escapes(name: str) -> bool:
    r"""Whether a member of this name could be written outside the folder that an archive is unpacked into.

    >>> [escapes(name) for name in ("a/b.txt", "../b.txt", "/b.txt", "a\\..\\..\\b.txt", "C:\\b.txt")]
    [False, True, True, True, True]
    """
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or (bool(path.parts) and path.parts[0].endswith(":"))


def _check_members(archive: Path, members: Iterable[zipfile.ZipInfo]) -> None:
    for member in members:
        if not member.filename:
            raise InputError(
                f"{archive}: a member has no name. Nothing was unpacked; get the archive from its authors."
            )
        if escapes(member.filename):
            raise InputError(
                f"{archive}: the member {member.filename!r} would be written outside its folder. Nothing was unpacked; "
                "get the archive from its authors."
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(f"{archive}: the member {member.filename!r} is a link. Pack the file itself.")
