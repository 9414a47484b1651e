"""The exceptions of the benchmark; the command line turns each into one message and an exit code.

PatternbenchError
├── InputError    a value, file or table from the user cannot be used: exit code 2
└── RunError      the work itself failed (a stage, an engine, a disk): exit code 1
"""

import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class PatternbenchError(Exception):
    """An error with a message for the user: the bad value, what is allowed, and the fix."""

    exit_code = 1


class InputError(PatternbenchError):
    """A value, file or table from the user cannot be used."""

    exit_code = 2


class RunError(PatternbenchError):
    """The work failed although the input was valid."""


def program_fault(error: Exception) -> RunError:
    """An error that nobody expected as one with a message: what it is, and its place in the code."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    fault = RunError(
        f"A fault of the program ended it: {type(error).__name__}: {str(error)[:300]} "
        f"({PurePath(place.filename).name}, line {place.lineno}). Finished stages are kept. Please report it."
    )
    fault.__cause__ = error
    return fault


def first_problem(error: "ValidationError", whole: str = "the whole") -> str:
    """The first problem that pydantic reports, as `field.subfield: what is wrong`.

    Args:
        error: of a failed validation.
        whole: name of the validated value, for a problem that belongs to no single field.

    Examples:
        >>> from pydantic import BaseModel, ValidationError
        >>> class Job(BaseModel):
        ...     epochs: int
        >>> try:
        ...     Job.model_validate({"epochs": "ten"})
        ... except ValidationError as error:
        ...     print(first_problem(error))
        epochs: Input should be a valid integer, unable to parse string as an integer
    """
    problem = error.errors()[0]
    field = ".".join(map(str, problem["loc"])) or whole
    return f"{field}: {problem['msg']}"
