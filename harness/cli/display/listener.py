"""Display of runs: progress bars on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from benchmark.text import printable_lines
from benchmark.vocabulary import StageEnd
from harness.cli.display.progress import RunProgress, duration
from harness.execution.events import PlannedStage, ProgressListener
from harness.execution.titles import CROPS, title

PAUSE = 10
"""Least seconds between two lines on finished stages, where there is no terminal."""

SILENCE = 60
"""Seconds without a line after which a running stage is named, where there is no terminal."""


class _Figures(ProgressColumn):
    """Figures of a bar: a text, or a function that gives it whenever the bar is drawn."""

    def render(self, task: Task) -> Text:
        figures = task.fields["figures"]
        return Text(figures() if callable(figures) else figures)


class RichListener(ProgressListener):
    """Shows runs on standard error; what they answer goes to standard output."""

    def __init__(
        self, runs: int = 1, *, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Args: number of runs that are made one after the other; where to show them; a clock in seconds."""
        self._console = console or Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn(
                "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
            ),
            BarColumn(16),
            _Figures(),
            console=self._console,
            transient=True,
            expand=True,
            disable=not self._console.is_terminal,
        )
        self._clock = clock
        self._progress = RunProgress(runs, clock)
        self._lock = threading.RLock()
        self._overall: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}
        self._last_line = clock()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @property
    def all_cached(self) -> bool:
        """Whether every stage of the run was in the store."""
        return self._progress.total > 0 and self._progress.found == self._progress.total

    def report(self, text: str) -> None:
        """Print one message above the bars."""
        self._console.print(printable_lines(text), markup=False, highlight=False, soft_wrap=True)

    def next_run(self) -> None:
        """The next of the runs begins."""
        with self._lock:
            self._progress.next_run()
            self._show_place()

    def on_crops(self, done: int, total: int) -> None:
        """Show how many crops are cut, and print a line at the end."""
        with self._lock:
            self._move(CROPS, {"done": done, "total": total, "unit": "crop"})
            if done == total:
                self._drop(CROPS)
                self.report(f"Cut {total} crops.")

    def on_plan(self, stages: Sequence[PlannedStage]) -> None:
        """Show the bar of the whole run."""
        with self._lock:
            self._progress.plan(stages)
            self._show_place()

    def on_cache_hit(self, stage: str) -> None:
        """Count the stage as done."""
        with self._lock:
            self._progress.find(stage)
            self._show_place()

    def on_stage_start(self, stage: str) -> None:
        """Show a bar of the stage."""
        with self._lock:
            self._progress.start(stage)
            self._task(stage)

    def on_progress(self, stage: str, event: Mapping[str, Any]) -> None:
        """Move the stage's bar."""
        with self._lock:
            self._progress.move(stage, event["done"] / event["total"] if event["total"] else 0.0)
            figures = self._move(stage, event)
            if self._clock() - self._last_line >= SILENCE:
                self._line(f"{title(stage)}: {figures}")

    def on_stage_end(self, stage: str, seconds: float, end: StageEnd) -> None:
        """Remove the stage's bar; print a line, unless the last one was printed just now."""
        with self._lock:
            self._drop(stage)
            self._progress.end(stage, seconds, ok=end == "ok")
            self._show_place()
            if end != "ok":
                self.report(f"Ended as {end} after {duration(seconds)}: {title(stage)} ({stage}).")
            elif self._progress.done == self._progress.total or self._clock() - self._last_line >= PAUSE:
                self._line(f"{title(stage)}, {duration(seconds)}")

    def on_skip(self, stages: Sequence[str], needed: str) -> None:
        """Print a line on all of them."""
        self.report(f"Skipped (needs {needed}): {', '.join(stages)}.")

    def _line(self, text: str) -> None:
        """Print a line on the run where there are no bars."""
        if not self._console.is_terminal:
            self.report(f"[{self._progress.place}; {self._progress.times}] {text}")
            self._last_line = self._clock()

    def _show_place(self) -> None:
        if self._overall is None:
            self._overall = self._bars.add_task("", total=None, figures=lambda: self._progress.times)
        self._bars.update(
            self._overall,
            description=self._progress.place,
            completed=self._progress.done,
            total=self._progress.total or None,
        )

    def _task(self, stage: str) -> TaskID:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(title(stage), total=None, figures="")
        return self._tasks[stage]

    def _move(self, stage: str, event: Mapping[str, Any]) -> str:
        """Move a bar; returns the figures beside it."""
        measured = " ".join(f"{name} {event[name]:.4g}" for name in ("loss", "validation") if name in event)
        figures = f"{event['done']}/{event['total']} {event.get('unit', '')}s {measured}".strip()
        self._bars.update(self._task(stage), completed=event["done"], total=event["total"], figures=figures)
        return figures

    def _drop(self, stage: str) -> None:
        task = self._tasks.pop(stage, None)
        if task is not None:
            self._bars.remove_task(task)
