"""`patternbench backbone check` and `forward`, as far as no job needs to be run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.errors import InputError, PatternbenchError, RunError
from harness.cli.app import app
from harness.conformance.check import CheckResult
from harness.conformance.session import ConformanceSession
from harness.execution.runners.base import Outcome
from harness.execution.runners.process import ProcessRunner
from support.checkout import write_plain


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[ConformanceSession]:
    """The sessions that a command made; none of their checks runs, and there is a GPU that torch can use."""
    sessions: list[ConformanceSession] = []

    def run_checks(session: ConformanceSession) -> Iterator[CheckResult]:
        sessions.append(session)
        return iter(())

    monkeypatch.setattr("harness.conformance.checks.run_checks", run_checks)
    monkeypatch.setattr("harness.cli.choices.gpus", lambda: ["NVIDIA H200"])
    monkeypatch.setattr(ProcessRunner, "use_gpu", lambda _: None)
    return sessions


@pytest.mark.parametrize(
    ("options", "device", "precision"),
    [([], "cpu", "float32"), (["--device", "auto", "--precision", "bfloat16"], "cuda", "bfloat16")],
)
def test_checks_run_on_the_given_device_and_in_the_given_precision(
    options: list[str], device: str, precision: str, sessions: list[ConformanceSession], tmp_path: Path
) -> None:
    write_plain(tmp_path)
    arguments = ["--root", str(tmp_path), "backbone", "check", "plain", "--runner", "process", *options]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    (session,) = sessions
    assert (session._device, session.precision) == (device, precision)


def test_a_wrong_precision_is_the_user_s_error(sessions: list[ConformanceSession], tmp_path: Path) -> None:
    write_plain(tmp_path)
    arguments = ["--root", str(tmp_path), "backbone", "check", "plain", "--precision", "half"]
    with pytest.raises(InputError, match=r"Unknown precision 'half'; there are: auto, float32, bfloat16\."):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert sessions == []


@pytest.mark.parametrize(
    ("outcome", "error", "message"),
    [
        (
            Outcome("crash", "ended with exit code -11: it printed nothing", "", -11),
            RunError,
            "-11: it printed nothing",
        ),
        (Outcome("crash", "cannot do the job as asked: no part 'x'", "no part 'x'", 2), InputError, "no part 'x'"),
        (Outcome("crash", "found the data unusable: s.npz", "s.npz", 3), InputError, "unusable: s.npz"),
        (Outcome("oom_host", "ran out of memory", "MemoryError"), RunError, "ran out of memory"),
    ],
)
def test_a_network_that_cannot_run_is_reported_in_one_message(
    outcome: Outcome, error: type[PatternbenchError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProcessRunner, "call", lambda *_: outcome)
    files = ["--state", "s.npz", "--input", "i.npz", "--output", "o.npz"]
    with pytest.raises(error, match=f"^lama generator: it .*{message}$"):
        CliRunner().invoke(app, ["backbone", "forward", "lama", "--part", "generator", *files], catch_exceptions=False)
