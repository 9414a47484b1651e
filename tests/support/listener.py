"""A listener that keeps what happened, for tests that run stages."""

from collections.abc import Mapping
from typing import Any

from harness.execution.events import ProgressListener


class RecordingListener(ProgressListener):
    """Keeps every event in its order, as (name of the method, its first argument)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []

    @property
    def reports(self) -> list[str]:
        """The messages for the user."""
        return [str(value) for name, value in self.events if name == "report"]

    def report(self, text: str) -> None:
        self.events.append(("report", text))

    def on_crops(self, done: int, total: int) -> None:
        self.events.append(("on_crops", (done, total)))

    def on_plan(self, stages: int) -> None:
        self.events.append(("on_plan", stages))

    def on_cache_hit(self, stage: str) -> None:
        self.events.append(("on_cache_hit", stage))

    def on_stage_start(self, stage: str) -> None:
        self.events.append(("on_stage_start", stage))

    def on_progress(self, stage: str, event: Mapping[str, Any]) -> None:
        self.events.append(("on_progress", (stage, event)))

    def on_stage_end(self, stage: str, seconds: float, *, ok: bool) -> None:  # noqa: ARG002 - a test knows no times
        self.events.append(("on_stage_end", (stage, ok)))
