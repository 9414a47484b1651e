"""One job's surroundings: seed, threads, device, precision, and what it cost."""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib import metadata
from typing import Any

import torch

from backbones.kit.errors import JobError
from backbones.kit.job import CONTRACT, Job

LIBRARIES = ("torch", "torchvision", "numpy", "grad-cam", "timm", "scikit-image")
"""Distributions that the numbers of some backbone depend on."""


def prepare(job: Job) -> None:
    """Give the process the job's seed and threads, and make it deterministic.

    On CUDA an operation without a deterministic form warns: among those here the gradient of padding by reflection.
    Convolutions in float32 are of float32 there too, not of TF32's ten bits as PyTorch would have it.

    Raises:
        JobError: the job wants a device that is not there.
    """
    if job.device == "cuda" and not torch.cuda.is_available():
        raise JobError(
            "resources.device is 'cuda', but PyTorch sees no CUDA device here. DEVICE=cpu (`--device cpu`) does "
            "without."
        )
    torch.set_num_threads(job.threads)
    torch.manual_seed(job.seed)
    torch.use_deterministic_algorithms(True, warn_only=job.device == "cuda")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


@contextmanager
def computing(job: Job) -> Iterator[None]:
    """The context in which a contestant's networks run: in the job's precision.

    Raises:
        JobError: a ValueError, by which an encoder or a recipe says that it does not take such images.
    """
    half = job.precision == "bfloat16"
    try:
        with torch.autocast(job.device, dtype=torch.bfloat16) if half else nullcontext():
            yield
    except ValueError as error:
        raise JobError(f"On images of {job.image_size} pixels: {error}") from error


class Stopwatch:
    """Measures the work and writes it down as the contract's result.json."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def result(self, images: int, **figures: object) -> dict[str, Any]:
        """The result of a job that worked on so many images."""
        return {
            "contract": CONTRACT,
            "images": images,
            "seconds": round(time.perf_counter() - self._start, 3),
            "peak_memory_mib": round(_peak_memory_mib(), 1),
            "versions": versions(),
            **figures,
        }


def versions() -> dict[str, str]:
    """Of Python, of the libraries that numbers depend on where they are installed, and of the GPU where one worked."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        found |= {
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
            "gpu": torch.cuda.get_device_name(),
        }
    return found


def _peak_memory_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
