"""Children that start within milliseconds: forks of a process that has imported the contestants' libraries.

A child is a process like any other, with its own session, streams, folder and environment. Nothing of one child
reaches the next, because each is forked from a process that only imports (`fork_parent.py`).
"""

import errno
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from harness.execution.runners import fork_parent

CAN_FORK = sys.platform == "linux"
"""Elsewhere a process that has loaded the system's libraries cannot be forked safely."""
LIBRARIES = (
    "torch",
    "safetensors.torch",
    "torch._dynamo",  # imported by the first optimiser
    "torchvision.models",
    "timm",
    "pytorch_grad_cam",
    "skimage.color",
    "skimage.feature",
)
"""What imports of the kit and of the contestants take their time for, in the order in which jobs need it."""


class ForkServer:
    """Starts Python modules as forks of one process, which ends with this object or with its process."""

    def __init__(self, environment: Mapping[str, str], libraries: Sequence[str] = LIBRARIES) -> None:
        """The process starts with its first child.

        Args:
            environment: environment variables that the libraries read when they are loaded.
            libraries: what the process imports, at least one; the first before it starts a child.
        """
        self._libraries = libraries
        self._environment = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
        self._lock = threading.Lock()
        self._parent: _Parent | None = None

    def start(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> "ForkedChild":
        """Start `python -m MODULE ...`. May be called from several threads.

        Args:
            arguments: the module, and what it is called with.
            folder: the folder that it starts in and imports from.
            environment: all of its environment variables.

        Raises:
            OSError: it cannot be started.
        """
        return self._start({"module": list(arguments)}, folder, environment)

    def start_program(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> "ForkedChild":
        """Start a program. Arguments and errors as `start`; `command` is the program and its arguments."""
        if shutil.which(command[0], path=environment.get("PATH")) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
        return self._start({"program": list(command)}, folder, environment)

    def _start(self, what: Mapping[str, object], folder: Path, environment: Mapping[str, str]) -> "ForkedChild":
        request = {**what, "folder": str(folder), "environment": dict(environment)}
        with self._lock:
            if self._parent is None or not self._parent.runs:
                self._parent = _Parent(self._environment, self._libraries)
            parent = self._parent
        pipes = [os.pipe(), os.pipe()]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        stdout, stderr = (os.fdopen(reader, encoding="utf-8", errors="replace") for reader, _ in pipes)
        try:
            with theirs:
                parent.ask(json.dumps(request).encode(), [*(writer for _, writer in pipes), theirs.fileno()])
            return ForkedChild(_receive(ours) or parent.explain_end(), ours, stdout, stderr)
        except OSError:
            for end in (ours, stdout, stderr):
                end.close()
            raise
        finally:
            for _, writer in pipes:
                os.close(writer)

    def close(self) -> None:
        """End the process, and every child that still runs."""
        if self._parent is not None:
            self._parent.stop()


class ForkedChild:
    """A started child, with the part of `subprocess.Popen` that the process runner uses."""

    def __init__(self, pid: int, answer: socket.socket, stdout: IO[str], stderr: IO[str]) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self._answer = answer.detach()  # a number: the collector may find a socket before this object

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, or -n of signal n. May be called from several threads, and again.

        Raises:
            subprocess.TimeoutExpired: the child runs longer.
        """
        if not select.select([self._answer], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a forked child", timeout or 0)
        with socket.socket(fileno=os.dup(self._answer)) as answer:
            code = _receive(answer, socket.MSG_PEEK)
        return -signal.SIGKILL if code is None else code  # without its parent it is gone too

    def __del__(self) -> None:
        os.close(self._answer)


class _Parent:
    """The process that is forked."""

    def __init__(self, environment: Mapping[str, str], libraries: Sequence[str]) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_stop`
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-uP", fork_parent.__file__, str(theirs.fileno()), *libraries],
                pass_fds=[theirs.fileno()],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for the harness, which ends its jobs in order
            )
        self.stop = weakref.finalize(self, _stop, self._process, self._requests, self._errors)

    @property
    def runs(self) -> bool:
        return self.stop.alive and self._process.poll() is None

    def ask(self, request: bytes, descriptors: Sequence[int]) -> None:
        """Send a request; the process ends when nobody can send one any more, however the harness ends."""
        socket.send_fds(self._requests, [request], descriptors)

    def explain_end(self) -> NoReturn:
        """Raise OSError with the last line that it printed."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        line = next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")
        raise OSError(errno.ECONNRESET, f"the process that starts jobs ended: {line}")


def _receive(answer: socket.socket, flags: int = 0) -> int | None:
    """A number that the parent sends; None if the parent is gone."""
    number = answer.recv(4, flags | socket.MSG_WAITALL)
    return int.from_bytes(number, signed=True) if number else None


def _stop(process: subprocess.Popen[bytes], requests: socket.socket, errors: IO[bytes]) -> None:
    requests.close()
    process.terminate()
    process.wait()
    errors.close()
