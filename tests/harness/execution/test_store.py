import errno
import json
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from benchmark.errors import RunError
from harness.execution.store import Store, digest, file_digest, tree_digest
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
