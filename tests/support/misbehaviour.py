"""Scripts of jobs that misbehave, for the tests of every runner."""

GARBAGE = """
import os
garbage = bytes(range(128, 256)) * 50
os.write(2, garbage)
os.write(1, garbage + b'\\n{"event": "progress", "done": 1, "total": 1}\\n\\0')
"""
GARBAGE_LINES = ["\ufffd" * 6400, '{"event": "progress", "done": 1, "total": 1}', "\0"]
"""The lines of GARBAGE, without their ends, as a runner passes them on."""


def flood(lines: int) -> str:
    """A script that prints `lines` numbers to standard output and as many lines to standard error."""
    return f"""
import sys
for number in range({lines}):
    print(number)
    print("to be kept", number, file=sys.stderr)
"""


def ignore(_: str) -> None:
    """Ignore a line."""
