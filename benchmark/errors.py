"""The exceptions of the benchmark; the command line turns each into one message and an exit code.

PatternbenchError
├── InputError    a value, file or table from the user cannot be used: exit code 2
└── RunError      the work itself failed (a stage, an engine, a disk): exit code 1
"""


class PatternbenchError(Exception):
    """An error with a message for the user: the bad value, what is allowed, and the fix."""

    exit_code = 1


class InputError(PatternbenchError):
    """A value, file or table from the user cannot be used."""

    exit_code = 2


class RunError(PatternbenchError):
    """The work failed although the input was valid."""
