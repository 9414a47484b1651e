"""The program of a fork server: it imports the contestants' libraries, and forks a child for every request.

A request names a Python module, which the child runs, or a program, which replaces the child; libraries are imported
only for modules. Every child is supervised by a process of its own, which adopts what the job starts, in whatever
session, and ends it with the job.

`fork_server.py` starts it as a script; its arguments are the number of its request socket, and the libraries. It
imports nothing of ours: kit and contestants are imported by the child, from the checkout that the request names. It
computes nothing: no thread is started and CUDA is not touched, so that a child can do both as a new process can.
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

STREAMS = 3
"""File descriptors that come with a request: standard output, standard error, and the socket that answers it."""
LONGEST_REQUEST = 2**17
"""Bytes of a request."""
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
KILL_TRIES = 50
"""How often the children of an ended job are looked for: each may have started another."""


class Children:
    """The children that run, each with the socket on which its exit code is awaited."""

    def __init__(self) -> None:
        self._answers: dict[int, socket.socket] = {}

    def add(self, child: int, answer: socket.socket) -> None:
        """Report the process number of a new child."""
        self._answers[child] = answer
        _send(answer, child)

    def report_ended(self) -> None:
        """Report the exit code of each child that has ended, after ending what it started."""
        for child, answer in list(self._answers.items()):
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _kill_group(child)  # while the ended child keeps its number from being given to another process
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            _end_children(besides=self._answers)  # of a supervisor that was killed
            _send(answer, code)
            self._answers.pop(child).close()

    def kill(self) -> None:
        """End all children, with what they started."""
        for child in self._answers:
            _kill_group(child)
        _end_children()

    def kill_and_exit(self, *_: object) -> NoReturn:
        """Handle the signal that asks for the end, also in the middle of an import."""
        self.kill()
        os._exit(0)

    def forget(self) -> None:
        """In a new child: close what belongs to the others."""
        for answer in self._answers.values():
            answer.close()


def serve(requests: socket.socket, libraries: Sequence[str]) -> Mapping[str, str | list[str]]:
    """Fork a child for every request until the client is gone; returns the request, in the child itself.

    The first library is imported before the first child that runs a module is forked, every other when there is no
    request: a child that is forked earlier imports it itself.
    """
    others, is_importing = list(libraries), False
    children = Children()
    signal.signal(signal.SIGTERM, children.kill_and_exit)
    _adopt_orphans()
    awake, wake = _wake_at_signals()
    while True:
        ready, _, _ = select.select([requests, awake], [], [], 0 if others and is_importing else None)
        if awake in ready:
            awake.recv(4096)
            children.report_ended()
        if requests in ready:
            message, descriptors, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, STREAMS)
            if not message:
                children.kill_and_exit()
            request: dict[str, str | list[str]] = json.loads(message)
            if "module" in request and not is_importing and others:
                _import(others.pop(0))
                is_importing = True
            if child := _fork():
                for descriptor in descriptors[:2]:
                    os.close(descriptor)
                children.add(child, socket.socket(fileno=descriptors[2]))
            else:
                children.forget()
                for end in (requests, awake, wake):
                    end.close()
                _take_streams(descriptors)
                _supervise()
                return request
        elif not ready and others:
            _import(others.pop(0))


def _wake_at_signals() -> tuple[socket.socket, socket.socket]:
    """A pair of sockets; the first can be read after a signal, such as that of a child that ended."""
    awake, wake = socket.socketpair()
    for end in (awake, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    return awake, wake


def _import(name: str) -> None:
    """Import a library. If that fails, it fails in the child that needs it, where it is reported."""
    with suppress(Exception):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is here now is not looked at again, and so not copied, in any child


def _fork() -> int:
    """Fork a child in a session of its own, which ends with its parent; returns its number, or 0 in the child."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _end_with_parent(parent)
    return child


def _supervise() -> None:
    """Fork again: the inner process returns and does the job; the outer one waits for it and ends what it left."""
    _adopt_orphans()
    if not (job := _fork_job()):
        return
    status = _wait_for(job)
    _end_children()
    code = os.waitstatus_to_exitcode(status)
    if code < 0:  # end by the same signal
        with suppress(OSError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the job has left its core already
        os.kill(os.getpid(), -code)
    os._exit(code & 0xFF)


def _fork_job() -> int:
    """Fork a process in a session of its own, which ends with its parent; returns its number, or 0 in the child."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.setsid()
        _end_with_parent(parent)
    return child


def _wait_for(child: int) -> int:
    """The exit status of a child; orphans that end before are reaped."""
    while True:
        number, status = os.wait()
        if number == child:
            return status


def _adopt_orphans() -> None:
    """Linux: processes below this one whose parent ends become its children."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _end_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _end_children(besides: Collection[int] = ()) -> None:
    """End the children of this process, and those that it adopts meanwhile.

    Args:
        besides: children that stay.
    """
    for _ in range(KILL_TRIES):
        children = [number for number in _children() if number not in besides]
        if not children:
            return
        for number in children:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(number, signal.SIGKILL)
                os.waitpid(number, 0)


def _children() -> list[int]:
    """The numbers of the children of this process; none where there is no /proc."""
    parent, numbers = os.getpid(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                numbers.append(int(folder.name))
    return numbers


def _take_streams(descriptors: Sequence[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in zip((nothing, *descriptors[:2]), (0, 1, 2), strict=True):
        os.dup2(source, target)
    for descriptor in (nothing, *descriptors):
        os.close(descriptor)


def _kill_group(child: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _send(answer: socket.socket, number: int) -> None:
    with suppress(OSError):  # nobody waits any more
        answer.sendall(number.to_bytes(4, signed=True))


def run(request: Mapping[str, str | list[str]]) -> int:
    """Run a module as `python -m` does in a new process, and return its exit code; or become a program."""
    environment = request["environment"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(str(request["folder"]))
    if "program" in request:
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
            signal.signal(number, signal.SIG_DFL)
        os.execvp(request["program"][0], list(request["program"]))  # noqa: S606 - the contestant's own command
    arguments = request["module"]
    sys.path[:] = [str(Path.cwd()), *os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path]
    sys.argv = list(arguments)
    _seed_anew()
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - the job's own, whatever it is
        traceback.print_exc()
        return 1
    return 0


def _seed_anew() -> None:
    """Draw the state of the global generators again, as every new process does."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()


def end(code: int) -> NoReturn:
    """End as an interpreter does, but without taking the libraries down, which takes longer than most jobs."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - waits for the job's threads
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing does in its forks
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed by the job, or by its reader
            stream.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    end(run(serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])))
