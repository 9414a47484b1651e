"""The folder `out/` of a running job, watched so that it cannot fill the disk."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.execution.runners.base import Limits

WATCH_SECONDS = 0.5


def excess(out: Path, limits: Limits) -> str:
    """What a job wrote too much of; empty if nothing. Blocks count, not lengths: a file may have holes.

    Args:
        out: the folder; what cannot be looked at is left out.
        limits: its largest size and number of entries.
    """
    count = size = 0
    waiting = [out]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count += 1
                if count > limits.out_files:
                    return f"out/ holds more than {limits.out_files} files and folders"
                with suppress(OSError):  # it was removed just now
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
    return f"out/ takes more than {limits.out_bytes / 2**30:.3g} GiB of disk" if size > limits.out_bytes else ""


@contextmanager
def watching_output(out: Path, limits: Limits, stop: Callable[[str], None]) -> Iterator[None]:
    """Calls `stop` with the reason once, from another thread, if `out/` outgrows its limits in the block."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            if problem := excess(out, limits):
                stop(problem)
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
