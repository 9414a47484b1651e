"""Events of a run: the interface of what displays them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from benchmark.errors import InputError
from benchmark.vocabulary import StageEnd
from harness.execution.jobs import StageError
from harness.execution.trouble import INFRA, InfraError


@dataclass(frozen=True)
class PlannedStage:
    """A stage of the run that is shown.

    Attributes:
        name: in the plan.
        seconds: wall time that it is expected to take; None = not known.
    """

    name: str
    seconds: float | None = None


class ProgressListener(Protocol):
    """Receives the events of a run. Methods may be called concurrently."""

    def report(self, text: str) -> None:
        """One message for the user."""

    def on_crops(self, done: int, total: int) -> None:
        """`done` of `total` crops are cut."""

    def on_plan(self, stages: Sequence[PlannedStage]) -> None:
        """The stages of the run are known; each is found or starts later."""

    def on_cache_hit(self, stage: str) -> None:
        """A finished stage was found in the store."""

    def on_stage_start(self, stage: str) -> None:
        """A stage starts."""

    def on_progress(self, stage: str, event: Mapping[str, Any]) -> None:
        """A stage reports progress: an event of the contract with `done`, `total` and perhaps `loss`, `validation`."""

    def on_stage_end(self, stage: str, seconds: float, end: StageEnd) -> None:
        """A stage ended after `seconds` of wall time."""

    def on_skip(self, stages: Sequence[str], needed: str) -> None:
        """Some stages are skipped: they start from the stage `needed`, or from one that does, and it did not end ok."""


def end_of(error: BaseException | None, *, is_stopped: bool) -> StageEnd:
    """How a stage ended by an error; None = without one.

    Args:
        error: that ended it.
        is_stopped: whether the run was stopped, which goes before what came of that.
    """
    if error is None:
        return "ok"
    if is_stopped or isinstance(error, KeyboardInterrupt):
        return "cancelled"
    if isinstance(error, StageError):
        return error.outcome.status
    if isinstance(error, InputError):
        return "crash"
    return error.end if isinstance(error, InfraError) else INFRA


@contextmanager
def stage_events(
    listener: ProgressListener, stage: str, is_stopped: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Tells a listener of the start and the end of a stage, which is the block.

    Args:
        listener: receives the events.
        stage: name of the stage.
        is_stopped: whether the run was stopped, so that an error in the block is no failure of the stage.
    """
    listener.on_stage_start(stage)
    start = time.monotonic()
    end: StageEnd = "ok"
    try:
        yield
    except BaseException as error:
        end = end_of(error, is_stopped=is_stopped())
        raise
    finally:
        listener.on_stage_end(stage, time.monotonic() - start, end)
