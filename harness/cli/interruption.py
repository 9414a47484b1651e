"""Interruption of a command: Ctrl-C, SIGTERM and SIGHUP stop its jobs and set the exit code of their signal."""

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SHELL = 128
"""A shell's exit code of a program that a signal ended is this and the number of the signal."""

TYPER = SHELL + signal.SIGINT
"""Exit code by which Typer ends after KeyboardInterrupt, whatever the signal was."""

STOPPING = (signal.SIGTERM, signal.SIGHUP)
"""Signals of a system or a terminal that closes; Python raises KeyboardInterrupt for Ctrl-C (SIGINT) by itself."""


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Raises KeyboardInterrupt in the block for each of `STOPPING`, and exits with the code of the signal.

    A signal that is ignored, as SIGHUP is below `nohup`, stays ignored. After the first one, the others are ignored, so
    that they do not disturb what ends the running stages.
    """
    received = [signal.SIGINT]

    def interrupt(number: int, _: FrameType | None) -> None:
        received[0] = signal.Signals(number)
        for other in handlers:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt

    handlers = {one: old for one in STOPPING if (old := signal.getsignal(one)) not in {signal.SIG_IGN, None}}
    for one in handlers:
        signal.signal(one, interrupt)
    try:
        yield
    except SystemExit as end:
        if end.code != TYPER:
            raise
        sys.stderr.write(_message(received[0]))
        sys.exit(SHELL + received[0])
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)


def _message(by: signal.Signals) -> str:
    cause = "" if by == signal.SIGINT else f" by {by.name}"
    command = shlex.join(["patternbench", *sys.argv[1:]])
    return f"Interrupted{cause}. What is finished is kept. To go on from there: {command}\n"
