"""How far the runs of a command are, and how long the rest will take: numbers without a display."""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import mean

from harness.execution.events import PlannedStage

MINUTE, HOUR = 60, 3600


def duration(seconds: float) -> str:
    """A time span in words, to two digits or so.

    >>> [duration(seconds) for seconds in (4.4, 90, 3600, 7900)]
    ['4 s', '2 min', '1 h', '2 h 12 min']
    """
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def remaining_seconds(
    expected: Mapping[str, float | None],
    running: Mapping[str, tuple[float, float]],
    taken: Sequence[float],
    beside: int,
) -> float | None:
    """Time until the last stage ends; None if nothing tells how long a stage takes.

    A running stage takes as long as its share that is done says, else as long as expected. A stage of which nothing is
    known takes as long as the mean of the stages that ended and those of which it is known.

    >>> remaining_seconds({"a": 10.0, "b": None}, {"a": (4.0, 0.5)}, [6.0], beside=1)
    12.0

    Args:
        expected: seconds of the stages that have not ended, running ones too; None = not known.
        running: of each running stage the seconds until now, and the share that is done, in [0, 1]; 0 = not known.
        taken: seconds of the stages that ended.
        beside: stages that run at the same time.
    """
    known = [*taken, *(seconds for seconds in expected.values() if seconds is not None)]
    left = 0.0
    for stage, seconds in expected.items():
        until_now, share = running.get(stage, (0.0, 0.0))
        if share > 0:
            left += until_now * (1 - share) / share
        elif seconds is not None or known:
            left += max(0.0, (mean(known) if seconds is None else seconds) - until_now)
        else:
            return None
    return left / beside


class RunProgress:
    """The stages of some runs that are made one after the other. Not safe for threads."""

    def __init__(self, runs: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: number of runs; a clock in seconds."""
        self._runs, self._clock = runs, clock
        self._begun = self._run_begun = clock()
        self._run = 1
        self._run_seconds: list[float] = []
        self._taken: list[float] = []
        self._beside = 1
        self.plan(())

    def next_run(self) -> None:
        """The run before this one has ended."""
        now = self._clock()
        self._run_seconds.append(now - self._run_begun)
        self._run += 1
        self._run_begun = now
        self.plan(())

    def plan(self, stages: Sequence[PlannedStage]) -> None:
        """The stages of the run are known."""
        self._expected = {stage.name: stage.seconds for stage in stages}
        self._running: dict[str, tuple[float, float]] = {}
        self.total, self.done, self.found = len(stages), 0, 0

    def find(self, stage: str) -> None:
        """A stage was in the store."""
        self._expected.pop(stage, None)
        self.done += 1
        self.found += 1

    def start(self, stage: str) -> None:
        """A stage starts."""
        self._expected.setdefault(stage, None)
        self._running[stage] = self._clock(), 0.0
        self._beside = max(self._beside, len(self._running))

    def move(self, stage: str, share: float) -> None:
        """A share of a running stage is done, in [0, 1]."""
        if stage in self._running:
            self._running[stage] = self._running[stage][0], min(max(share, 0.0), 1.0)

    def end(self, stage: str, seconds: float, *, ok: bool) -> None:
        """A running stage ended after some seconds; `ok` if it is finished."""
        self._running.pop(stage, None)
        self._expected.pop(stage, None)
        if ok:
            self.done += 1
            self._taken.append(seconds)

    @property
    def elapsed(self) -> float:
        """Seconds since the first run began."""
        return self._clock() - self._begun

    @property
    def remaining(self) -> float | None:
        """Seconds until the last run ends; None if that cannot be told."""
        now = self._clock()
        running = {stage: (now - start, share) for stage, (start, share) in self._running.items()}
        left = remaining_seconds(self._expected, running, self._taken, self._beside) if self.total else None
        if left is None:
            return None
        a_run = mean(self._run_seconds) if self._run_seconds else now - self._run_begun + left
        return left + (self._runs - self._run) * a_run

    @property
    def place(self) -> str:
        """Which run it is, and how many of its stages are done."""
        run = f"run {self._run} of {self._runs}, " if self._runs > 1 else ""
        return f"{run}{self.done} of {self.total} stages" if self.total else f"{run}preparing"

    @property
    def times(self) -> str:
        """Elapsed and remaining time in words."""
        left = self.remaining
        rest = f", about {duration(left)} left" if left else ""
        return f"{duration(self.elapsed)} elapsed{rest}"
