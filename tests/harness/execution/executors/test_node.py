"""What a machine of a cluster does, without Ray: it shows what it sees of the others, and does stages."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import RunError
from harness.execution.executors import node
from harness.execution.executors.cluster import Machine, stages_at_once, threads_of
from harness.execution.executors.node import NodeSetup, code_here, do_stage, probe
from harness.execution.jobs import StageError
from harness.execution.results import StageResult
from harness.execution.runners.base import Limits, Outcome
from harness.execution.trouble import InfraError
from harness.workspace import Workspace
from support.fakes import RecordingListener
from support.pets import cut, pets
from support.stub_stages import StubRunner, stub_stage_runner, stub_stages


@contextmanager
def token(folder: Path, *, locked: bool = True) -> Iterator[Path]:
    path = folder / "token"
    with path.open("w") as file:
        file.write("written")
        file.flush()
        if locked:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield path


def test_a_machine_that_sees_store_locks_and_code_is_right(tmp_path: Path) -> None:
    with token(tmp_path) as path:
        assert probe(path, f"written {code_here()}") == []


def test_every_fault_of_a_machine_is_named(tmp_path: Path) -> None:
    with token(tmp_path, locked=False) as path:
        assert [fault.split(" in ")[0] for fault in probe(path, "written other")] == [
            "does not see the file locks of others",
            "has another version of the project or of Python",
        ]
        assert "another content" in probe(path, f"else {code_here()}")[0]
    assert "does not see the store" in probe(tmp_path / "nowhere" / "token", f"written {code_here()}")[0]


class Distant:
    """A data set, and a machine of stub runners that does its stages."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, runner: StubRunner) -> None:
        data = pets(root)
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.workspace = Workspace(root)
        local = stub_stage_runner(data, StubRunner(), RecordingListener())
        (self.stage,) = stub_stages(1)
        self.pack = local.pack(self.stage, cut(data))
        self.backbone = local._backbone
        monkeypatch.setattr(node, "_runner", lambda _: runner)

    def do(self, code: str = "stub") -> StageResult | Exception:
        setup = NodeSetup(self.workspace, self.backbone, code, "process", Limits(60, 1), "cpu")
        return do_stage(setup, self.stage, self.pack, {}, 1, lambda *event: self.sent.append(event))


def test_a_stage_is_done_in_the_store_and_its_events_are_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distant = Distant(tmp_path, monkeypatch, StubRunner())
    result = distant.do()
    assert isinstance(result, StageResult)
    assert result.entry.path.is_relative_to(distant.workspace.store)
    assert [name for name, _ in distant.sent] == ["on_stage_start", "on_stage_end"]


def test_a_failure_is_returned_as_it_was_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(StubRunner):
        def run(self, *_: Any) -> Outcome:
            return Outcome("oom_gpu", "planted")

    answer = Distant(tmp_path, monkeypatch, Failing()).do()
    assert isinstance(answer, StageError)
    assert answer.outcome.status == "oom_gpu"


def test_a_machine_with_other_code_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distant = Distant(tmp_path, monkeypatch, StubRunner())
    answer = distant.do(code="other")
    assert isinstance(answer, InfraError)
    assert "same image" in str(answer)
    assert distant.sent == []


def test_a_cancelled_stage_stops_its_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, stopped = threading.Event(), threading.Event()

    class Long(StubRunner):
        def run(self, *_: Any) -> Outcome:
            begun.set()
            assert stopped.wait(20)
            raise RunError("The job was stopped.")

        def cancel(self) -> None:
            stopped.set()

    def interrupt(*_: object) -> None:
        assert begun.wait(20)
        raise KeyboardInterrupt

    distant = Distant(tmp_path, monkeypatch, Long())
    monkeypatch.setattr(node, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        distant.do()
    assert distant.sent[-1][0] == "on_stage_end"
    assert distant.sent[-1][1][2] == "cancelled"


def test_errors_survive_a_transfer() -> None:
    import pickle

    for error in (StageError("encode", Outcome("crash", "planted", "log", 3)), InfraError("a", "b", "c", "infra")):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - just pickled
        assert (type(again), vars(again), str(again)) == (type(error), vars(error), str(error))


def test_stages_share_the_processors_of_a_cluster() -> None:
    small, large = Machine("1", "a", 2, 0, 1), Machine("2", "b", 16, 4, 1)
    assert stages_at_once([small, large], "cpu") == 4
    assert stages_at_once([small, large], "cuda") == 4
    assert threads_of([large, large], 4) == 8
    assert threads_of([small, large], 4) == 2
    assert threads_of([small], 8) == 1
