"""How a stage ends, by a runner that does as told: what the screen, the journal and the run get to know."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from benchmark.errors import InputError, RunError
from benchmark.vocabulary import RunStatus, StageEnd
from harness.execution import trouble
from harness.execution.jobs import StageError
from harness.execution.runners.base import REFUSED, Outcome
from harness.execution.trouble import DISK, ENGINE, WAITS, InfraError
from support.fakes import RecordingListener
from support.pets import cut, pets
from support.stub_stages import StubRunner, stub_stage_runner, stub_stages


class ToldRunner(StubRunner):
    """A runner whose first tries do what the test gives, in its order; every later try does the job."""

    def __init__(self, *deeds: Outcome | BaseException) -> None:
        self._deeds = list(deeds)
        self.tries = 0

    def run(self, *arguments: Any) -> Outcome:
        self.tries += 1
        if not self._deeds:
            return super().run(*arguments)
        deed = self._deeds.pop(0)
        if isinstance(deed, Outcome):
            return deed
        raise deed


class Bench:
    """One stage on a small data set."""

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.data = pets(root)
        self.crops = cut(self.data)
        self.listener = RecordingListener()
        self.waited: list[float] = []

    def run(self, runner: ToldRunner) -> None:
        """Run the stage; its waits are over at once."""
        stages = stub_stage_runner(self.data, runner, self.listener)
        self.stages = stages
        stages._halted.wait = self._wait  # type: ignore[method-assign,assignment]
        (stage,) = stub_stages(1)
        stages.run(stage, stages.pack(stage, self.crops), {})

    def _wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return self.stages._halted.is_set()

    @property
    def ends(self) -> list[str]:
        """How each try ended on the screen."""
        return [value[1] for name, value in self.listener.events if name == "on_stage_end" and isinstance(value, tuple)]

    @property
    def noted(self) -> str:
        """How the stage ended by the journal."""
        (note,) = self.stages._journal.notes()
        return note.state


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("status", [status for status in get_args(RunStatus) if status != "ok"])
def test_the_failure_of_a_contestant_is_the_end_of_its_stage(status: RunStatus, bench: Bench) -> None:
    runner = ToldRunner(Outcome(status, "planted"))
    with pytest.raises(StageError, match="planted"):
        bench.run(runner)
    assert (bench.ends, bench.noted, runner.tries, bench.waited) == ([status], status, 1, [])


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (InfraError("gone"), "infra"),
        (InfraError("no base", end="image_missing"), "image_missing"),
        (RunError("cannot start"), "infra"),
        (OSError(5, "Input/output error"), "infra"),
        (MemoryError(), "infra"),
        (KeyboardInterrupt(), "cancelled"),
    ],
)
def test_what_the_contestant_is_not_to_blame_for_is_no_failure_of_it(
    error: BaseException, end: StageEnd, bench: Bench
) -> None:
    runner = ToldRunner(error)
    with pytest.raises((RunError, MemoryError, KeyboardInterrupt)) as raised:
        bench.run(runner)
    assert not isinstance(raised.value, StageError)
    assert (bench.ends, bench.noted, runner.tries) == ([end], end, 1)


def test_a_refused_job_is_a_crash_without_a_record(bench: Bench) -> None:
    with pytest.raises(InputError):
        bench.run(ToldRunner(Outcome("crash", "cannot do the job as asked", code=REFUSED)))
    assert bench.ends == ["crash"]


def test_an_engine_that_comes_back_does_the_stage(bench: Bench) -> None:
    runner = ToldRunner(InfraError("Refused.", ENGINE), InfraError("Server error.", ENGINE))
    bench.run(runner)
    assert (bench.ends, bench.noted, runner.tries) == (["infra", "infra", "ok"], "ok", 3)
    assert bench.waited == list(WAITS[:2])
    told = bench.listener.reports
    assert told[:2] == [
        "encode-0: Refused.",
        "encode-0: waiting 1 s for the Docker engine, then trying again. Ctrl-C ends the wait.",
    ]
    assert "waiting 2 s for the Docker engine" in told[3]


def test_an_engine_that_stays_away_ends_the_run_with_its_advice(bench: Bench) -> None:
    runner = ToldRunner(*(InfraError("Refused.", ENGINE, "Start it.") for _ in range(9)))
    with pytest.raises(InfraError, match=r"Refused\. Tried 6 times, and waited 31 s\. .*no record.* Start it\.$"):
        bench.run(runner)
    assert runner.tries == 1 + len(WAITS)
    assert set(bench.ends) == {"infra"}


def test_no_wait_after_the_run_was_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = ToldRunner(InfraError("Refused.", ENGINE), InfraError("Refused.", ENGINE))

    def wait(seconds: float) -> bool:
        bench.waited.append(seconds)
        bench.stages.halt(kill=True)
        return bench.stages._halted.is_set()

    monkeypatch.setattr(bench, "_wait", wait)
    with pytest.raises(InfraError, match=r"^Refused\.$"):
        bench.run(runner)
    assert (runner.tries, bench.waited) == (1, [1.0])


def full(error: int) -> RunError:
    """A full disk as the store reports it."""
    failure = RunError("No room.")
    failure.__cause__ = OSError(error, "full")
    return failure


@pytest.mark.parametrize("error", [full(28), full(122), InfraError("The disk was full.", DISK)])
def test_a_full_disk_is_tried_again_only_if_somebody_made_room(
    error: RunError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = lambda *sizes: monkeypatch.setattr(trouble, "_free", _following(sizes))  # noqa: E731
    bench, runner = Bench(tmp_path / "full"), ToldRunner(error, error)
    free(0, *[5] * len(WAITS))
    with pytest.raises(InfraError, match=r"Tried once, and waited 31 s.*finished stages are kept"):
        bench.run(runner)
    assert (runner.tries, bench.waited) == (1, list(WAITS))
    bench, runner = Bench(tmp_path / "emptied"), ToldRunner(error)
    free(0, 5, 2**30)
    bench.run(runner)
    assert (runner.tries, bench.waited, bench.noted) == (2, list(WAITS[:2]), "ok")


def _following(sizes: tuple[int, ...]) -> Callable[[Path], int]:
    following: Iterator[int] = iter(sizes)
    return lambda _: next(following)
