"""Whether processes still run."""

import time
from pathlib import Path


def alive(process: int) -> bool:
    """Whether a process runs; one that ended but was not waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(process: int) -> bool:
    """Whether a process is gone, or goes within seconds: who is killed may take a moment to die."""
    end = time.monotonic() + 10
    while alive(process) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(process)
