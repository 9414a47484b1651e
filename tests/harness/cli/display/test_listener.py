"""What a run shows: few plain lines without a terminal, one bar for the whole run on one."""

import io

import pytest
from rich.console import Console

from benchmark.errors import RunError
from harness.cli.display.listener import PAUSE, SILENCE, RichListener
from harness.execution.events import PlannedStage, stage_events
from harness.execution.jobs import StageError
from harness.execution.runners.base import Outcome
from harness.execution.titles import TITLES, title


class Clock:
    """Seconds that stand still until they are set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(*, terminal: bool) -> tuple[RichListener, io.StringIO, Clock]:
    text, clock = io.StringIO(), Clock()
    console = Console(file=text, force_terminal=terminal, width=80, color_system=None)
    return RichListener(console=console, clock=clock), text, clock


def test_lines_are_few_and_say_what_a_stage_does() -> None:
    listener, text, clock = shown(terminal=False)
    names = [f"stage {number}" for number in range(40)]
    listener.on_plan([PlannedStage("encode"), *map(PlannedStage, names)])
    for name in ("encode", *names):
        listener.on_stage_start(name)
        clock.now += 1
        listener.on_stage_end(name, 1.0, "ok")
    lines = text.getvalue().splitlines()
    assert len(lines) == 41 // PAUSE + 1
    assert lines[0].startswith(f"[{PAUSE} of 41 stages; {PAUSE} s elapsed, about 31 s left] ")
    assert lines[-1].startswith("[41 of 41 stages; 41 s elapsed]")


def test_a_long_stage_is_heard_of() -> None:
    listener, text, clock = shown(terminal=False)
    listener.on_plan([PlannedStage("inpaint")])
    listener.on_stage_start("inpaint")
    for epoch in range(1, 11):
        clock.now += SILENCE / 5
        listener.on_progress("inpaint", {"done": epoch, "total": 20, "unit": "epoch", "loss": 0.51234})
    lines = text.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(f"{title('inpaint')}: 5/20 epochs loss 0.5123")


def ended(error: BaseException, *, stopped: bool) -> str:
    """How a stage ends on the screen, in which an error is raised."""
    listener, text, _ = shown(terminal=False)
    listener.on_plan([PlannedStage("encode")])
    with pytest.raises(type(error)), stage_events(listener, "encode", lambda: stopped):
        raise error
    return text.getvalue().split()[2]


def test_a_stage_that_was_stopped_has_not_failed() -> None:
    assert ended(RunError("killed"), stopped=True) == "cancelled"
    assert ended(KeyboardInterrupt(), stopped=False) == "cancelled"
    assert ended(RunError("broken"), stopped=False) == "infra"
    assert ended(StageError("encode", Outcome("oom_gpu", "planted")), stopped=False) == "oom_gpu"


def test_skipped_stages_are_one_line() -> None:
    listener, text, _ = shown(terminal=False)
    listener.on_skip(["encode", "fill"], "inpaint")
    assert text.getvalue() == "Skipped (needs inpaint): encode, fill.\n"


def test_a_terminal_has_a_bar_of_the_whole_run_within_its_width() -> None:
    listener, text, _ = shown(terminal=True)
    longest = max(TITLES, key=lambda name: len(TITLES[name]))
    with listener:
        listener.on_plan([PlannedStage(longest, 30.0), PlannedStage("encode", 30.0)])
        listener.on_stage_start(longest)
        listener.on_progress(longest, {"done": 1, "total": 2, "unit": "epoch"})
    drawn = text.getvalue()
    assert "0 of 2 stages" in drawn
    assert "about" in drawn
    assert TITLES[longest][:20] in drawn
    assert "1/2 epochs" in drawn


def test_names_in_progress_are_no_markup() -> None:
    listener, text, _ = shown(terminal=True)
    with listener:
        listener.on_plan([PlannedStage("[red]x[/red]")])
        listener.on_stage_start("[red]x[/red]")
        listener.report("[b]bold[/b]")
    assert "[red]x[/red]" in text.getvalue()
    assert "[b]bold[/b]" in text.getvalue()
