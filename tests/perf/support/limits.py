"""Targets whose goal is a time in seconds, not a comparison of two ways."""

import time
from collections.abc import Callable

from perf.support.target import Measurement, Target


def within(name: str, seconds: float, work: Callable[[], str]) -> Target:
    """A target that is met if some work takes at most some seconds: its ratio is the limit over the time.

    Args:
        name: what is measured.
        seconds: the limit.
        work: does it once, and returns what a reader needs besides.
    """

    def measure() -> Measurement:
        start = time.perf_counter()
        note = work()
        taken = time.perf_counter() - start
        return Measurement(seconds / taken, seconds, taken, note)

    return Target(f"{name}, at most {seconds:g} s", 1.0, measure)
