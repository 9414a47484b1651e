"""Digests of files that did not change cost a `stat` each."""

import hashlib
import os
from pathlib import Path

import pytest

from harness.datasets import digest_cache
from harness.datasets.digest_cache import DigestCache

LONG_AGO = 1_700_000_000


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read, in their order."""
    files: list[Path] = []
    real = digest_cache.file_digest

    def reading(path: Path) -> str:
        files.append(path)
        return real(path)

    monkeypatch.setattr(digest_cache, "file_digest", reading)
    return files


def photo(folder: Path, content: bytes = b"stripes", modified: int = LONG_AGO) -> Path:
    path = folder / "photo.jpg"
    path.write_bytes(content)
    os.utime(path, (modified, modified))
    return path


def digest_in_a_run(path: Path, database: Path, *, rehash: bool = False) -> str:
    with DigestCache(database, rehash=rehash) as cache:
        assert cache.digest(path) == cache.digest(path)
        return cache.digest(path)


def test_a_file_is_read_once_in_all_runs(tmp_path: Path, reads: list[Path]) -> None:
    path, database = photo(tmp_path), tmp_path / "store" / "digests.sqlite"
    expected = hashlib.sha256(b"stripes").hexdigest()
    assert [digest_in_a_run(path, database) for _ in range(3)] == [expected] * 3
    assert len(reads) == 1


def test_rehash_reads_it_again_once(tmp_path: Path, reads: list[Path]) -> None:
    path, database = photo(tmp_path), tmp_path / "digests.sqlite"
    digest_in_a_run(path, database)
    digest_in_a_run(path, database, rehash=True)
    assert len(reads) == 2


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_changed_file_is_read_again(tmp_path: Path, reads: list[Path], change: str) -> None:
    path, database = photo(tmp_path), tmp_path / "digests.sqlite"
    before = digest_in_a_run(path, database)
    if change == "size":
        photo(tmp_path, b"stripes!")
    elif change == "time":
        photo(tmp_path, b"STRIPES", LONG_AGO + 1)
    else:
        path.rename(tmp_path / "kept.jpg")  # so that its inode is not given to the next file
        photo(tmp_path, b"STRIPES")
    assert digest_in_a_run(path, database) != before
    assert len(reads) == 2


def test_a_file_changed_just_now_is_not_remembered(tmp_path: Path, reads: list[Path]) -> None:
    path, database = tmp_path / "photo.jpg", tmp_path / "digests.sqlite"
    path.write_bytes(b"stripes")
    digest_in_a_run(path, database)
    digest_in_a_run(path, database)
    assert len(reads) == 2


def test_a_moved_folder_is_another_place(tmp_path: Path, reads: list[Path]) -> None:
    (tmp_path / "a").mkdir()
    path, database = photo(tmp_path / "a"), tmp_path / "digests.sqlite"
    digest_in_a_run(path, database)
    (tmp_path / "a").rename(tmp_path / "b")
    digest_in_a_run(tmp_path / "b" / "photo.jpg", database)
    assert len(reads) == 2


def test_a_damaged_database_is_replaced(tmp_path: Path, reads: list[Path]) -> None:
    path, database = photo(tmp_path), tmp_path / "digests.sqlite"
    database.write_bytes(b"no database at all" * 100)
    for _ in range(2):
        assert digest_in_a_run(path, database) == hashlib.sha256(b"stripes").hexdigest()
    assert len(reads) == 1


def test_without_a_database_every_run_reads(tmp_path: Path, reads: list[Path]) -> None:
    path, database = photo(tmp_path), tmp_path / "photo.jpg" / "digests.sqlite"  # below a file
    for _ in range(2):
        assert digest_in_a_run(path, database) == hashlib.sha256(b"stripes").hexdigest()
    assert len(reads) == 2


def test_a_file_that_is_not_there_is_the_reader_s_error(tmp_path: Path) -> None:
    with DigestCache(tmp_path / "digests.sqlite") as cache, pytest.raises(FileNotFoundError):
        cache.digest(tmp_path / "no.jpg")
