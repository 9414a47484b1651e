"""One stage: found in the store, or run, checked and stored."""

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import RunError
from benchmark.records.provenance import Stage
from harness.contestants.registry import BackboneFacts
from harness.contract import AnyJob, Resources, Result
from harness.execution import job_files
from harness.execution.events import ProgressListener
from harness.execution.jobs import raise_for_outcome, run_job, write_job
from harness.execution.plan import StageSpec
from harness.execution.results import StageResult
from harness.execution.runners.base import JobFolder, Limits, Runner
from harness.execution.store import Entry, Store, digest, file_digest


class StageRunner:
    """Runs the stages of one backbone."""

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
        self.store = store
        self._backbone, self._code, self._runner = backbone, code, runner
        self._limits, self._resources, self._listener = limits, resources, listener
        self._halted = threading.Event()

    def halt(self, *, kill: bool) -> None:
        """Start no other job; `kill` also stops the running ones."""
        self._halted.set()
        if kill:
            self._runner.cancel()

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
        key = digest(
            {
                "job": stage.job.model_dump(mode="json", exclude={"resources"}),
                "device": self._resources.device,
                "data": data.content,
                "artifacts": {name: _digest_of(path) for name, path in artifacts.items()},
                "code": self._code,
            }
        )
        kind = f"{self._backbone.slug}-{stage.name}"
        entry = self.store.find(kind, key)
        if entry is None:
            threads = os.cpu_count() or 1 if stage.alone else self._resources.threads
            job = stage.job.model_copy(update={"resources": self._resources.model_copy(update={"threads": threads})})
            self._make(stage.name, kind, key, job, data, dict(artifacts))
            entry = self.store.find(kind, key)
            assert entry is not None
        else:
            self._listener.on_cache_hit(stage.name)
        result = Result.model_validate_json((entry.path / job_files.OUT / job_files.RESULT).read_bytes())
        return StageResult(entry, result, _note(entry, result))

    def _make(self, name: str, kind: str, key: str, job: AnyJob, data: Entry, artifacts: dict[str, Path]) -> None:
        if self._halted.is_set():
            raise RunError("Another stage failed, or the run was interrupted.")
        facts: dict[str, Any] = {"backbone": self._backbone.label, "stage": name}
        self._listener.on_stage_start(name)
        start = time.monotonic()
        ok = False
        try:
            with self.store.building(kind, key, facts) as folder:
                self._do(name, job, data, artifacts, folder)
                facts["seconds"] = round(time.monotonic() - start, 3)
            ok = True
        finally:
            self._listener.on_stage_end(name, time.monotonic() - start, ok=ok)

    def _do(self, name: str, job: AnyJob, data: Entry, artifacts: dict[str, Path], folder: Path) -> None:
        write_job(job, self._backbone.reads, folder)
        job_folder = JobFolder(folder, data.path, artifacts)
        outcome, _ = run_job(self._runner, self._backbone, job, job_folder, self._limits, self._on_line(name))
        raise_for_outcome(outcome, self._backbone, name)
        for leftover in (folder / job_files.ARTIFACTS, folder / job_files.DATA):
            if leftover.is_dir():
                leftover.rmdir()

    def _on_line(self, name: str) -> Callable[[str], None]:
        def on_line(line: str) -> None:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):  # the latter for endlessly nested brackets
                return
            if _is_progress(event):
                self._listener.on_progress(name, event)

        return on_line


def _is_progress(event: object) -> bool:
    """Whether an event can be shown; a malformed one is ignored, because results do not depend on it."""
    if not isinstance(event, dict) or event.get("event") != "progress":
        return False
    figures = [
        event.get("done"),
        event.get("total"),
        *(event[name] for name in ("loss", "validation") if name in event),
    ]
    return all(isinstance(figure, int | float) for figure in figures)


def _digest_of(path: Path) -> str:
    """sha256 of an artifact, as noted in its stage if it is in the store."""
    note = path.parent.parent / "stage.json"
    if note.is_file():
        noted: str = json.loads(note.read_text(encoding="utf-8"))["files"][f"{job_files.OUT}/{path.name}"]
        return noted
    return file_digest(path)


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
