"""Jobs as child processes of the same Python, for machines without a Docker engine."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import IO, Protocol

from benchmark.errors import RunError
from benchmark.records.confinement import SHIPPED
from harness.contestants.registry import BackboneFacts, Owner, code_digest
from harness.contestants.trust import POWERS, require_trust
from harness.execution import job_files
from harness.execution.runners.base import (
    LONGEST_LINE,
    DescriptionText,
    JobFolder,
    Limits,
    Log,
    OnLine,
    Outcome,
    Runner,
    ending,
    is_event,
)
from harness.execution.runners.fork_server import CAN_FORK, ForkServer
from harness.execution.runners.programs import Program, network_settings
from harness.execution.store import digest
from harness.workspace import Workspace

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
DESCRIBE_SECONDS = 300
KIT = "backbones.kit"
"""The entry point of backbones without a command of their own."""
DRAIN_SECONDS = 5
"""How long output is read after a job ended: a process that left its group may hold the streams open forever."""
LIBRARIES = ("torch", "torchvision", "numpy", "grad-cam", "timm", "scikit-image")
"""Libraries on which the numbers of backbones built on the kit depend."""
REACH_GPU = """
import sys, torch
try:
    torch.ones(1, device="cuda")
except Exception as error:
    sys.exit(str(error).partition("\\n")[0])
"""
"""Program with exit code 0 if torch can compute on the GPU, else with its error as the last line."""


class Child(Protocol):
    """A started program: the part of `subprocess.Popen` that the runner uses."""

    @property
    def pid(self) -> int:
        """Its process number, which is that of its group."""

    @property
    def stdout(self) -> IO[str] | None:
        """Its standard output."""

    @property
    def stderr(self) -> IO[str] | None:
        """Its standard error; None if it goes where ours goes."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code, -n for signal n; raises `subprocess.TimeoutExpired`."""


class ProcessRunner(Runner):
    """Starts a backbone's entry point with the harness's own Python.

    Jobs of the kit are forked from a process that has imported its libraries, where that is safe.
    """

    name = "process"

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._root = workspace.backbones.parent
        self._forks = ForkServer(environment(self._root))
        self._running: set[Child] = set()
        self._cancelled = threading.Event()

    def use_gpu(self) -> None:
        """Check that torch can compute on the GPU in a job's environment; jobs need nothing else to use it."""
        command = [sys.executable, "-c", REACH_GPU]
        outcome = self._watch("torch", partial(self._spawn, command), DESCRIBE_SECONDS, lambda _: None)
        if outcome.status != "ok":
            raise RunError(f"torch cannot use the GPU here: it {outcome.cause.rstrip('.')}")

    def prepare(self, backbone: BackboneFacts, on_line: OnLine) -> str:
        """The digest of folder and kit, and of the versions of Python and the libraries.

        Raises:
            InputError: the backbone is not the project's, and the user does not trust it.
        """
        require_trust(backbone.name, self._workspace)
        if backbone.name not in SHIPPED:
            on_line(f"{backbone.name} is not shipped with the project and runs unconfined: {POWERS}.")
        libraries = {name: metadata.version(name) for name in LIBRARIES}
        return digest([code_digest(backbone.name, self._workspace), sys.version, libraries])

    def describe(self, backbone: BackboneFacts, arguments: list[str]) -> tuple[Outcome, str]:
        """Run `describe`."""
        text = DescriptionText()
        return text.judge(self.call(backbone, ["describe", *arguments], DESCRIBE_SECONDS, text.add))

    def run(self, backbone: BackboneFacts, verb: str, job: JobFolder, limits: Limits, on_line: OnLine) -> Outcome:
        """Run a job; the files that it may see are linked into its folder for as long as it runs."""
        links = {job.path / job_files.DATA / name: job.data / name for name in job_files.PACK}
        links |= {job.path / job_files.ARTIFACTS / name: path for name, path in job.artifacts.items()}
        for folder in (job_files.OUT, job_files.DATA, job_files.ARTIFACTS):
            (job.path / folder).mkdir(exist_ok=True)
        for link, target in links.items():
            if target.exists():
                link.symlink_to(target.resolve())
        try:
            return self.call(backbone, [verb, "--job", str(job.path)], limits.seconds, on_line)
        finally:
            for link in links:
                link.unlink(missing_ok=True)

    def call(self, backbone: BackboneFacts, arguments: list[str], seconds: float, on_line: OnLine) -> Outcome:
        """Run any verb of a backbone's entry point, also those that only the kit has.

        Args:
            backbone: the backbone.
            arguments: the verb and its options.
            seconds: time limit.
            on_line: receives each line of standard output.

        Raises:
            InputError: the backbone is not the project's, and the user does not trust it.
            RunError: it cannot be started.
        """
        require_trust(backbone.name, self._workspace)
        return self._watch(backbone.name, self._starter(backbone, arguments), seconds, on_line)

    def run_program(self, owner: Owner, program: Program, on_line: OnLine) -> Outcome:
        """Run a program that does no job, as the user; the messages of one that needs the network are shown.

        Raises:
            InputError: the owner is not the project's, and the user does not trust it.
            RunError: it cannot be started.
        """
        require_trust(owner.name, self._workspace)
        inputs = {name: str(path.resolve()) for name, path in program.inputs.items()}
        command = program.filled(sys.executable, inputs, str(program.output.resolve()) if program.output else "")
        if program.is_verb:
            assert isinstance(owner, BackboneFacts), "a metric has no entry point"
            return self.call(owner, command, program.seconds, on_line)
        errors = None if program.network else subprocess.PIPE  # bars of progress are for the terminal
        start = partial(spawn, command, self._root, network_settings(), errors)
        return self._watch(owner.label, start, program.seconds, on_line)

    def _starter(self, backbone: BackboneFacts, arguments: list[str]) -> Callable[[], Child]:
        """What starts a verb of a backbone's entry point."""
        if CAN_FORK and not backbone.command:
            module = [KIT, backbone.name, *arguments]
            return lambda: self._forks.start(module, self._root, environment(self._root))
        entry_point = backbone.command or ("{python}", "-m", KIT, backbone.name)
        command = [part.replace("{python}", sys.executable) for part in entry_point] + arguments
        return partial(self._spawn, command)

    def _spawn(self, command: Sequence[str]) -> Child:
        """Start a program, under supervision where that is possible."""
        if CAN_FORK:
            return self._forks.start_program(command, self._root, environment(self._root))
        return spawn(command, self._root)

    def cancel(self) -> None:
        """Kill all children with their descendants."""
        self._cancelled.set()
        for child in list(self._running):
            _kill(child)

    def _watch(self, name: str, start: Callable[[], Child], seconds: float, on_line: OnLine) -> Outcome:
        """Start a program, and wait until it ends, is cancelled or reaches its limit."""
        try:
            child = start()
        except OSError as error:
            program = f" {error.filename!r}" if error.filename else ""
            raise RunError(f"{name}: cannot start{program}: {error.strerror}.") from error
        self._running.add(child)
        if self._cancelled.is_set():  # cancel() may have run before the child was known
            _kill(child)
        log = Log()

        def take(line: str) -> None:
            on_line(line)
            if not is_event(line):
                log.add(line)

        takers = ((child.stdout, take), (child.stderr, partial(log.add, error=True)))
        readers = [_reader(stream, taker) for stream, taker in takers if stream is not None]
        timed_out = None
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            timed_out = seconds
        finally:
            _kill(child)
            cancelled = self._cancelled.is_set()
            self._running.discard(child)
        for reader in readers:
            reader.join(DRAIN_SECONDS)
        if cancelled:
            raise RunError("The job was stopped.")
        return ending(child.wait(), log, timed_out=timed_out)


def spawn(
    command: Sequence[str],
    root: Path,
    variables: Mapping[str, str] = MappingProxyType({}),
    errors: int | None = subprocess.PIPE,
) -> Child:
    """Start a program in a session of its own, with its streams in pipes.

    Args:
        command: the program and its arguments.
        root: the folder that it starts in and imports from.
        variables: added to its environment.
        errors: where its standard error goes; None = where ours goes.

    Raises:
        OSError: it cannot be started.
    """
    return subprocess.Popen(
        command,
        cwd=root,
        env=environment(root) | dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, no lock taken
    )


def environment(root: Path) -> dict[str, str]:
    """The environment of a child: only what it needs of ours, so no tokens, proxies or user configuration."""
    names = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
    return {name: os.environ[name] for name in names if name in os.environ} | {
        "PYTHONPATH": str(root),
        "PYTHONUNBUFFERED": "1",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        # threads that spin while they wait make a step many times slower if other programs use the processor
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def _reader(stream: IO[str], take: Callable[[str], object]) -> threading.Thread:
    def read() -> None:
        with stream:
            while line := stream.readline(LONGEST_LINE):
                take(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _kill(child: Child) -> None:
    """End the child and everything that it started."""
    for kill in (os.killpg, os.kill):  # a child that has just been forked leads no group yet
        with suppress(ProcessLookupError):
            kill(child.pid, signal.SIGKILL)
    child.wait()


def _die_with_parent() -> None:
    """Linux: if the harness is killed outright, its children go too."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
