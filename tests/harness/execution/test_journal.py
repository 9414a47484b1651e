"""The journal of stages: how each ended."""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from benchmark.errors import RunError
from harness.execution.jobs import StageError
from harness.execution.journal import Journal, StageNote, comparable, expect, expected_seconds
from harness.execution.plan import StageSpec
from harness.execution.runners.base import Outcome


def note(**fields: Any) -> StageNote:
    values = {"backbone": "lama", "stage": "inpaint", "dataset": "fish", "key": "k" * 64, "runner": "process"}
    inputs = {"job": {"image_size": 64, "epochs": 2}}
    return StageNote.model_validate(values | {"inputs": inputs} | fields)


def spec(**job: Any) -> StageSpec:
    """A stage whose job has the given fields."""
    nothing: Any = None
    fields: Any = type("Job", (), {"image_size": 64} | job)
    return StageSpec("inpaint", fields, nothing)


def end_by(error: BaseException | None, journal: Journal, *, stopped: bool) -> None:
    """A stage that is noted and ends by an error, or as it should."""
    with journal.noting(note(), lambda: stopped) as fields:
        (running,) = journal.notes()
        assert (running.state, running.pid, running.label) == ("running", os.getpid(), "lama/inpaint")
        fields["stored_bytes"] = 5
        if error is not None:
            raise error


@pytest.mark.parametrize(
    ("error", "stopped", "state", "cause"),
    [
        (None, False, "ok", ""),
        (StageError("inpaint", Outcome("crash", "ended with exit code 1", "the log")), False, "crash", "ended with"),
        (RunError("The job was stopped."), True, "cancelled", "stopped"),
        (RunError("The engine went away."), False, "infra", "engine"),
        (KeyboardInterrupt(), False, "cancelled", ""),
    ],
)
def test_the_end_of_a_stage_is_noted(
    error: BaseException | None, state: str, cause: str, tmp_path: Path, *, stopped: bool
) -> None:
    journal = Journal(tmp_path)
    with nullcontext() if error is None else pytest.raises(type(error)):
        end_by(error, journal, stopped=stopped)
    (ended,) = journal.notes()
    assert ended.state == state
    assert cause in ended.cause
    assert ended.stored_bytes == 5
    assert ended.seconds is not None
    assert ended.log == ("the log" if isinstance(error, StageError) else "")


def test_a_stage_whose_process_is_gone_was_cancelled(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    Journal(tmp_path).write(note(pid=child.pid))
    (found,) = Journal(tmp_path).notes()
    assert (found.state, found.cause) == ("cancelled", "its process is gone")


def test_a_process_of_another_machine_is_believed(tmp_path: Path) -> None:
    Journal(tmp_path).write(note(pid=1, host="elsewhere"))
    assert Journal(tmp_path).notes()[0].state == "running"


def test_a_damaged_note_hides_no_other(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(note(started="2026-01-01T00:00:00+00:00", state="crash"))
    journal.write(note(started="2026-01-02T00:00:00+00:00", state="crash", key="b" * 64))
    (tmp_path / "journal" / "broken.json").write_text("{")
    assert [one.key[0] for one in journal.notes()] == ["b", "k"]


def test_a_journal_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file in its place")
    with Journal(tmp_path).noting(note(), lambda: False):
        pass
    assert Journal(tmp_path).notes() == []


def test_time_is_expected_in_proportion_to_the_epochs_of_a_comparable_stage() -> None:
    done = note(state="ok", seconds=10.0)
    assert comparable([note(state="crash"), done], "lama", "fish", spec(epochs=6)) == done
    assert expected_seconds(done, spec(epochs=6)) == 30.0
    assert expected_seconds(done, spec()) == 10.0
    assert [one.seconds for one in expect([done], "lama", "fish", [spec(epochs=1)])] == [5.0]
    for other in ({"dataset": "cats"}, {"backbone": "aotgan"}, {"inputs": {"job": {"image_size": 256}}}):
        assert comparable([done.model_copy(update=other)], "lama", "fish", spec()) is None


def test_notes_of_earlier_versions_are_read() -> None:
    assert [note(state=state).state for state in ("finished", "failed", "interrupted")] == ["ok", "crash", "cancelled"]
    with pytest.raises(ValidationError):
        note(state="lost")


def test_a_skipped_stage_is_noted_until_it_is_started(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.write(StageNote.skipped("lama", "fish", "process", spec(), "learn"))
    journal.write(StageNote.skipped("lama", "fish", "process", spec(), "inpaint"))
    (skipped,) = journal.notes()
    assert (skipped.state, skipped.cause, skipped.label) == ("skipped", "needs inpaint", "lama/inpaint")
