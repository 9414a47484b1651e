"""Whose fault it is that a job failed."""

import errno
import os
import signal
from pathlib import Path

import pytest

from harness.execution import jobs
from harness.execution.jobs import disk_trouble
from harness.execution.runners.base import Outcome

CRASH = Outcome("crash", "ended with exit code 1", "RuntimeError: planted", 1)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_the_log_calls_full_is_to_blame(number: int, tmp_path: Path) -> None:
    log = f"OSError: [Errno {number}] {os.strerror(number)}: 'out/embeddings.npy'"
    message = disk_trouble(Outcome("crash", "ended with exit code 1", log, 1), tmp_path)
    assert os.strerror(number) in message
    assert "no record is written" in message
    assert disk_trouble(CRASH, tmp_path) == ""
    assert disk_trouble(Outcome("ok", "", log), tmp_path) == ""


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("crash", "", "", -signal.SIGBUS),
        Outcome("crash", "", "", 128 + signal.SIGBUS),
        Outcome("bad_output", "out/embeddings.npy is missing or empty", ""),
    ],
)
def test_without_room_a_bus_error_or_a_short_file_is_the_disk_s(
    outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert disk_trouble(outcome, tmp_path) == ""
    monkeypatch.setattr(jobs, "FULL_BYTES", 2**60)
    assert "no room for its outputs" in disk_trouble(outcome, tmp_path)
    assert disk_trouble(CRASH, tmp_path) == ""
