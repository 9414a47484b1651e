"""Trouble of the machine while a contestant is run: typed, waited for, and tried again; no contestant is charged.

An engine that is restarted answers again within seconds, so trying again is worth it. A full disk does not empty
itself: a stage is tried again only if somebody made room while it was waited for, because it would fill the disk again
after as many hours of work.
"""

import errno
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, TypeVar

from benchmark.errors import RunError

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try."""
ROOM = 2**24
"""Bytes by which the free space of a full disk must have grown for another try."""
FULL = (errno.ENOSPC, errno.EDQUOT)

ENGINE, REGISTRY, DISK = "the Docker engine", "the registry of images", "room on the disk"
"""What may come back."""

TroubleEnd = Literal["infra", "image_missing"]
"""How a stage or a run ends by trouble of the machine."""

INFRA: TroubleEnd = "infra"

T = TypeVar("T")


class InfraError(RunError):
    """The machine failed, not the contestant: no record is written."""

    def __init__(self, message: str, awaits: str = "", advice: str = "", end: TroubleEnd = INFRA) -> None:
        """An error of the machine.

        Args:
            message: what happened, as sentences.
            awaits: what may come back by itself; empty = waiting does not help.
            advice: what to do, as sentences.
            end: how a stage ends by it.
        """
        super().__init__(f"{message} {advice}".rstrip())
        self.message, self.awaits, self.advice, self.end = message, awaits, advice, end

    def __reduce__(self) -> tuple[type["InfraError"], tuple[str, str, str, TroubleEnd]]:
        """Its arguments, so that it can be sent from one machine to another."""
        return InfraError, (self.message, self.awaits, self.advice, self.end)


def trying(
    work: Callable[[], T], what: str, store: Path, report: Callable[[str], None], wait: Callable[[float], bool]
) -> T:
    """Do some work, and again after a wait as long as it fails by trouble of the machine that may pass.

    Args:
        work: what to do.
        what: its name in messages.
        store: folder whose disk the work fills.
        report: receives what is waited for, and how long.
        wait: waits some seconds; True as soon as the run was stopped.

    Raises:
        InfraError: the trouble did not pass.
        RunError: the run was stopped during a wait; or the trouble is of a kind that does not pass by itself.
    """
    tries, waits = 1, iter(WAITS)
    while True:
        try:
            return work()
        except RunError as error:
            awaits = awaited(error)
            if not awaits:
                raise
            message = error.message if isinstance(error, InfraError) else str(error)
            report(f"{what}: {message}")
            free, is_over = _free(store), False
            for seconds in waits:
                report(f"{what}: waiting {seconds:g} s for {awaits}, then trying again. Ctrl-C ends the wait.")
                if wait(seconds):
                    raise
                is_over = awaits != DISK or _free(store) >= free + ROOM
                if is_over:
                    break
            if not is_over:
                raise _given_up(error, message, tries, WAITS) from error
        tries += 1


def awaited(error: BaseException) -> str:
    """What has to come back before work that failed by an error can be done; empty if waiting does not help."""
    if isinstance(error, InfraError):
        return error.awaits
    cause = error.__cause__ if isinstance(error, RunError) else error
    return DISK if isinstance(cause, OSError) and cause.errno in FULL else ""


def _given_up(error: RunError, message: str, tries: int, waits: Iterable[float]) -> InfraError:
    end, advice = (error.end, error.advice) if isinstance(error, InfraError) else (INFRA, "")
    return InfraError(
        f"{message} {'Tried once' if tries == 1 else f'Tried {tries} times'}, and waited {sum(waits):g} s. The run "
        f"ends as {end!r}: the contestant is not charged, no record is written, and finished stages are kept.",
        end=end,
        advice=advice,
    )


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
