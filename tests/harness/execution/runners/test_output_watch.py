"""The folder of a running job's outputs is stopped at its limits."""

import threading
from pathlib import Path

import pytest

from harness.execution.runners import output_watch
from harness.execution.runners.base import Limits
from harness.execution.runners.output_watch import excess, watching_output

LIMITS = Limits(1, 1, out_bytes=2**20, out_files=5)


def test_blocks_and_entries_count_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(b"x" * 2**19)
    assert excess(tmp_path, LIMITS) == ""
    (tmp_path / "b").write_bytes(b"x" * 2**20)
    assert excess(tmp_path, LIMITS) == "out/ takes more than 0.000977 GiB of disk"
    for number in range(5):
        (tmp_path / "inner" / str(number)).touch()
    assert excess(tmp_path, LIMITS) == "out/ holds more than 5 files and folders"


def test_a_file_with_holes_and_a_link_take_no_disk(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**30)
    (tmp_path / "loop").symlink_to(tmp_path)
    assert excess(tmp_path, LIMITS) == ""


def test_the_job_is_stopped_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_watch, "WATCH_SECONDS", 0.01)
    reasons: list[str] = []
    stopped = threading.Event()

    def stop(reason: str) -> None:
        reasons.append(reason)
        stopped.set()

    with watching_output(tmp_path, LIMITS, stop):
        for number in range(6):
            (tmp_path / str(number)).touch()
        assert stopped.wait(20)
    assert reasons == ["out/ holds more than 5 files and folders"]
