"""Events of a run: the interface of what displays them."""

from collections.abc import Mapping
from typing import Any, Protocol


class ProgressListener(Protocol):
    """Receives the events of a run. Methods may be called concurrently."""

    def report(self, text: str) -> None:
        """One message for the user."""

    def on_crops(self, done: int, total: int) -> None:
        """`done` of `total` crops are cut."""

    def on_plan(self, stages: int) -> None:
        """The number of stages of the run is known."""

    def on_cache_hit(self, stage: str) -> None:
        """A finished stage was found in the store."""

    def on_stage_start(self, stage: str) -> None:
        """A stage starts."""

    def on_progress(self, stage: str, event: Mapping[str, Any]) -> None:
        """A stage reports progress: an event of the contract with `done`, `total` and perhaps `loss`, `validation`."""

    def on_stage_end(self, stage: str, seconds: float, *, ok: bool) -> None:
        """A stage ended after `seconds` of wall time."""
