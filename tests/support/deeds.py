"""What a misbehaving job does, whatever runs it."""

GARBAGE = """
import os
garbage = bytes(range(128, 256)) * 50
os.write(2, garbage)
os.write(1, garbage + b'\\n{"event": "progress", "done": 1, "total": 1}\\n\\0')
"""
HEARD = ["\ufffd" * 6400, '{"event": "progress", "done": 1, "total": 1}', "\0"]
"""The lines of it, without their ends, that a runner hands on."""


def flood(lines: int) -> str:
    """So many numbers on standard output, and as many lines on standard error."""
    return f"""
import sys
for number in range({lines}):
    print(number)
    print("to be kept", number, file=sys.stderr)
"""


def unheard(_: str) -> None:
    """Listen to no line."""
