"""Facts about this machine and its clock, as records state them."""

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache

import psutil

NVIDIA_SMI_SECONDS = 20


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


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs that the driver lists; empty without a driver."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in process.stdout.splitlines() if line.strip()]
