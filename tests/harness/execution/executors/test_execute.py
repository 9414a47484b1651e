"""Executing a plan: what runs beside what, what a failure stops, what Ctrl-C stops."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.errors import RunError
from harness.execution.executors import execute as module
from harness.execution.executors.execute import execute
from harness.execution.job_files import CHECKPOINT
from harness.execution.plan import StageSpec


class Stage:
    """A finished stage whose files are named after it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def file(self, name: str) -> Path:
        return Path(self.name) / name


class FakeStageRunner:
    """Runs stages by a function of their names, and keeps what happened."""

    def __init__(self, work: Callable[[str], None] = lambda _: None) -> None:
        self._work, self._lock = work, threading.Lock()
        self.running: set[str] = set()
        self.beside: dict[str, set[str]] = {}
        self.artifacts: dict[str, dict[str, Path]] = {}
        self.halted: list[bool] = []
        self.skipped: dict[str, list[str]] = {}

    def run(self, stage: StageSpec, data: object, artifacts: dict[str, Path]) -> Stage:  # noqa: ARG002
        with self._lock:
            self.running.add(stage.name)
            self.artifacts[stage.name] = artifacts
            for name in self.running:
                self.beside.setdefault(name, set()).update(self.running - {name})
        try:
            self._work(stage.name)
        finally:
            with self._lock:
                self.running.discard(stage.name)
        return Stage(stage.name)

    def pack(self, *_: object) -> None:
        return None

    def skip(self, stages: list[StageSpec], needed: str, dataset: str) -> None:
        self.skipped[needed] = [stage.name for stage in stages]
        assert dataset == "fish"

    def halt(self, *, kill: bool) -> None:
        self.halted.append(kill)


def stage(name: str, after: str | None = None, *, alone: bool = False) -> StageSpec:
    nothing: Any = None
    return StageSpec(name, nothing, nothing, after=after, alone=alone)


def run(stages: list[StageSpec], runner: FakeStageRunner, workers: int = 2) -> Any:
    crops: Any = SimpleNamespace(catalogue=SimpleNamespace(name="fish"))
    stage_runner: Any = runner
    return execute(stages, crops, stage_runner, workers)


def test_a_stage_gets_the_checkpoint_of_the_one_before_it() -> None:
    runner = FakeStageRunner()
    results = run([stage("learn", alone=True), stage("encode", "learn"), stage("other")], runner)
    assert list(results.stages) == ["learn", "encode", "other"]
    assert runner.artifacts == {
        "learn": {},
        "encode": {CHECKPOINT: Path("learn") / CHECKPOINT},
        "other": {},
    }
    assert runner.beside["learn"] == set()


def test_as_many_run_at_a_time_as_there_are_workers() -> None:
    both = threading.Barrier(2, timeout=20)
    runner = FakeStageRunner(lambda _: both.wait() and None)
    run([stage(name) for name in "abcd"], runner)
    assert max(map(len, runner.beside.values())) >= 1
    alone = FakeStageRunner()
    run([stage(name) for name in "abcd"], alone, workers=1)
    assert set(map(len, alone.beside.values())) == {0}


def test_a_failure_starts_nothing_more_and_lets_the_others_finish() -> None:
    failed, ended = threading.Event(), []

    def work(name: str) -> None:
        if name == "bad":
            failed.set()
            raise RunError("planted")
        assert failed.wait(20)
        ended.append(name)

    runner = FakeStageRunner(work)
    with pytest.raises(RunError, match="planted"):
        run([stage("bad"), stage("beside"), stage("later"), stage("last")], runner)
    assert runner.halted == [False]
    assert ended == ["beside"]
    assert "later" not in runner.artifacts
    assert runner.skipped == {}


def test_what_starts_from_a_stage_that_failed_is_skipped_directly_or_not() -> None:
    def work(name: str) -> None:
        if name == "learn":
            raise RunError("planted")

    stages = [stage("learn"), stage("name", "learn"), stage("other"), stage("later", "name"), stage("apart", "other")]
    runner = FakeStageRunner(work)
    with pytest.raises(RunError, match="planted"):
        run(stages, runner, workers=1)
    assert runner.skipped == {"learn": ["name", "later"]}


def test_ctrl_c_stops_what_is_running(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    class Stopping(FakeStageRunner):
        def halt(self, *, kill: bool) -> None:
            super().halt(kill=kill)
            stopped.set()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "wait", interrupt)
    runner = Stopping(lambda _: stopped.wait(20) and None)
    with pytest.raises(KeyboardInterrupt):
        run([stage("long"), stage("longer"), stage("next", "long")], runner)
    assert runner.halted == [True]
