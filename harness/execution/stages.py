"""One stage: found in the store, or run, looked at and stored."""

import csv
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmark.errors import InputError, PatternbenchError, RunError
from benchmark.records.provenance import Stage
from harness.contestants.registry import BackboneFacts
from harness.contract import AnyJob, Resources, Result
from harness.execution import output_checks
from harness.execution.runners.base import REFUSED, JobFolder, Limits, Outcome, Runner
from harness.execution.store import Entry, Store, digest, file_digest


class StageError(PatternbenchError):
    """A backbone failed in a stage: this becomes a failed record."""

    def __init__(self, stage: str, outcome: Outcome) -> None:
        super().__init__(f"{stage}: {outcome.cause}")
        self.stage, self.outcome = stage, outcome


class Watcher(Protocol):
    """Is told what happens; called from several threads."""

    def found(self, stage: str) -> None:
        """A finished stage was in the store."""

    def began(self, stage: str) -> None:
        """A stage was started."""

    def moved(self, stage: str, event: Mapping[str, Any]) -> None:
        """A stage reported progress."""

    def ended(self, stage: str, seconds: float, *, ok: bool) -> None:
        """A stage ended."""


@dataclass(frozen=True)
class Done:
    """A finished stage: its files, and what the record keeps of it."""

    entry: Entry
    result: Result
    note: Stage

    def file(self, name: str) -> Path:
        """One of its files."""
        return self.entry.path / "out" / name


class Stages:
    """Runs the jobs of one backbone."""

    def __init__(
        self,
        *,
        backbone: BackboneFacts,
        code: str,
        runner: Runner,
        store: Store,
        limits: Limits,
        resources: Resources,
        watcher: Watcher,
    ) -> None:
        """Args: the backbone, the digest of its code, and what jobs are run with."""
        self._backbone, self._code, self._runner, self._store = backbone, code, runner, store
        self._limits, self._resources, self._watcher = limits, resources, watcher
        self._halted = threading.Event()

    def halt(self, *, kill: bool) -> None:
        """Start nothing more; `kill` also what is running."""
        self._halted.set()
        if kill:
            self._runner.cancel()

    def run(
        self,
        name: str,
        job: AnyJob,
        data: Entry,
        artifacts: Mapping[str, Path] | None = None,
        *,
        threads: int | None = None,
    ) -> Done:
        """Find or run one stage.

        Args:
            name: for people; it does not identify the stage.
            job: what to do.
            data: the pack to do it on.
            artifacts: files that the job names as `in/<name>`.
            threads: for a stage that runs alone; None = those of a stage beside others.

        Raises:
            StageError: the backbone failed.
            InputError: it refused the job.
            RunError: the engine or the disk did, or the run was halted.
        """
        given = dict(artifacts or {})
        key = digest(
            {
                "job": job.model_dump(mode="json", exclude={"resources"}),
                "device": self._resources.device,
                "data": data.content,
                "artifacts": {file: _digest_of(path) for file, path in given.items()},
                "code": self._code,
            }
        )
        kind = f"{self._backbone.slug}-{name}"
        entry = self._store.find(kind, key)
        if entry is None:
            resources = self._resources.model_copy(update={"threads": threads or self._resources.threads})
            self._make(name, kind, key, job.model_copy(update={"resources": resources}), data, given)
            entry = self._store.find(kind, key)
            assert entry is not None
        else:
            self._watcher.found(name)
        result = Result.model_validate_json((entry.path / "out" / "result.json").read_bytes())
        return Done(entry, result, _note(entry, result))

    def _make(self, name: str, kind: str, key: str, job: AnyJob, data: Entry, artifacts: dict[str, Path]) -> None:
        if self._halted.is_set():
            raise RunError("Another stage failed, or the run was interrupted.")
        facts: dict[str, Any] = {"backbone": self._backbone.label, "stage": name}
        self._watcher.began(name)
        start = time.monotonic()
        ok = False
        try:
            with self._store.building(kind, key, facts) as folder:
                self._do(name, job, data, artifacts, folder)
                facts["seconds"] = round(time.monotonic() - start, 3)
            ok = True
        finally:
            self._watcher.ended(name, time.monotonic() - start, ok=ok)

    def _do(self, name: str, job: AnyJob, data: Entry, artifacts: dict[str, Path], folder: Path) -> None:
        (folder / "job.json").write_text(job.model_dump_json(indent=1), encoding="utf-8")
        seen = JobFolder(folder, data.path, artifacts)
        outcome = self._runner.run(self._backbone, job.verb, seen, self._limits, self._listener(name))
        if outcome.code == REFUSED:
            raise InputError(f"{self._backbone.label}, {name}: it {outcome.cause}")
        if outcome.status != "ok":
            raise StageError(name, outcome)
        with (data.path / "table.csv").open(newline="", encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        try:
            output_checks.check(job, folder / "out", table)
        except output_checks.BadOutputError as error:
            raise StageError(name, Outcome("bad_output", str(error), outcome.log)) from error
        for leftover in (folder / "in", folder / "data"):
            if leftover.is_dir():
                leftover.rmdir()

    def _listener(self, name: str) -> Callable[[str], None]:
        def listen(line: str) -> None:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):  # the latter of brackets in brackets without end
                return
            if _is_progress(event):
                self._watcher.moved(name, event)

        return listen


def _is_progress(event: object) -> bool:
    """Whether an event can be shown; a malformed one is passed over, for it says nothing about the result."""
    if not isinstance(event, dict) or event.get("event") != "progress":
        return False
    figures = [
        event.get("done"),
        event.get("total"),
        *(event[name] for name in ("loss", "validation") if name in event),
    ]
    return all(isinstance(figure, int | float) for figure in figures)


def _digest_of(path: Path) -> str:
    """sha256 of an artifact, as noted in its stage if it lies in the store."""
    note = path.parent.parent / "stage.json"
    if note.is_file():
        noted: str = json.loads(note.read_text(encoding="utf-8"))["files"][f"out/{path.name}"]
        return noted
    return file_digest(path)


def _note(entry: Entry, result: Result) -> Stage:
    job = json.loads((entry.path / "job.json").read_text(encoding="utf-8"))
    return Stage(
        key=entry.key,
        seconds=entry.facts["seconds"],
        images_per_second=round(result.images / result.seconds, 2) if result.seconds else None,
        peak_memory_mib=result.peak_memory_mib,
        threads=job["resources"]["threads"],
    )
