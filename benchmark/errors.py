"""What can go wrong, in two kinds; the command line turns each into one message and an exit code.

PatternbenchError
├── InputError    what the user gave (a value, a file, a table) cannot be used: exit code 2
└── RunError      the work itself failed (a stage, an engine, a disk): exit code 1
"""


class PatternbenchError(Exception):
    """An error with a message meant for the user: the bad value, what is allowed, and the mend."""

    exit_code = 1


class InputError(PatternbenchError):
    """What the user gave cannot be used."""

    exit_code = 2


class RunError(PatternbenchError):
    """The work failed although the input was sound."""
