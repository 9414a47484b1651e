"""What runners keep of a job's output is bounded and can be shown anywhere."""

import pytest

from harness.execution.runners.base import (
    LOG_LINES,
    LOG_WIDTH,
    LONGEST_DESCRIPTION,
    REFUSED,
    DescriptionText,
    Log,
    Outcome,
    ending,
)


@pytest.mark.parametrize("line", ["\x1b[2J\x1b]0;stolen\x07 [red]", "\u202egnp.exe \0nul", "\ud800", "a\rb", "\u2028"])
def test_a_log_holds_printable_lines(line: str) -> None:
    log = Log()
    log.add(f"{line}\n", error=True)
    for text in (str(log), log.last_line, ending(REFUSED, log).cause, ending(9, log).log):
        assert text.isprintable()


def test_a_log_is_bounded() -> None:
    log = Log()
    for _ in range(10 * LOG_LINES):
        log.add("\x1b" * 10 * LOG_WIDTH)
    assert len(str(log)) < (LOG_WIDTH + 1) * LOG_LINES


def test_a_description_is_bounded() -> None:
    text = DescriptionText()
    text.add('{"name": 1}\n')
    assert text.judge(Outcome("ok")) == (Outcome("ok"), '{"name": 1}\n')
    for _ in range(100):
        text.add("x" * LONGEST_DESCRIPTION)
    outcome, kept = text.judge(Outcome("ok"))
    assert (outcome.status, len(kept) <= LONGEST_DESCRIPTION) == ("bad_output", True)
    assert "a description has at most" in outcome.cause
    assert text.judge(Outcome("timeout"))[0].status == "timeout"
