"""Executing a plan: every stage is found in the store or run, several at a time."""

from collections.abc import Container, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Protocol

from harness.execution import job_files
from harness.execution.crops import CropSet
from harness.execution.plan import StageSpec
from harness.execution.results import Results, StageResult
from harness.execution.store import Entry


class Executor(Protocol):
    """Where stages are done: a `StageRunner` does them on this machine. Methods may be called concurrently."""

    def pack(self, stage: StageSpec, crops: CropSet) -> Entry:
        """Write the pack of a stage, or find it."""

    def run(self, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path]) -> StageResult:
        """Find or run a stage on its pack, with the files that its job names."""

    def skip(self, stages: Sequence[StageSpec], needed: str, dataset: str) -> None:
        """Tell that stages are skipped, because the stage `needed` did not end ok."""

    def halt(self, *, kill: bool) -> None:
        """Start no other job; `kill` also stops the running ones."""


def execute(stages: Sequence[StageSpec], crops: CropSet, executor: Executor, workers: int) -> Results:
    """Find or run every stage of a plan. A stage starts when the stage it comes after has finished.

    Stages that come after one that did not end ok are told to be skipped.

    Args:
        stages: in the order of preference; no stage comes before the one it starts from.
        crops: what the packs are made of.
        executor: does the stages.
        workers: number of stages at the same time.

    Raises:
        StageError: of the first stage that failed; the stages that run beside it are finished, no other is started.
        InputError: the backbone refused a job.
        RunError: the engine or the disk failed.
        KeyboardInterrupt: after the running stages were stopped.
    """
    waiting, running, finished = list(stages), dict[Future[StageResult], StageSpec](), dict[str, StageResult]()

    def do(stage: StageSpec) -> StageResult:
        artifacts = {path.name: path for path in stage.weights}
        if stage.after is not None:
            artifacts[job_files.CHECKPOINT] = finished[stage.after].file(job_files.CHECKPOINT)
        return executor.run(stage, executor.pack(stage, crops), artifacts)

    try:
        with ThreadPoolExecutor(workers) as pool:
            try:
                while waiting or running:
                    for stage in startable(waiting, list(running.values()), finished, workers):
                        waiting.remove(stage)
                        running[pool.submit(do, stage)] = stage
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        finished[running[future].name] = future.result()
                        del running[future]
            except BaseException as error:
                executor.halt(kill=isinstance(error, KeyboardInterrupt))
                raise
    finally:
        failed = [stage.name for future, stage in running.items() if future.cancelled() or future.exception()]
        for name in failed:
            if dependents := after(name, waiting):
                executor.skip(dependents, name, crops.catalogue.name)
    return Results({stage.name: finished[stage.name] for stage in stages})


def startable(
    waiting: Sequence[StageSpec], running: Sequence[StageSpec], finished: Container[str], workers: int
) -> list[StageSpec]:
    """The stages to start now, in the order of the plan."""
    ready = [stage for stage in waiting if stage.after is None or stage.after in finished]
    if any(stage.alone for stage in running):
        return []
    if ready and ready[0].alone:
        return [] if running else ready[:1]
    free = workers - len(running)
    return [stage for stage in ready if not stage.alone][:free]


def after(name: str, stages: Sequence[StageSpec]) -> list[StageSpec]:
    """The stages that start from a stage, or from one that does.

    Args:
        name: of the stage.
        stages: in the order of the plan.
    """
    dependents: list[StageSpec] = []
    names = {name}
    for stage in stages:
        if stage.after in names:
            dependents.append(stage)
            names.add(stage.name)
    return dependents
