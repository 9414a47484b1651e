"""What a machine of a cluster does for a run: show what it sees of the others, and do stages. It needs no Ray."""

import fcntl
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.errors import PatternbenchError
from benchmark.hashing import tree_digest
from benchmark.vocabulary import Device, RunnerName, StageEnd
from harness.contestants.registry import BackboneFacts
from harness.contract import Resources
from harness.disk import as_failure
from harness.execution.events import PlannedStage, ProgressListener
from harness.execution.plan import StageSpec
from harness.execution.results import StageResult
from harness.execution.runners.base import Limits, Runner
from harness.execution.stages import StageRunner, prepare_backbone
from harness.execution.store import Entry, Store
from harness.execution.trouble import InfraError
from harness.workspace import Workspace

POLL_SECONDS = 0.2
"""How often a stage that runs is looked at, to notice that it was cancelled."""

Send = Callable[[str, tuple[Any, ...]], None]
"""Sends the name of a listener's method and its arguments to the machine that shows the run."""


@dataclass(frozen=True)
class NodeSetup:
    """What the stages of a run have in common; all machines see its paths under the same names.

    Attributes:
        workspace: the checkout.
        backbone: the contestant.
        code: digest of its code or image on the machine that shows the run.
        runner: that runs jobs.
        limits: of jobs.
        device: hardware to compute on.
    """

    workspace: Workspace
    backbone: BackboneFacts
    code: str
    runner: RunnerName
    limits: Limits
    device: Device


def probe(token: Path, content: str) -> list[str]:
    """What is wrong with this machine for a run that another one shows; empty if nothing is.

    Args:
        token: file in the store that the other machine has just written and holds the lock of.
        content: what it wrote, and the digest of its code and its Python in `code_here`.
    """
    faults = []
    written, code = content.split()
    try:
        with token.open("r+") as file:
            if file.read() != written:
                faults.append(f"sees another content of {token.parent}")
            elif not _is_locked(file.fileno()):
                faults.append(f"does not see the file locks of others in {token.parent}: mount it with flock")
    except OSError as error:
        faults.append(f"does not see the store {token.parent} ({error.strerror})")
    if code_here() != code:
        faults.append("has another version of the project or of Python")
    return faults


def code_here() -> str:
    """Digest of the project's own code, and the version of Python."""
    root = Path(__file__).parents[3]
    python = ".".join(map(str, sys.version_info[:2]))
    return f"{tree_digest(root / 'harness', root / 'benchmark')}-{python}"


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    return False


def do_stage(
    setup: NodeSetup, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path], threads: int, send: Send
) -> StageResult | PatternbenchError:
    """Find or run a stage on this machine; what goes wrong is returned, because not every error survives a transfer.

    Args:
        setup: of the run.
        stage: what to do.
        data: its pack.
        artifacts: files that the job names.
        threads: processor threads that it may use.
        send: passes on the events.

    Raises:
        KeyboardInterrupt: the stage was cancelled; its job is stopped.
    """
    listener = _Sender(send)
    try:
        runner = _runner(setup)
        store = Store(setup.workspace.store, listener.report)
        code = prepare_backbone(runner, setup.backbone, store, listener)
        if code != setup.code:
            return InfraError(
                f"{setup.backbone.label} has other code, libraries or another image on {socket.gethostname()}.",
                advice="Give all machines the same checkout and environment, and the same image (docker save, load).",
            )
        stages = StageRunner(
            backbone=setup.backbone,
            code=code,
            runner=runner,
            store=store,
            limits=setup.limits,
            resources=Resources(threads=threads, device=setup.device),
            listener=listener,
        )
        return _do(stages, replace(stage, alone=False), data, artifacts)  # it has its threads to itself
    except Exception as error:  # noqa: BLE001 - it is raised where the run is shown
        failure = as_failure(error)
        failure.__cause__ = None
        return failure


def _runner(setup: NodeSetup) -> Runner:
    from harness.execution.runners.docker import DockerRunner
    from harness.execution.runners.process import ProcessRunner

    runner: Runner = (DockerRunner if setup.runner == "docker" else ProcessRunner)(setup.workspace)
    if setup.device == "cuda":
        runner.use_gpu()  # those that CUDA_VISIBLE_DEVICES names, which Ray sets for each stage
    return runner


def _do(stages: StageRunner, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path]) -> StageResult:
    """Run a stage in another thread, because only a thread that does not wait for long notices that it is cancelled."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(stages.run, stage, data, artifacts)
        try:
            while not future.done():
                wait([future], POLL_SECONDS)
        except KeyboardInterrupt:
            stages.halt(kill=True)
            raise
        return future.result()


class _Sender(ProgressListener):
    """Passes on what a listener receives."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def report(self, text: str) -> None:
        self._send("report", (f"{socket.gethostname()}: {text}",))

    def on_crops(self, done: int, total: int) -> None:
        self._send("on_crops", (done, total))

    def on_plan(self, stages: Sequence[PlannedStage]) -> None:
        self._send("on_plan", (stages,))

    def on_cache_hit(self, stage: str) -> None:
        self._send("on_cache_hit", (stage,))

    def on_stage_start(self, stage: str) -> None:
        self._send("on_stage_start", (stage,))

    def on_progress(self, stage: str, event: Mapping[str, Any]) -> None:
        self._send("on_progress", (stage, dict(event)))

    def on_stage_end(self, stage: str, seconds: float, end: StageEnd) -> None:
        self._send("on_stage_end", (stage, seconds, end))

    def on_skip(self, stages: Sequence[str], needed: str) -> None:
        self._send("on_skip", (list(stages), needed))
