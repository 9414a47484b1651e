import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError, RunError
from harness.transfer import archive
from harness.transfer.archive import extract_zip


def _zip(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def test_an_archive_is_unpacked_into_a_new_folder(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", **{"x/y.txt": "hello", "__MACOSX/x/._y.txt": "junk"})
    extract_zip(path, tmp_path / "store" / "a")
    assert (tmp_path / "store" / "a" / "x" / "y.txt").read_text() == "hello"
    assert [entry.name for entry in (tmp_path / "store" / "a").iterdir()] == ["x"]
    assert [entry.name for entry in (tmp_path / "store").iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["../evil.txt", "x/../../evil.txt", "/evil.txt", "..\\evil.txt", "C:\\evil.txt"])
def test_a_member_that_would_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = _zip(tmp_path / "a.zip", **{"good.txt": "x", name: "x"})
    with pytest.raises(InputError, match="outside its folder"):
        extract_zip(path, tmp_path / "store" / "a")
    assert list((tmp_path / "store").iterdir()) == []
    assert not (tmp_path / "evil.txt").exists()


def test_an_archive_that_unpacks_to_a_thousand_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "SMALL", 10_000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", bytes(10**7))
    with pytest.raises(InputError, match="more than 100 times as much"):
        extract_zip(tmp_path / "a.zip", tmp_path / "store" / "a")
    monkeypatch.setattr(archive, "SMALL", 10**7)
    extract_zip(tmp_path / "a.zip", tmp_path / "store" / "a")


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc")
    with pytest.raises(InputError, match="is a link"):
        extract_zip(path, tmp_path / "a")


def test_an_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="exists already"):
        extract_zip(_zip(tmp_path / "a.zip", x="x"), tmp_path / "a")


@pytest.mark.parametrize("damage", [b"no zip at all", None])
def test_a_damaged_archive_is_refused_and_leaves_nothing(tmp_path: Path, damage: bytes | None) -> None:
    path = _zip(tmp_path / "a.zip", x="hello hello")
    path.write_bytes(damage or path.read_bytes().replace(b"hello hello", b"hullo hullo"))
    with pytest.raises(InputError, match="cannot be unpacked"):
        extract_zip(path, tmp_path / "store" / "a")
    assert list((tmp_path / "store").iterdir()) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_stream_is_refused_however_it_is_packed(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as packed:
        packed.writestr("x", " ".join(map(str, range(2000))))
        length = packed.filelist[0].compress_size
    content = bytearray(path.read_bytes())
    content[40 : 31 + length] = b"\xff" * (length - 9)  # the stream begins at 31; LZMA's first 9 bytes are settings
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.zip: cannot be unpacked \(.*(invalid|Invalid|Corrupt).*\)"):
        extract_zip(path, tmp_path / "a")


def test_a_damaged_name_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", **{"für.txt": "hello"})
    path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xff\xff"))
    with pytest.raises(InputError, match=r"a\.zip: cannot be unpacked \(.*utf-8"):
        extract_zip(path, tmp_path / "a")


def test_an_error_of_the_disk_is_not_reported_as_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        extract_zip(tmp_path / "no.zip", tmp_path / "a")


def test_a_full_disk_is_reported_before_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=3))
    with pytest.raises(RunError, match="Make room"):
        extract_zip(_zip(tmp_path / "a.zip", x="hello"), tmp_path / "a")


def test_a_member_without_a_name_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", Z="hello")
    path.write_bytes(path.read_bytes().replace(b"Z", b"\0"))
    with pytest.raises(InputError, match="a member has no name"):
        extract_zip(path, tmp_path / "a")


PARTS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["a", "b", "..", ".", "C:", "x" * 300])
NAMES = st.builds(
    "{}{}".format,
    st.lists(PARTS, min_size=1, max_size=4).map("/".join) | st.lists(PARTS, min_size=1, max_size=4).map("\\".join),
    st.sampled_from(["", "", "/"]),
).filter(lambda name: name.partition("\0")[0])


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_members_of_any_name_are_unpacked_into_the_folder_or_refused_as_a_whole(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with zipfile.ZipFile(root / "a.zip", "w") as packed, warnings.catch_warnings(action="ignore"):
            for name in names:  # some twice
                packed.writestr(name, "content")
        target = root / "store" / "a"
        try:
            extract_zip(root / "a.zip", target)
        except InputError:
            assert not target.exists()
        else:
            assert target.is_dir()
        assert {path.name for path in root.iterdir()} == {"a.zip", "store"}
        assert {path.name for path in (root / "store").iterdir()} <= {"a"}
