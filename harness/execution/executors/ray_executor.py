"""Stages as tasks of a Ray cluster: the same plan and the same store, on other machines."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmark.errors import PatternbenchError, RunError
from harness.execution.crops import CropSet
from harness.execution.events import ProgressListener
from harness.execution.executors.cluster import connect, machines, threads_of
from harness.execution.executors.node import NodeSetup, do_stage
from harness.execution.plan import StageSpec
from harness.execution.results import StageResult
from harness.execution.stages import StageRunner
from harness.execution.store import Entry
from harness.execution.trouble import InfraError

RETRIES = 3
"""How often a stage is done again whose machine was lost."""
SHOW_SECONDS = 0.2
"""How often events of other machines are shown."""


class Mailbox:
    """Events of all machines until they are shown; an actor on the machine that shows the run."""

    def __init__(self) -> None:
        self._events: list[tuple[str, tuple[Any, ...]]] = []

    def put(self, method: str, arguments: tuple[Any, ...]) -> None:
        """Keep an event."""
        self._events.append((method, arguments))

    def take(self) -> list[tuple[str, tuple[Any, ...]]]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events


def do_task(
    setup: NodeSetup,
    stage: StageSpec,
    data: Entry,
    artifacts: Mapping[str, Path],
    threads: int,
    mailbox: Any,  # noqa: ANN401 - Ray is untyped here
) -> StageResult | PatternbenchError:
    """`do_stage` on the machine that Ray chose; all its events are in the mailbox when it returns."""
    import ray
    from ray.exceptions import RayError

    put: list[Any] = []

    def send(method: str, arguments: tuple[Any, ...]) -> None:
        put[:] = [mailbox.put.remote(method, arguments)]

    answer = do_stage(setup, stage, data, artifacts, threads, send)
    with suppress(RayError):  # events are for people; results do not depend on them
        ray.get(put)
    return answer


class RayExecutor:
    """Packs here, and finds or runs stages on the machines of a cluster. Use it as a context manager."""

    def __init__(self, local: StageRunner, setup: NodeSetup, workers: int, listener: ProgressListener) -> None:
        """An executor of one run.

        Args:
            local: runs stages here; packs, and notes what is skipped.
            setup: what machines need to know.
            workers: number of stages at the same time.
            listener: receives the events of all machines.
        """
        self._ray = connect()
        self._local, self._setup, self._workers, self._listener = local, setup, workers, listener
        self._task = self._ray.remote(do_task)
        self._tasks: set[Any] = set()
        self._halted, self._over = threading.Event(), threading.Event()
        self._showing = threading.Lock()
        self._running: set[str] = set()

    def __enter__(self) -> Self:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self._ray.get_runtime_context().get_node_id(), soft=False)
        self._mailbox = self._ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=here).remote()
        self._shower = threading.Thread(target=self._show_until_over, daemon=True)
        self._shower.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._shower.join()
        self._show()
        self._ray.kill(self._mailbox)

    def pack(self, stage: StageSpec, crops: CropSet) -> Entry:
        """Write the pack of a stage here, or find it in the store."""
        return self._local.pack(stage, crops)

    def skip(self, stages: Sequence[StageSpec], needed: str, dataset: str) -> None:
        """Tell that stages are skipped."""
        self._local.skip(stages, needed, dataset)

    def halt(self, *, kill: bool) -> None:
        """Start no other stage; `kill` also stops the running ones."""
        self._halted.set()
        self._local.halt(kill=kill)
        if kill:
            for task in list(self._tasks):
                self._ray.cancel(task)

    def run(self, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path]) -> StageResult:
        """Find a stage, or run it on another machine; as `StageRunner.run`.

        Raises:
            InfraError: the cluster lost its machine too often.
        """
        from ray.exceptions import RayError, TaskCancelledError

        if self._local.find(stage, data, artifacts) is not None:
            return self._local.run(stage, data, artifacts)
        if self._halted.is_set():
            raise RunError("Another stage failed, or the run was cancelled.")
        cluster = machines()
        threads = max(machine.cpus for machine in cluster) if stage.alone else threads_of(cluster, self._workers)
        options = {
            "name": f"{self._setup.backbone.label}/{stage.name}",
            "num_cpus": threads,
            "num_gpus": int(self._setup.device == "cuda"),
            "memory": int(self._setup.limits.memory_gib * 2**30),
            "max_retries": RETRIES,
        }
        self._report_shortage(stage, options)
        task = self._task.options(**options).remote(self._setup, stage, data, dict(artifacts), threads, self._mailbox)
        self._tasks.add(task)
        try:
            answer = self._ray.get(task)
        except TaskCancelledError as error:
            raise RunError("The job was stopped.") from error
        except RayError as error:
            raise InfraError(
                f"{stage.name}: the cluster lost its machine {RETRIES + 1} times, or could not start it "
                f"({_last_line(error)}). Finished stages are kept.",
                advice="Look at `ray status`, and run again.",
            ) from error
        finally:
            self._tasks.discard(task)
            self._show()
        if isinstance(answer, PatternbenchError):
            raise answer
        result: StageResult = answer
        return result

    def _report_shortage(self, stage: StageSpec, options: Mapping[str, Any]) -> None:
        """Say that no machine is large enough; one may still join."""
        cpus, gpus, memory = options["num_cpus"], options["num_gpus"], options["memory"]
        if not any(one.cpus >= cpus and one.gpus >= gpus and one.memory >= memory for one in machines()):
            self._listener.report(
                f"{stage.name} waits for a machine with {cpus} CPUs, {gpus} GPUs and {memory / 2**30:g} GiB of memory; "
                "none in the cluster has so much now."
            )

    def _show_until_over(self) -> None:
        while not self._over.wait(SHOW_SECONDS):
            self._show()

    def _show(self) -> None:
        """Give the listener the events since the last call."""
        from ray.exceptions import RayError

        with self._showing, suppress(RayError):
            for method, arguments in self._ray.get(self._mailbox.take.remote()):
                self._note_again(method, arguments)
                getattr(self._listener, method)(*arguments)

    def _note_again(self, method: str, arguments: tuple[Any, ...]) -> None:
        """Say that a stage starts again which never ended: its machine was lost."""
        if method == "on_stage_start":
            (stage,) = arguments
            if stage in self._running:
                self._listener.report(f"The machine of {stage} was lost; another one does it again.")
            self._running.add(stage)
        elif method == "on_stage_end":
            self._running.discard(arguments[0])


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:300]
