"""Display of a run: progress bars on a terminal, plain lines elsewhere."""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from harness.execution.events import ProgressListener


class RichListener(ProgressListener):
    """Shows a run on standard error; tables go to standard output."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._finished = 0
        self._cached = 0
        self._total = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @property
    def all_cached(self) -> bool:
        """Whether every stage was in the store."""
        return self._total > 0 and self._cached == self._total

    def report(self, text: str) -> None:
        """Print one message above the bars."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def on_crops(self, done: int, total: int) -> None:
        """Show how many crops are cut, and print a line at the end."""
        self.on_progress("cutting crops", {"done": done, "total": total, "unit": "crop"})
        if done == total:
            self._drop("cutting crops")
            self.report(f"Cut {total} crops.")

    def on_plan(self, stages: int) -> None:
        """Remember the number of stages."""
        self._total = stages

    def on_cache_hit(self, stage: str) -> None:  # noqa: ARG002 - only the number is shown
        """Count the stage as finished and as cached."""
        with self._lock:
            self._finished += 1
            self._cached += 1

    def on_stage_start(self, stage: str) -> None:
        """Show a new bar."""
        with self._lock:
            self._tasks[stage] = self._progress.add_task(stage, total=None, figures="")

    def on_progress(self, stage: str, event: Mapping[str, Any]) -> None:
        """Update the stage's bar."""
        with self._lock:
            if stage not in self._tasks:
                self._tasks[stage] = self._progress.add_task(stage, total=None, figures="")
            figures = " ".join(f"{name} {event[name]:.4g}" for name in ("loss", "validation") if name in event)
            text = f"{event['done']}/{event['total']} {event.get('unit', '')}s {figures}"
            self._progress.update(
                self._tasks[stage], completed=event["done"], total=event["total"], figures=text.strip()
            )

    def on_stage_end(self, stage: str, seconds: float, *, ok: bool) -> None:
        """Replace the stage's bar with a line."""
        self._drop(stage)
        with self._lock:
            self._finished += ok
            place = f"[{self._finished}/{self._total}]" if ok else "failed"
            self._console.print(f"{place} {stage} {seconds:.1f} s", markup=False, highlight=False, soft_wrap=True)

    def _drop(self, stage: str) -> None:
        with self._lock:
            task = self._tasks.pop(stage, None)
            if task is not None:
                self._progress.remove_task(task)
