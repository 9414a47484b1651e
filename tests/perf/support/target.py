"""A target of speed: what is compared with what, and by how much it has to be faster."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Measurement:
    """One comparison of two ways to compute the same thing.

    Attributes:
        ratio: how many times as fast the fast way is, or how many times as small its memory.
        plain: cost of the plain way.
        fast: cost of the fast way.
        note: what a reader needs besides, such as the sizes; may be empty.
        unit: of both costs.
    """

    ratio: float
    plain: float
    fast: float
    note: str = ""
    unit: str = "s"


@dataclass(frozen=True)
class Target:
    """Something that has to be fast.

    Attributes:
        name: what is measured.
        goal: least `ratio` of its measurement.
        measure: measures it, in seconds to minutes.
        full: whether it takes many minutes or gigabytes, so that it is measured only if it is asked for.
    """

    name: str
    goal: float
    measure: Callable[[], Measurement]
    full: bool = False


def compare(plain: Callable[[], float], fast: Callable[[], float], rounds: int, note: str = "") -> Measurement:
    """Compare two ways by turns (plain, fast, plain, fast, ...), so that both meet the same load of the machine.

    Args:
        plain: does the work the plain way and returns the seconds that it took.
        fast: the same the fast way.
        rounds: times that each is done.
        note: of the measurement.

    Returns:
        Medians of the seconds, and the median of the rounds' ratios.

    Examples:
        >>> compare(lambda: 6.0, lambda: 2.0, rounds=3)
        Measurement(ratio=3.0, plain=6.0, fast=2.0, note='', unit='s')
    """
    pairs = [(plain(), fast()) for _ in range(rounds)]
    return Measurement(
        ratio=median(one / other for one, other in pairs),
        plain=median(one for one, _ in pairs),
        fast=median(other for _, other in pairs),
        note=note,
    )


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """The same work, which returns the seconds that it took."""

    def run() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return run
