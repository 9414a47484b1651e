"""One job of a backbone: write its folder, run it, check what it wrote, turn a failure into an exception."""

import csv
import errno
import json
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark.errors import InputError, PatternbenchError
from benchmark.text import printable
from harness.contestants.registry import BackboneFacts
from harness.contract import AnyJob, Result, Version
from harness.execution import job_files, output_checks
from harness.execution.runners.base import LOG_WIDTH, REFUSED, JobFolder, Limits, Outcome, Runner

DISK_FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "ENOSPC", "EDQUOT")
"""Messages of programs that found a disk or a quota full."""
FULL_BYTES = 2**24
"""Free bytes below which a disk counts as full."""
BUS_ERRORS = (-signal.SIGBUS, 128 + signal.SIGBUS)


class StageError(PatternbenchError):
    """A backbone failed in a stage: this becomes a failed record."""

    def __init__(self, stage: str, outcome: Outcome) -> None:
        super().__init__(f"{stage}: {outcome.cause}")
        self.stage, self.outcome = stage, outcome

    def __reduce__(self) -> tuple[type["StageError"], tuple[str, Outcome]]:
        """Its arguments, so that it can be sent from one machine to another."""
        return StageError, (self.stage, self.outcome)


def write_job(job: AnyJob, version: Version, folder: Path, extra: Mapping[str, object] | None = None) -> None:
    """Write `job.json`.

    Args:
        job: the job.
        version: of the contract, as the backbone reads it.
        folder: an existing folder.
        extra: keys that the contract does not have, added to those of the job.
    """
    fields = job.document(version) | dict(extra or {})
    (folder / job_files.JOB).write_text(json.dumps(fields, indent=1), encoding="utf-8")


def run_job(
    runner: Runner,
    backbone: BackboneFacts,
    job: AnyJob,
    folder: JobFolder,
    limits: Limits,
    on_line: Callable[[str], None],
) -> tuple[Outcome, Result | None]:
    """Run a job whose `job.json` is written, and check its outputs.

    Args:
        runner: runs it.
        backbone: does it.
        job: the content of `job.json`.
        folder: the job's folder, its data and its artifacts.
        limits: time and memory.
        on_line: receives each line of the job's standard output.

    Returns:
        The outcome, and the content of `result.json`; None unless the outcome is `ok`. Outputs that break the contract
        have the outcome `bad_output`.

    Raises:
        RunError: the engine failed, not the backbone.
    """
    outcome = runner.run(backbone, job.verb, folder, limits, on_line)
    if outcome.status != "ok":
        return outcome, None
    with (folder.data / job_files.TABLE).open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    try:
        return outcome, output_checks.check(job, folder.path / job_files.OUT, table)
    except output_checks.BadOutputError as error:
        return Outcome("bad_output", str(error), outcome.log), None
    except OSError:  # of the disk, not of the backbone
        raise
    except Exception as error:  # noqa: BLE001 - whatever a check trips over, the backbone wrote it
        reason = printable(f"{type(error).__name__}: {error}")[:LOG_WIDTH]
        return Outcome("bad_output", f"its outputs cannot be read ({reason})", outcome.log), None


def disk_trouble(outcome: Outcome, folder: Path) -> str:
    """Why a job failed, if the disk is to blame and not the backbone; else empty.

    Args:
        outcome: how the job ended.
        folder: that it wrote into.
    """
    if outcome.status == "ok":
        return ""
    free = shutil.disk_usage(folder).free
    words = next((words for words in DISK_FULL if words in outcome.log), "")
    # the system ends a program by SIGBUS that writes to a mapped file for which there is no room
    if not words and (free > FULL_BYTES or (outcome.code not in BUS_ERRORS and outcome.status != "bad_output")):
        return ""
    return (
        f"the disk was full while it wrote ({words or 'no room for its outputs'}); {free / 2**30:.1f} GiB are free in "
        f"{folder.parent} now. Make room (`patternbench clean` shows what runs made and can make again) and run again. "
        "It is no failure of the backbone: no record is written, and finished stages are kept."
    )


def raise_for_outcome(outcome: Outcome, backbone: BackboneFacts, stage: str) -> None:
    """Raise the exception that an outcome means; return if the outcome is `ok`.

    Args:
        outcome: how a job ended.
        backbone: whose job it was.
        stage: name of the job in messages.

    Raises:
        InputError: the backbone refused the job (exit code 2).
        StageError: the backbone failed.
    """
    if outcome.code == REFUSED:
        raise InputError(f"{backbone.label}, {stage}: it {outcome.cause}")
    if outcome.status != "ok":
        raise StageError(stage, outcome)
