"""What became of each stage that was started here: for `status`, `logs` and `why`, and to predict how long stages take.

The journal is for people. Results never depend on it, a stage that is found in the store leaves no note, and a note
that cannot be written or read is left out.
"""

import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import psutil
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from benchmark.files import atomic_write
from benchmark.hashing import json_digest
from benchmark.vocabulary import RunnerName, StageEnd
from harness.execution.events import PlannedStage, end_of
from harness.execution.jobs import StageError
from harness.execution.plan import StageSpec

EARLIER_STATES = {"finished": "ok", "failed": "crash", "interrupted": "cancelled"}
"""States in notes of earlier versions."""

StageState = Annotated[
    Literal["running"] | StageEnd, BeforeValidator(lambda state: EARLIER_STATES.get(str(state), state))
]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class StageNote(BaseModel):
    """One stage that was started; by default here and now.

    Attributes:
        backbone: label of the contestant.
        stage: name in the plan.
        dataset: name of the data set.
        key: digest of `inputs`, its address in the store.
        inputs: everything that determines its result: job, device, data, artifacts, code.
        runner: that ran it.
        after: name of the stage whose checkpoint it starts from; empty = none.
        state: `running`, or how it ended.
        started: UTC, ISO 8601.
        host: machine that ran it.
        pid: number of the harness's process there.
        seconds: wall time until its end; None while it runs.
        cause: why it did not end ok, in one sentence; of a skipped stage, `needs` and the stage that did not; else
            empty.
        log: the last lines that it printed.
        stored_bytes: size of its files in the store; None unless it is finished.
        peak_memory_mib: highest resident memory, as the backbone reported it; None unless it is finished.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    backbone: str
    stage: str
    dataset: str
    key: str
    inputs: dict[str, Any]
    runner: RunnerName
    after: str = ""
    state: StageState = "running"
    started: str = Field(default_factory=_now)
    host: str = Field(default_factory=socket.gethostname)
    pid: int = Field(default_factory=os.getpid)
    seconds: float | None = None
    cause: str = ""
    log: str = ""
    stored_bytes: int | None = None
    peak_memory_mib: float | None = None

    @property
    def label(self) -> str:
        """Contestant and stage, as commands take them."""
        return f"{self.backbone}/{self.stage}"

    @classmethod
    def skipped(cls, backbone: str, dataset: str, runner: RunnerName, stage: StageSpec, needed: str) -> "StageNote":
        """Of a stage that never had a key, because the stage `needed` did not end ok."""
        key = json_digest([backbone, dataset, stage.name])
        fields = {"stage": stage.name, "after": stage.after or "", "cause": f"needs {needed}", "seconds": 0.0}
        return cls(backbone=backbone, dataset=dataset, runner=runner, key=key, inputs={}, state="skipped", **fields)


class Journal:
    """The notes of a store, one file a stage, in a folder for each contestant: a run reads only those of its own."""

    def __init__(self, store: Path) -> None:
        """Args: folder of the store."""
        self._folder = store / "journal"

    def write(self, note: StageNote) -> None:
        """Keep a note; the earlier one of the same stage is replaced."""
        with suppress(OSError):
            path = self._of(note.backbone) / f"{note.stage}-{note.key[:32]}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as temporary:
                temporary.write_text(note.model_dump_json(indent=1), encoding="utf-8")

    @contextmanager
    def noting(self, note: StageNote, is_stopped: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """Keeps a note of a stage, which is the block, while it runs and when it has ended.

        Args:
            note: of the stage that starts.
            is_stopped: whether the run was stopped, so that an error in the block is no failure of the stage.

        Yields:
            Fields of the note that the block adds.
        """
        start = time.monotonic()
        fields: dict[str, Any] = {}
        state: StageState = "ok"
        self.write(note)
        try:
            yield fields
        except BaseException as error:
            state = end_of(error, is_stopped=is_stopped())
            outcome = error.outcome if isinstance(error, StageError) else None
            fields |= {"cause": outcome.cause, "log": outcome.log} if outcome else {"cause": str(error)}
            raise
        finally:
            seconds = round(time.monotonic() - start, 3)
            self.write(note.model_copy(update={"state": state, "seconds": seconds, **fields}))

    def notes(self, backbone: str | None = None) -> list[StageNote]:
        """The notes, the newest first; one whose process is gone is `cancelled`.

        Args:
            backbone: label of a contestant, of which all notes are returned, and perhaps earlier ones of others; None =
                of all contestants.
        """
        earlier = self._folder.glob("*.json")  # earlier versions had no folders
        ours = self._folder.glob("*/*.json") if backbone is None else self._of(backbone).glob("*.json")
        notes = []
        for path in chain(earlier, ours):
            with suppress(OSError, ValidationError):
                notes.append(_as_it_is(StageNote.model_validate_json(path.read_bytes())))
        return sorted(notes, key=lambda note: (note.started, note.label), reverse=True)

    def _of(self, backbone: str) -> Path:
        return self._folder / re.sub(r"[^A-Za-z0-9_.]+", "-", backbone)


def comparable(notes: Iterable[StageNote], backbone: str, dataset: str, stage: StageSpec) -> StageNote | None:
    """The newest finished stage that tells what another one will take; None if there is none.

    Args:
        notes: the newest first.
        backbone: label of the contestant.
        dataset: name of the data set.
        stage: what is to be done.
    """
    return next(
        (
            note
            for note in notes
            if note.state == "ok"
            and (note.backbone, note.stage, note.dataset) == (backbone, stage.name, dataset)
            and note.inputs.get("job", {}).get("image_size") == stage.job.image_size
        ),
        None,
    )


def expected_seconds(note: StageNote, stage: StageSpec) -> float | None:
    """Wall time to expect of a stage by that of a comparable one, in proportion to the epochs."""
    epochs, before = getattr(stage.job, "epochs", None), note.inputs.get("job", {}).get("epochs")
    if note.seconds is None:
        return None
    return note.seconds * epochs / before if epochs and before else note.seconds


def expect(notes: Sequence[StageNote], backbone: str, dataset: str, stages: Iterable[StageSpec]) -> list[PlannedStage]:
    """The stages of a plan with the time that each is expected to take. Arguments as `comparable`."""
    found = ((stage, comparable(notes, backbone, dataset, stage)) for stage in stages)
    return [PlannedStage(stage.name, expected_seconds(note, stage) if note else None) for stage, note in found]


def _as_it_is(note: StageNote) -> StageNote:
    if note.state == "running" and note.host == socket.gethostname() and not _runs(note):
        return note.model_copy(update={"state": "cancelled", "cause": "its process is gone"})
    return note


def _runs(note: StageNote) -> bool:
    """Whether the process of a note runs: one of its number that is not younger than the note."""
    try:
        born = datetime.fromtimestamp(psutil.Process(note.pid).create_time(), UTC)
    except psutil.Error:
        return False
    return born <= datetime.fromisoformat(note.started).replace(microsecond=999999)
