"""Files that are replaced in one step, outlive a power cut, and leave nothing behind when their writer is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark import files
from benchmark.files import atomic_write, is_temporary, sweep_temporary
from benchmark.records.files import find_records
from support.paths import ROOT

WRITER = """
import sys
from pathlib import Path
from benchmark.files import atomic_write
with atomic_write(Path(sys.argv[1])) as temporary:
    temporary.write_text("{")
    print(temporary, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_writer_left_is_no_record_and_is_swept_and_a_living_writer_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "record.json")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        temporary = Path(writer.stdout.readline().strip())
        assert is_temporary(temporary)
        sweep_temporary(tmp_path)
        assert temporary.exists()
        assert find_records(tmp_path) == []
        writer.send_signal(signal.SIGKILL)
    assert temporary.exists()
    assert find_records(tmp_path) == []
    sweep_temporary(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_other_hidden_files_are_not_swept(tmp_path: Path) -> None:
    for name in (".gitkeep", ".0a1b.json", f".{'0a' * 15}.json"):
        (tmp_path / name).write_text("")
    sweep_temporary(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, steps = tmp_path / "file", []
    monkeypatch.setattr(files, "sync", lambda place: steps.append((is_temporary(place), path.exists())))
    with atomic_write(path) as temporary:
        temporary.write_text("new")
    assert steps == [(True, False), (False, True)]
    assert path.read_text() == "new"
