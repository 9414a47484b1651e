"""How far a run is, by a clock that the test turns."""

import pytest

from harness.cli.display.progress import RunProgress, remaining_seconds
from harness.execution.events import PlannedStage


class Clock:
    """Seconds that stand still until they are set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("expected", "running", "taken", "beside", "left"),
    [
        ({}, {}, [], 1, 0.0),
        ({"a": None}, {}, [], 1, None),  # nothing tells how long anything takes
        ({"a": 4.0, "b": 6.0}, {}, [], 1, 10.0),
        ({"a": 4.0, "b": 6.0}, {}, [], 2, 5.0),
        ({"a": None, "b": None}, {}, [3.0, 5.0], 1, 8.0),  # the mean of those that ended
        ({"a": 10.0}, {"a": (4.0, 0.0)}, [], 1, 6.0),
        ({"a": 10.0}, {"a": (25.0, 0.0)}, [], 1, 0.0),  # longer than expected: never below zero
        ({"a": 10.0}, {"a": (30.0, 0.75)}, [], 1, 10.0),  # its own share tells more than the expectation
    ],
)
def test_the_rest_follows_from_expectation_progress_and_what_ended(
    expected: dict[str, float | None],
    running: dict[str, tuple[float, float]],
    taken: list[float],
    beside: int,
    left: float | None,
) -> None:
    assert remaining_seconds(expected, running, taken, beside) == left


def test_stages_are_counted_whether_found_or_made() -> None:
    clock = Clock()
    progress = RunProgress(clock=clock)
    assert progress.place == "preparing"
    progress.plan([PlannedStage("a"), PlannedStage("b", 20.0), PlannedStage("c", 10.0)])
    progress.find("a")
    progress.start("b")
    clock.now += 5
    assert progress.place == "1 of 3 stages"
    assert progress.times == "5 s elapsed, about 25 s left"
    clock.now += 15
    progress.end("b", 20, ok=True)
    assert (progress.done, progress.found, progress.remaining) == (2, 1, 10.0)
    progress.start("c")
    clock.now += 1
    progress.end("c", 1, ok=False)
    assert progress.done == 2


def test_later_runs_are_expected_to_take_as_long_as_those_that_ended() -> None:
    clock = Clock()
    progress = RunProgress(3, clock)
    progress.plan([PlannedStage("a")])
    progress.start("a")
    clock.now += 60
    progress.end("a", 60, ok=True)
    assert progress.remaining == 120.0
    progress.next_run()
    progress.plan([PlannedStage("a", 50.0)])
    assert progress.place == "run 2 of 3, 0 of 1 stages"
    assert progress.remaining == 110.0
