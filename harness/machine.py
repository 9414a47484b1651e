"""What a record says about where its numbers come from."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

CODE = ("backbones", "benchmark", "harness")


def now() -> str:
    """UTC, ISO 8601, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def commit(root: Path) -> str:
    """The checkout's commit, empty where there is none.

    `+changes` is appended where tracked files differ from it, or where there is code that git neither tracks nor
    ignores.
    """
    head = _git(root, "rev-parse", "HEAD")
    if not head:
        return ""
    # Records and tables are what a run writes: they do not change what it computes.
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!leaderboard", ":!README.md")
    # A split that a run draws is named by its digest.
    new = _git(root, "ls-files", "--others", "--exclude-standard", "--", *CODE, ":!benchmark/splits")
    return f"{head}+changes" if changed or new else head


def hardware() -> dict[str, str]:
    """Processor, cores, memory and GPUs of this machine."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory_gib": f"{memory_bytes() / 2**30:.0f}",
        "gpu": ", ".join(gpus()) or "none",
        "system": f"{platform.system()} {platform.machine()}",
    }


def memory_bytes() -> int:
    """Physical memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs that the driver shows; empty without a driver."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in said.splitlines() if line.strip()]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
