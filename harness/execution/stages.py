"""One stage: found in the store, or run, checked and stored."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from benchmark.errors import RunError
from benchmark.records.provenance import Stage
from benchmark.vocabulary import Pooling
from harness.contestants.registry import BackboneFacts
from harness.contract import AnyJob, Encode, Progress, Resources, Result
from harness.execution import job_files
from harness.execution.crops import CropSet
from harness.execution.events import ProgressListener, stage_events
from harness.execution.job_order import restore_order
from harness.execution.jobs import StageError, disk_trouble, raise_for_outcome, run_job, write_job
from harness.execution.journal import Journal, StageNote
from harness.execution.packs import write_pack
from harness.execution.plan import StageSpec
from harness.execution.results import StageResult
from harness.execution.runners.base import JobFolder, Limits, Outcome, Runner
from harness.execution.store import Entry, Store, digest
from harness.execution.trouble import DISK, InfraError, trying
from harness.storage.checks import remembered_digest
from harness.storage.trees import remove_tree, walk

T = TypeVar("T")


class StageRunner:
    """Runs the stages of one backbone; what fails by trouble of the machine that may pass is tried again."""

    def __init__(
        self,
        *,
        backbone: BackboneFacts,
        code: str,
        runner: Runner,
        store: Store,
        limits: Limits,
        resources: Resources,
        listener: ProgressListener,
    ) -> None:
        """Args: the backbone, the digest of its code, and what jobs are run with."""
        self.store, self.limits = store, limits
        self._backbone, self._code, self._runner = backbone, code, runner
        self._resources, self._listener = resources, listener
        self._lock, self._widths = threading.Lock(), dict[Pooling, int]()
        self._halted, self._killed = threading.Event(), threading.Event()
        self._journal = Journal(store.root)

    def halt(self, *, kill: bool) -> None:
        """Start no other job; `kill` also stops the running ones."""
        self._halted.set()
        if kill:
            self._killed.set()
            self._runner.cancel()

    def pack(self, stage: StageSpec, crops: CropSet) -> Entry:
        """Write the pack of a stage, or find it in the store.

        Raises:
            RunError: the disk is full or cannot be written to.
        """
        return self._trying(stage.name, lambda: write_pack(stage.pack, crops, self.store))

    def skip(self, stages: Sequence[StageSpec], needed: str, dataset: str) -> None:
        """Tell that stages are skipped.

        Args:
            stages: in the order of the plan.
            needed: name of the stage that did not end ok.
            dataset: name of the data set.
        """
        for stage in stages:
            self._journal.write(StageNote.skipped(self._backbone.label, dataset, self._runner.name, stage, needed))
        self._listener.on_skip([stage.name for stage in stages], needed)

    def _trying(self, name: str, work: Callable[[], T]) -> T:
        return trying(work, name, self.store.root, self._listener.report, self._halted.wait)

    def inputs(self, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path]) -> dict[str, Any]:
        """Everything that determines the result of a stage; its digest is the stage's key. Arguments as `run`."""
        return {
            "job": stage.job.model_dump(mode="json", exclude={"resources"}),
            "device": self._resources.device,
            "data": data.content,
            "artifacts": {name: _digest_of(path) for name, path in artifacts.items()},
            "code": self._code,
        }

    def find(self, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path]) -> Entry | None:
        """The finished stage in the store, if there is one. Arguments as `run`."""
        return self.store.find(self._kind(stage), digest(self.inputs(stage, data, artifacts)))

    def _kind(self, stage: StageSpec) -> str:
        return f"{self._backbone.slug}-{stage.name}"

    def run(self, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path]) -> StageResult:
        """Find or run one stage.

        Args:
            stage: what to do.
            data: the pack.
            artifacts: files that the job names as `in/<name>`.

        Raises:
            StageError: the backbone failed.
            InputError: the backbone refused the job.
            RunError: the engine or the disk failed, or the run was halted.
        """
        entry = self._trying(stage.name, lambda: self._find_or_make(stage, data, artifacts))
        result = Result.model_validate_json((entry.path / job_files.OUT / job_files.RESULT).read_bytes())
        return StageResult(entry, result, _note(entry, result))

    def _find_or_make(self, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path]) -> Entry:
        inputs = self.inputs(stage, data, artifacts)
        key = digest(inputs)
        entry = self.store.find(self._kind(stage), key)
        if entry is None:
            return self._make_or_wait(stage, data, artifacts, key, inputs)
        self._take(stage, entry)
        return entry

    def _make_or_wait(
        self, stage: StageSpec, data: Entry, artifacts: Mapping[str, Path], key: str, inputs: dict[str, Any]
    ) -> Entry:
        """Run a stage, or find it after waiting for another run that makes it."""
        kind = self._kind(stage)
        with self.store.holding(kind, key, self._halted.is_set):
            entry = self.store.find(kind, key)
            if entry is not None:
                self._take(stage, entry)
                return entry
            threads = os.cpu_count() or 1 if stage.alone else self._resources.threads
            job = stage.job.model_copy(update={"resources": self._resources.model_copy(update={"threads": threads})})
            note = StageNote(
                backbone=self._backbone.label,
                stage=stage.name,
                dataset=data.facts.get("dataset", ""),
                key=key,
                inputs=inputs,
                runner=self._runner.name,
                after=stage.after or "",
            )
            self._make(kind, note, job, data, dict(artifacts))
            return self.store.settled(kind, key)

    def _take(self, stage: StageSpec, entry: Entry) -> None:
        """Use a stage that was found."""
        self._listener.on_cache_hit(stage.name)
        if problem := self._other_width(stage.job, entry.path):
            raise StageError(stage.name, Outcome("bad_output", problem))

    def _make(self, kind: str, note: StageNote, job: AnyJob, data: Entry, artifacts: dict[str, Path]) -> None:
        if self._halted.is_set():
            raise RunError("Another stage failed, or the run was cancelled.")
        facts: dict[str, Any] = {"backbone": note.backbone, "stage": note.stage, "inputs": note.inputs}
        start, is_stopped = time.monotonic(), self._killed.is_set
        with (
            stage_events(self._listener, note.stage, is_stopped),
            self._journal.noting(note, is_stopped) as end,
            self.store.building(kind, note.key, facts) as folder,
        ):
            log = self._do(note.stage, job, data, artifacts, folder)
            facts["seconds"] = round(time.monotonic() - start, 3)
            result = Result.model_validate_json((folder / job_files.OUT / job_files.RESULT).read_bytes())
            size = sum(entry.stat().st_size for entry in walk(folder) if entry.is_file())
            end |= {"log": log, "stored_bytes": size, "peak_memory_mib": result.peak_memory_mib}

    def _do(self, name: str, job: AnyJob, data: Entry, artifacts: dict[str, Path], folder: Path) -> str:
        """Run a job in its folder; returns the end of its log. Only its outputs and what it was asked stay there."""
        before = {path: remembered_digest(path) for path in artifacts.values()}
        write_job(job, self._backbone.reads, folder)
        job_folder = JobFolder(folder, data.path, artifacts)
        limits = replace(self.limits, cpus=job.resources.threads)
        outcome, _ = run_job(self._runner, self._backbone, job, job_folder, limits, self._on_line(name))
        changed = self._changed_inputs(data, before)
        if changed:
            outcome = Outcome("bad_output", f"changed its inputs, which are read-only: {changed}", outcome.log)
        elif outcome.status == "ok" and (problem := self._other_width(job, folder)):
            outcome = Outcome("bad_output", problem, outcome.log)
        elif trouble := disk_trouble(outcome, folder):
            raise InfraError(f"{self._backbone.label}, {name}: {trouble}", DISK)
        raise_for_outcome(outcome, self._backbone, name)
        restore_order(data.path, folder / job_files.OUT)
        for entry in list(os.scandir(folder)):
            if entry.name == job_files.OUT:
                continue
            if entry.is_dir(follow_symlinks=False):
                remove_tree(Path(entry.path))
            else:
                Path(entry.path).unlink()
        write_job(job, self._backbone.reads, folder)  # a job could have written over it
        return outcome.log

    def _other_width(self, job: AnyJob, folder: Path) -> str:
        """Why the embeddings of a stage do not belong to those of earlier stages; empty if they do.

        The encoder of a run has one feature map for all its images, whatever its weights are.
        """
        if not isinstance(job, Encode):
            return ""
        width = int(np.load(folder / job_files.OUT / job_files.EMBEDDINGS, mmap_mode="r").shape[1])
        with self._lock:
            earlier = self._widths.setdefault(job.pooling, width)
        if width == earlier:
            return ""
        return f"out/{job_files.EMBEDDINGS} has {width} values an image, but {earlier} in another stage of this run"

    def _changed_inputs(self, data: Entry, artifacts: Mapping[Path, str]) -> str:
        """What of its inputs a job changed; empty if nothing. The process runner cannot forbid it.

        Raises:
            RunError: another run found the pack damaged, so that this job is not to blame.
        """
        if not data.path.exists():
            raise RunError(f"The pack {data.path.name} was damaged and set aside while a stage read it. Run again.")
        if problem := self.store.check(data):
            return f"{job_files.DATA}/: {problem}"
        for path, sha256 in artifacts.items():
            try:
                same = remembered_digest(path) == sha256
            except OSError:
                same = False
            if not same:
                return f"{job_files.ARTIFACTS}/{path.name}"
        return ""

    def _on_line(self, name: str) -> Callable[[str], None]:
        def on_line(line: str) -> None:
            if not line.startswith("{"):
                return
            with suppress(ValidationError):  # a malformed event is ignored, because results do not depend on it
                event = Progress.model_validate_json(line, strict=True)
                self._listener.on_progress(name, event.model_dump(exclude_none=True))

        return on_line


def prepare_backbone(runner: Runner, backbone: BackboneFacts, store: Store, listener: ProgressListener) -> str:
    """Make a backbone ready, again after a wait if the engine fails; returns the digest of the code that will run.

    Args:
        runner: runs its jobs.
        backbone: the backbone.
        store: of finished stages.
        listener: receives messages.

    Raises:
        RunError: it cannot be made ready.
    """

    def wait(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    return trying(lambda: runner.prepare(backbone, listener.report), backbone.label, store.root, listener.report, wait)


def _digest_of(path: Path) -> str:
    """sha256 of an artifact, as noted in its stage if it is in the store."""
    note = path.parent.parent / "stage.json"
    if note.is_file():
        noted: str = json.loads(note.read_text(encoding="utf-8"))["files"][f"{job_files.OUT}/{path.name}"]
        return noted
    return remembered_digest(path)


def _note(entry: Entry, result: Result) -> Stage:
    job = json.loads((entry.path / job_files.JOB).read_text(encoding="utf-8"))
    return Stage(
        key=entry.key,
        seconds=entry.facts["seconds"],
        images_per_second=round(result.images / result.seconds, 2) if result.seconds else None,
        peak_memory_mib=result.peak_memory_mib,
        threads=job["resources"]["threads"],
        precision=result.precision,
    )
