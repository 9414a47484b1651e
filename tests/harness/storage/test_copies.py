"""A private copy has the content of its original and is another file, with and without the help of the kernel."""

import errno
import os
from pathlib import Path

import pytest

from harness.storage import copies
from harness.storage.copies import copy_private

CONTENT = bytes(range(256)) * 1001


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_a_copy_has_the_content_and_nothing_else_in_common(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "BLOCK", 1000)
    original, copy = tmp_path / "a", tmp_path / "b"
    original.write_bytes(content)
    copy_private(original, copy)
    assert copy.read_bytes() == content
    assert copy.stat().st_ino != original.stat().st_ino
    assert copy.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EXDEV, errno.EOPNOTSUPP])
@pytest.mark.parametrize("before", [0, 1000])
def test_a_system_that_cannot_copy_in_the_kernel_copies_otherwise(
    original: Path, monkeypatch: pytest.MonkeyPatch, number: int, before: int
) -> None:
    """Also if it stops in the middle."""
    calls = []

    def refuse(source: int, target: int, _: int) -> int:
        calls.append(1)
        if len(calls) > 1 or not before:
            raise OSError(number, os.strerror(number))
        return os.write(target, os.read(source, before))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    copy_private(original, original.with_name("copy"))
    assert original.with_name("copy").read_bytes() == CONTENT


def test_a_full_disk_is_an_error(original: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "copy_file_range", full)
    with pytest.raises(OSError, match="No space left"):
        copy_private(original, original.with_name("copy"))
