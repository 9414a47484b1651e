"""Copies of files that share nothing with the original that a program could see."""

import errno
import os
import shutil
from pathlib import Path
from typing import BinaryIO

from harness.storage.trees import FILE_MODE

BLOCK = 2**28
"""Bytes that are copied at once."""

NOT_HERE = {errno.ENOSYS, errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.EPERM}
"""Errors of systems and file systems that cannot copy a file inside the kernel."""


def copy_private(source: Path, target: Path) -> None:
    """Copy a file to a new, read-only one. File systems that can share blocks copy nothing and take no room.

    Args:
        source: an existing file.
        target: in an existing folder; there is no such file.

    Raises:
        OSError: the disk failed or is full.
    """
    with source.open("rb") as original, target.open("xb") as copy:
        if not _copied_in_kernel(original, copy):
            original.seek(0)
            copy.truncate(0)
            copy.seek(0)
            shutil.copyfileobj(original, copy, BLOCK)
    target.chmod(FILE_MODE)


def _copied_in_kernel(original: BinaryIO, copy: BinaryIO) -> bool:
    """Copy a whole file without reading it; False if this system cannot."""
    size = os.fstat(original.fileno()).st_size
    done = 0
    while done < size:
        try:
            count = os.copy_file_range(original.fileno(), copy.fileno(), min(BLOCK, size - done))
        except OSError as error:
            if error.errno in NOT_HERE:
                return False
            raise
        if not count:
            return False
        done += count
    return True
