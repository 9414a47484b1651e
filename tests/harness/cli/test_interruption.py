"""Ctrl-C, SIGTERM and SIGHUP end a command alike, each with its own exit code."""

import os
import signal
import sys

import pytest

from harness.cli.interruption import signals_interrupt


def be_stopped_by(number: signal.Signals) -> None:
    """A command that receives a signal, and ends as Typer ends it."""
    try:
        os.kill(os.getpid(), number)
        signal.pause()
    except KeyboardInterrupt:
        os.kill(os.getpid(), signal.SIGHUP)  # a closing terminal sends more than one: ignored
        sys.exit(130)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_exit_code_names_the_signal(
    number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["patternbench", "run", "lama", "--data", "my photos"])
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as end, signals_interrupt():
        be_stopped_by(number)
    assert end.value.code == code
    assert signal.getsignal(number) == before
    message = capsys.readouterr().err
    assert f"Interrupted by {number.name}." in message
    assert "To go on from there: patternbench run lama --data 'my photos'" in message


def test_ctrl_c_needs_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end, signals_interrupt():
        sys.exit(130)
    assert end.value.code == 130
    assert capsys.readouterr().err.startswith("Interrupted. ")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_interrupt():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_ends_pass() -> None:
    with pytest.raises(SystemExit) as end, signals_interrupt():
        sys.exit(2)
    assert end.value.code == 2
