"""Facts about this machine and its clock, as records state them."""

import platform
import resource
import subprocess
from datetime import UTC, datetime
from functools import cache

import psutil

from benchmark.errors import RunError

NVIDIA_SMI_SECONDS = 20
LEAST_ADDRESSES = 6 * 2**30
"""Bytes of address space that the libraries of a run reserve, most of which they never use."""
LEAST_MEMORY = 512 * 2**20
"""Bytes of memory that the smallest run uses."""


def now() -> str:
    """The time in UTC as ISO 8601, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def hardware() -> dict[str, str]:
    """Processor, logical cores, memory in GiB, NVIDIA GPUs and system of this machine."""
    return {
        "processor": processor(),
        "cores": str(cores()),
        "memory_gib": f"{memory_bytes() / 2**30:.0f}",
        "gpu": ", ".join(gpus()) or "none",
        "system": f"{platform.system()} {platform.machine()}",
    }


@cache
def processor() -> str:
    """The processor's model name; the architecture if the model is unknown. Takes about a second, once a process."""
    import cpuinfo

    model: str = cpuinfo.get_cpu_info().get("brand_raw", "")
    return model or platform.processor() or platform.machine()


def cores() -> int:
    """Number of logical cores; 1 if unknown."""
    count: int | None = psutil.cpu_count()
    return count or 1


def memory_bytes() -> int:
    """Physical memory in bytes."""
    total: int = psutil.virtual_memory().total
    return total


def check_memory() -> None:
    """Refuse a run for which there is too little memory, before a library ends the program in the middle of it.

    Raises:
        RunError: the limit of this shell, or the memory that is free, is below what the smallest run needs.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST_ADDRESSES:
        raise RunError(
            f"This shell allows a program {limit / 2**30:.1f} GiB of address space, and a run needs "
            f"{LEAST_ADDRESSES // 2**30}. Raise the limit: ulimit -v unlimited"
        )
    free: int = psutil.virtual_memory().available
    if free < LEAST_MEMORY:
        raise RunError(
            f"{free / 2**20:.0f} MiB of memory are free, and the smallest run needs {LEAST_MEMORY // 2**20}. End other "
            "programs, or use a machine with more memory."
        )


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs that the driver lists; empty without a driver."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in process.stdout.splitlines() if line.strip()]
