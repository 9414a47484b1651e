"""Comparisons of a backbone's outputs; each raises `ContractViolation` with the values that it compared."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.vocabulary import Precision
from harness.conformance.session import ContractViolation, JobRun

TOLERANCE: dict[Precision, float] = {"float32": 1e-4, "bfloat16": 4e-2, "auto": 4e-2}
"""Two arrays are the same if no value differs by more than this share of the largest. bfloat16 has 8 significant bits:
with another order of summation, as for another batch size, embeddings of the contestants here differ by up to 0.016.
`auto` may be either."""

TOLERANCE_FLOAT16 = 5e-3
"""The same for float16, which has 11 significant bits."""

LEAST_CHANGE = 1e-4
"""Two arrays differ if a value differs by more than this share of the largest, in every precision: arrays that must
differ are computed in batches of one size."""


def require_equal(what: str, value: object, expected: object) -> None:
    """Raise unless a value is the expected one.

    Args:
        what: the value's name in the message.
        value: the value.
        expected: what it must equal.
    """
    if value != expected:
        raise ContractViolation(f"{what} is {value}, expected {expected}")


def require_exit_code(run: JobRun, code: int) -> None:
    """Raise unless a job ended with this exit code."""
    if run.outcome.code == code:
        return
    cause = run.outcome.cause if run.outcome.status not in {"ok", "bad_output"} else "exit code 0"
    raise ContractViolation(f"{run.name}: expected exit code {code}, got: {cause}")


def require_same(
    what: str,
    first: NDArray[Any],
    second: NDArray[Any],
    *,
    precision: Precision,
    least_tolerance: float = 0.0,
) -> None:
    """Raise unless two arrays have the same shape and, within a tolerance, the same values.

    Args:
        what: name of the second array in the message.
        first: an array.
        second: another one.
        precision: precision of the jobs, which decides the tolerance (`TOLERANCE`).
        least_tolerance: tolerance if that of the precision is lower.
    """
    tolerance = max(TOLERANCE[precision], least_tolerance)
    if first.shape != second.shape:
        raise ContractViolation(f"{what}: the shape is {second.shape}, expected {first.shape}")
    difference = relative_difference(first, second)
    if difference > tolerance:
        raise ContractViolation(f"{what}: values differ by {difference:.2g} of the largest, allowed {tolerance:.2g}")


def require_changed(what: str, before: NDArray[Any], after: NDArray[Any]) -> None:
    """Raise if a training left the embeddings unchanged.

    Args:
        what: name of the training in the message.
        before: embeddings before it.
        after: embeddings after it.
    """
    if before.shape == after.shape and relative_difference(before, after) <= LEAST_CHANGE:
        raise ContractViolation(f"{what} left the embeddings unchanged")


def relative_difference(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Largest absolute difference of two arrays as a share of their largest absolute value; 0 if both are zero.

    Examples:
        >>> relative_difference(np.array([1.0, 4.0]), np.array([1.0, 3.0]))
        0.25
    """
    largest = float(max(np.abs(first).max(), np.abs(second).max()))
    return float(np.abs(first - second).max()) / largest if largest else 0.0
