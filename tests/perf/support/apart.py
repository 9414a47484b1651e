"""Work in a process of its own, so that its peak of memory is its alone."""

import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What some work took.

    Attributes:
        seconds: wall time, without the start of the process.
        mebibytes: highest resident memory of the process, with its libraries and with the pages of files that are
            mapped into memory.
        processor_seconds: time of all its threads on a processor, which other programs do not change much.
    """

    seconds: float
    mebibytes: float
    processor_seconds: float = 0.0


def cost_of(work: Callable[[], object]) -> Cost:
    """The cost of some work, done once in a new process.

    Args:
        work: a function of a module, or a `partial` of one.

    Raises:
        RuntimeError: the work failed; its error is on the screen.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(there, work))
    process.start()
    there.close()
    try:
        cost: Cost = here.recv()
    except EOFError:
        raise RuntimeError("The work failed or was killed, see above.") from None
    finally:
        process.join()
    return cost


def _send(connection: "multiprocessing.connection.Connection[Cost, Cost]", work: Callable[[], object]) -> None:
    start, processor_start = time.perf_counter(), time.process_time()
    work()
    seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor_start
    connection.send(Cost(seconds, _peak(), processor_seconds))


def _peak() -> float:
    """Highest resident memory of this process in MiB; `getrusage` would count the process that started it too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
