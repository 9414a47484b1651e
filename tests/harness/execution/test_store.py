import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE

import pytest

from benchmark.errors import RunError
from harness.execution.store import Entry, Store, digest, file_digest, tree_digest
from harness.storage import checks
from harness.storage.trees import remove_tree
from support.damage import change_byte, empty, halve
from support.paths import ROOT


def test_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest([-1]) != digest([1])


def test_file_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert file_digest(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_tree_digest_sees_names_and_contents_but_not_compiled_python(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    before = tree_digest(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"0")
    assert tree_digest(tmp_path) == before
    (tmp_path / "a.py").write_text("x = 2")
    assert tree_digest(tmp_path) != before


def test_a_finished_stage_is_found_and_an_unfinished_one_is_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.find("kind", "k" * 64) is None
    with store.building("kind", "k" * 64, {"note": 1}) as folder:
        (folder / "file").write_text("text")
        assert store.find("kind", "k" * 64) is None
    entry = store.find("kind", "k" * 64)
    assert entry is not None
    assert (entry.path / "file").read_text() == "text"
    assert entry.facts["note"] == 1
    assert entry.facts["files"] == {"file": file_digest(entry.path / "file")}


def fail(store: Store, error: Exception) -> None:
    with store.building("kind", "k" * 64, {}) as folder:
        (folder / "file").write_text("text")
        raise error


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(KeyError):
        fail(store, KeyError())
    assert store.find("kind", "k" * 64) is None
    assert list((tmp_path / "flight").iterdir()) == []


def test_the_first_of_two_equal_stages_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.building("kind", "k" * 64, {}) as slow:
        (slow / "file").write_text("second")
        with store.building("kind", "k" * 64, {}) as fast:
            (fast / "file").write_text("first")
    entry = store.find("kind", "k" * 64)
    assert entry is not None
    assert (entry.path / "file").read_text() == "first"


WRITER = """
import sys
from pathlib import Path
from harness.execution.store import Store
with Store(Path(sys.argv[1])).building("kind", "k" * 64, {}) as folder:
    (folder / "file").write_text("text")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_what_a_dead_process_left_is_removed_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    writer = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(writer, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        flight = Path(process.stdout.readline().strip())
        Store(tmp_path)
        assert (flight / "file").exists()
        process.kill()
    assert (flight / "file").exists()
    Store(tmp_path)
    assert not flight.exists()


def test_a_stray_file_in_flight_is_no_stage(tmp_path: Path) -> None:
    Store(tmp_path)
    (tmp_path / "flight" / ".DS_Store").write_bytes(b"0")
    with Store(tmp_path).building("kind", "k" * 64, {}):
        pass
    assert Store(tmp_path).find("kind", "k" * 64) is not None


def test_where_there_are_no_locks_stages_are_kept_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    Store(tmp_path)
    (tmp_path / "flight" / "abc").mkdir()
    with Store(tmp_path).building("kind", "k" * 64, {}):
        pass
    assert Store(tmp_path).find("kind", "k" * 64) is not None
    assert (tmp_path / "flight" / "abc").exists()


def test_a_disk_that_refuses_is_one_clear_error(tmp_path: Path) -> None:
    full = OSError(28, "No space left on device", str(tmp_path / "x"))
    with pytest.raises(RunError, match=r"No space left on device.*GiB are free.*run again\. Finished stages are kept"):
        fail(Store(tmp_path), full)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"Not a directory\. Fix that and try again"):
        Store(tmp_path / "file")


def test_stage_json_is_readable(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.building("kind", "k" * 64, {"seconds": 1.5}):
        pass
    entry = store.find("kind", "k" * 64)
    assert entry is not None
    assert json.loads((entry.path / "stage.json").read_text())["seconds"] == 1.5


def build(store: Store, text: str = "text", key: str = "k" * 64) -> Entry:
    def write(folder: Path) -> None:
        (folder / "out").mkdir()
        (folder / "out" / "file").write_text(text)
        (folder / "out" / "other").write_text("other")

    return store.find_or_build("kind", key, {"note": 1}, write)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_link(path: Path) -> None:
    copy = path.rename(path.parents[3] / "copy")
    path.symlink_to(copy)


@pytest.mark.parametrize("deed", [change_byte, halve, empty, Path.unlink, replace_by_folder, replace_by_link])
@pytest.mark.parametrize("name", ["out/file", "out/other", "stage.json"])
def test_a_damaged_stage_is_named_set_aside_and_made_again(
    deed: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    reports: list[str] = []
    entry = build(Store(tmp_path))
    deed(entry.path / name)
    store = Store(tmp_path, reports.append)
    assert store.find("kind", "k" * 64) is None
    (report,) = reports
    assert entry.path.name in report
    assert name in report
    (aside,) = (tmp_path / "damaged").iterdir()
    assert str(aside) in report
    assert (build(store).path / "out" / "file").read_text() == "text"
    assert store.find("kind", "k" * 64) is not None
    assert len(reports) == 1


@pytest.mark.parametrize(
    "text", ["[]", '{"files": [1]}', '{"files": {"out/file": 5}}', "[" * 100_000, '{"files": null}']
)
def test_a_stage_whose_facts_are_nonsense_is_set_aside(text: str, tmp_path: Path) -> None:
    note = build(Store(tmp_path)).path / "stage.json"
    note.chmod(0o644)
    note.write_text(text)
    assert Store(tmp_path, [].append).find("kind", "k" * 64) is None


def test_a_stage_of_an_earlier_version_is_believed_if_its_files_are_right(tmp_path: Path) -> None:
    note = build(Store(tmp_path)).path / "stage.json"
    note.chmod(0o644)
    facts = json.loads(note.read_text())
    del facts["digest"]
    note.write_text(json.dumps(facts))
    for states in (tmp_path / "checked").iterdir():
        states.unlink()
    assert Store(tmp_path).find("kind", "k" * 64) is not None
    change_byte(note.parent / "out" / "file")
    assert Store(tmp_path, [].append).find("kind", "k" * 64) is None


def test_files_are_read_again_only_if_something_touched_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(checks, "file_digest", lambda path: read.append(path.name) or file_digest(path))
    store = Store(tmp_path)
    entry = build(store)
    assert read == []
    (entry.path / "out" / "file").touch()
    store.find("kind", "k" * 64)
    Store(tmp_path).find("kind", "k" * 64)
    assert read == ["file"]
    store.forget_checks()
    store.find("kind", "k" * 64)
    assert sorted(read) == ["file", "file", "other"]


def test_a_settled_stage_has_plain_modes_and_plain_files_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "secret").write_text("of the user")
    (tmp_path / "secret").chmod(0o600)
    with store.building("kind", "k" * 64, {}) as folder:
        (folder / "out").mkdir(mode=0o777)
        (folder / "out" / "program").write_text("")
        (folder / "out" / "program").chmod(0o6777)
        (folder / "link").symlink_to(tmp_path / "secret")
        os.mkfifo(folder / "fifo")
    entry = store.find("kind", "k" * 64)
    assert entry is not None
    assert sorted(path.name for path in entry.path.iterdir()) == ["out", "stage.json"]
    assert stat.S_IMODE((entry.path / "out" / "program").stat().st_mode) == 0o444
    assert stat.S_IMODE((entry.path / "out").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_all_files_and_folders_are_on_the_disk_before_the_stage_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def sync(path: Path) -> None:
        assert path == tmp_path / "stages" or not list((tmp_path / "stages").iterdir())
        synced.append(path.name)

    monkeypatch.setattr("harness.storage.trees.sync", sync)
    monkeypatch.setattr("harness.execution.store.sync", sync)
    build(Store(tmp_path))
    assert {"file", "other", "out", "stage.json", "stages"} <= set(synced)
    assert synced[-1] == "stages"


def test_the_second_of_two_runs_of_a_stage_waits_and_finds_it(tmp_path: Path) -> None:
    store, made = Store(tmp_path), []

    def make(number: int) -> Entry:
        def write(folder: Path) -> None:
            made.append(number)
            time.sleep(0.2)
            (folder / "file").write_text(str(number))

        return (store if number % 2 else Store(tmp_path)).find_or_build("kind", "k" * 64, {}, write)

    with ThreadPoolExecutor(4) as pool:
        entries = list(pool.map(make, range(4)))
    assert len(made) == 1
    assert {(entry.path / "file").read_text() for entry in entries} == {str(made[0])}


def test_who_waits_for_a_stage_can_be_stopped(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with (
        store.holding("kind", "k" * 64),
        pytest.raises(RunError, match="Stopped waiting"),
        Store(tmp_path).holding("kind", "k" * 64, lambda: True),
    ):
        pytest.fail("two hold one lock")


def test_a_folder_of_any_depth_is_removed(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    (deep / "file").write_text("")
    place = os.open(deep, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
    remove_tree(deep)
    assert not deep.exists()


def test_a_store_on_two_file_systems_is_refused_at_once(tmp_path: Path) -> None:
    other = Path("/dev/shm")  # noqa: S108
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    with tempfile.TemporaryDirectory(dir=other) as flight:
        (tmp_path / "flight").symlink_to(flight)
        with pytest.raises(RunError, match="are on different file systems"):
            Store(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EXDEV, errno.EIO])
def test_a_disk_error_is_one_message_with_path_cause_and_advice_that_removes_nothing_of_a_user(
    number: int, tmp_path: Path
) -> None:
    with pytest.raises(RunError) as caught:
        fail(Store(tmp_path), OSError(number, os.strerror(number), str(tmp_path / "x")))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'x'}: {os.strerror(number)}. ")
    assert "delete" not in message
    assert ".patternbench" not in message
    assert "Fix that" not in message
