"""`patternbench backbone check` and `forward`, as far as no job needs to be run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.errors import InputError, PatternbenchError, RunError
from harness.cli.app import app
from harness.conformance.checks import Verdict
from harness.conformance.session import Trial
from harness.execution.runners.base import Outcome
from harness.execution.runners.process import ProcessRunner
from support.checkout import write_plain


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    """The trials that a command made; none of their checks is tried, and there is a GPU that torch can use."""
    trials: list[Trial] = []

    def verdicts(trial: Trial) -> Iterator[Verdict]:
        trials.append(trial)
        return iter(())

    monkeypatch.setattr("harness.conformance.checks.verdicts", verdicts)
    monkeypatch.setattr("harness.cli.choices.gpus", lambda: ["NVIDIA H200"])
    monkeypatch.setattr(ProcessRunner, "use_gpu", lambda _: None)
    return trials


@pytest.mark.parametrize(
    ("options", "device", "precision"),
    [([], "cpu", "float32"), (["--device", "auto", "--precision", "bfloat16"], "cuda", "bfloat16")],
)
def test_a_check_is_made_on_the_device_and_in_the_precision_asked_for(
    options: list[str], device: str, precision: str, tried: list[Trial], tmp_path: Path
) -> None:
    write_plain(tmp_path)
    arguments = ["--root", str(tmp_path), "backbone", "check", "plain", "--runner", "process", *options]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    (trial,) = tried
    assert (trial._device, trial.precision) == (device, precision)


def test_a_wrong_precision_is_the_user_s_error(tried: list[Trial], tmp_path: Path) -> None:
    write_plain(tmp_path)
    arguments = ["--root", str(tmp_path), "backbone", "check", "plain", "--precision", "half"]
    with pytest.raises(InputError, match=r"Unknown precision 'half'; there are: float32, bfloat16\."):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert tried == []


@pytest.mark.parametrize(
    ("outcome", "error", "said"),
    [
        (Outcome("crash", "ended with exit code -11: it said nothing", "", -11), RunError, "-11: it said nothing"),
        (Outcome("crash", "cannot do the job as asked: no part 'x'", "no part 'x'", 2), InputError, "no part 'x'"),
        (Outcome("crash", "found the data unusable: s.npz", "s.npz", 3), InputError, "unusable: s.npz"),
        (Outcome("oom_host", "ran out of memory", "MemoryError"), RunError, "ran out of memory"),
    ],
)
def test_a_network_that_could_not_be_run_is_one_message(
    outcome: Outcome, error: type[PatternbenchError], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProcessRunner, "call", lambda *_: outcome)
    files = ["--state", "s.npz", "--input", "i.npz", "--output", "o.npz"]
    with pytest.raises(error, match=f"^lama generator: it .*{said}$"):
        CliRunner().invoke(app, ["backbone", "forward", "lama", "--part", "generator", *files], catch_exceptions=False)
