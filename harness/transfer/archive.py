"""Unpacking a data set's zip file without letting it write anywhere else."""

import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from benchmark.errors import InputError, RunError

DAMAGED = (zipfile.BadZipFile, EOFError, ValueError, RuntimeError, OSError, zlib.error, lzma.LZMAError)
"""What unpacking raises: ValueError of names and offsets, RuntimeError of a password or an unknown compression, OSError
without a number of a bzip2 stream, the last two of the other streams."""
_MACOS = "__MACOSX/"


def extract_zip(archive: Path, folder: Path) -> None:
    """Unpack into a new folder; it appears complete or not at all.

    Raises:
        InputError: the folder is there already, the file is no zip or is damaged, or a member would leave the
            folder or is a link.
        RunError: the disk has not enough room.
    """
    if folder.exists():
        raise InputError(f"{folder} is there already. Give another --name, or delete that folder first.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [member for member in packed.infolist() if not member.filename.startswith(_MACOS)]
            _check_members(archive, members)
            _check_room(archive, members, partial)
            packed.extractall(partial, members)
        partial.rename(folder)
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's trouble
            raise
        raise InputError(f"{archive}: cannot be unpacked ({error}). Fetch it again, or unpack it yourself.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse what would be written outside, or would point there."""
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
            raise InputError(
                f"{archive}: the member {member.filename!r} would be written outside its folder. Nothing "
                "was unpacked; get the archive from its authors."
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(f"{archive}: the member {member.filename!r} is a link. Pack the file itself.")


def _check_room(archive: Path, members: list[zipfile.ZipInfo], folder: Path) -> None:
    needed = sum(member.file_size for member in members)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise RunError(
            f"{archive} needs {needed / 2**30:.1f} GiB unpacked, {folder.parent} has {free / 2**30:.1f}. "
            "Make room, or unpack it elsewhere and import the folder."
        )
