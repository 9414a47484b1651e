"""What disks, hands and power cuts do to a file."""

import os
from pathlib import Path


def change_byte(path: Path) -> None:
    """Change one byte, and leave the size and the time of the last change, as a failing disk does."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def halve(path: Path) -> None:
    """Keep the first half."""
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    """Keep the name alone, as a power cut does."""
    path.chmod(0o644)
    path.write_bytes(b"")
