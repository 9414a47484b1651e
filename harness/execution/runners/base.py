"""The interface of runners: a runner prepares a backbone once, then runs its jobs."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from benchmark.text import printable
from benchmark.vocabulary import RunStatus
from harness.contestants.registry import BackboneFacts, Owner
from harness.execution.runners.programs import Program

REFUSED = 2
"""Exit code of a job that is not valid, or needs what the backbone cannot do."""
BAD_DATA = 3
"""Exit code of a job whose data cannot be used."""
LOG_LINES = 40
"""Lines that the log keeps, printable ones."""
LOG_WIDTH = 1000
"""Characters of a line that the log keeps."""
LONGEST_DESCRIPTION = 2**20
"""Characters that `describe` may print."""
LONGEST_LINE = 2**16
"""Bytes after which a line is passed on in pieces, so that a job cannot fill the memory with an endless line."""

NOTHING = "it printed nothing"
"""Stands for the last line of a program that printed none."""

GPU_FULL = ("CUDA out of memory", "CUDA error: out of memory", "torch.OutOfMemoryError", "_ALLOC_FAILED")
"""Messages of torch and of NVIDIA's libraries when GPU memory runs out."""
HOST_FULL = ("MemoryError", "DefaultCPUAllocator", "not enough memory", "std::bad_alloc")
"""Messages of Python and torch when the machine's memory runs out."""

OnLine = Callable[[str], None]


@dataclass(frozen=True)
class Limits:
    """Limits of a job.

    Attributes:
        seconds: wall time.
        memory_gib: resident memory; only the Docker runner enforces it.
        processes: number of processes and threads; only the Docker runner enforces it.
        cpus: number of processors; None = all. Only the Docker runner enforces it.
        out_bytes: size of all files in `out/`; only the Docker runner enforces it while the job runs.
        out_files: number of files and folders in `out/`; likewise.
    """

    seconds: float
    memory_gib: float
    processes: int = 512
    cpus: int | None = None
    out_bytes: int = 256 * 2**30
    out_files: int = 1000


@dataclass(frozen=True)
class JobFolder:
    """One job on disk.

    Attributes:
        path: holds job.json, and `out/`, which the job fills.
        data: the pack, which the job reads as `data/`.
        artifacts: files by name, which the job reads as `in/<name>`.
    """

    path: Path
    data: Path
    artifacts: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        status: `ok`, or why it failed.
        cause: one sentence; empty when ok.
        log: the last lines of standard error, and of standard output without its events.
        code: exit code of a crash; else None.
    """

    status: RunStatus
    cause: str = ""
    log: str = ""
    code: int | None = None


class Runner(ABC):
    """Runs the verbs of backbones."""

    name: ClassVar[Literal["process", "docker"]]

    @abstractmethod
    def use_gpu(self) -> None:
        """Give jobs the GPU from now on.

        Raises:
            RunError: jobs cannot use it; the message gives the cause and the fix.
        """

    @abstractmethod
    def prepare(self, backbone: BackboneFacts, on_line: OnLine) -> str:
        """Make the backbone ready; returns the digest of the code that will run (a folder's or an image's).

        Raises:
            RunError: it cannot be made ready.
        """

    @abstractmethod
    def describe(self, backbone: BackboneFacts, arguments: list[str]) -> tuple[Outcome, str]:
        """Run `describe`; returns how it ended and what it printed."""

    @abstractmethod
    def run(self, backbone: BackboneFacts, verb: str, job: JobFolder, limits: Limits, on_line: OnLine) -> Outcome:
        """Run `train`, `encode` or `inpaint` on a job, giving each line of its standard output to `on_line`.

        Raises:
            RunError: the engine failed, not the backbone.
        """

    @abstractmethod
    def run_program(self, owner: Owner, program: Program, on_line: OnLine) -> Outcome:
        """Run a program that does no job, giving each line of its standard output to `on_line`.

        Raises:
            RunError: it cannot be started, or the engine failed.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Stop every job that is running, from another thread; there is no other after it."""


def describing(backbone: BackboneFacts, image_size: int) -> list[str]:
    """The arguments of `describe`."""
    variant = ["--variant", backbone.variant] if backbone.variant else []
    return ["--image-size", str(image_size), *variant]


class Log:
    """The last lines that a job printed."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LOG_LINES)
        self._last_error = ""

    def add(self, line: str, *, error: bool = False) -> None:
        """Keep a line, of standard error or of standard output."""
        text = printable(line[:LOG_WIDTH].rstrip())[:LOG_WIDTH]
        self._lines.append(text)
        if error and text:
            self._last_error = text

    @property
    def last_line(self) -> str:
        """The last line of standard error that is not empty; without one, that of standard output."""
        return self._last_error or next((line for line in reversed(self._lines) if line), NOTHING)

    def __str__(self) -> str:
        return "\n".join(self._lines)


class DescriptionText:
    """What `describe` prints, kept as far as a description is long."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._length = 0

    def add(self, line: str) -> None:
        """Keep a line."""
        self._length += len(line)
        if self._length <= LONGEST_DESCRIPTION:
            self._lines.append(line)

    def judge(self, outcome: Outcome) -> tuple[Outcome, str]:
        """How `describe` ended, `bad_output` if it printed too much; and its text."""
        if outcome.status == "ok" and self._length > LONGEST_DESCRIPTION:
            cause = f"printed {self._length} characters, of which a description has at most {LONGEST_DESCRIPTION}"
            outcome = Outcome("bad_output", cause, outcome.log)
        return outcome, "".join(self._lines)


def is_event(line: str) -> bool:
    """Whether a line of standard output is an event of the contract, not log."""
    return line.startswith('{"event"')


def ending(code: int, log: Log, *, oom: bool = False, timed_out: float | None = None) -> Outcome:
    """The outcome that an exit code means.

    Args:
        code: exit code, 128 + n or -n for a process ended by signal n.
        log: the lines that it printed.
        oom: whether the engine reports that it was killed because its memory ran out.
        timed_out: the limit in seconds if the job was stopped at it; else None.
    """
    text = str(log)
    if timed_out is not None:
        return Outcome("timeout", f"stopped at its limit of {timed_out:.0f} s", text)
    if code == 0:
        return Outcome("ok", "", text)
    if any(words in text for words in GPU_FULL):
        return Outcome("oom_gpu", "ran out of GPU memory", text)
    if any(words in text for words in HOST_FULL):
        return Outcome("oom_host", "ran out of memory", text)
    if oom or code in (137, -9):
        return Outcome("oom_host", "was killed, which most often means that memory ran out", text)
    kinds = {REFUSED: "cannot do the job as asked", BAD_DATA: "found the data unusable"}
    return Outcome("crash", f"{kinds.get(code, f'ended with exit code {code}')}: {log.last_line}", text, code)
