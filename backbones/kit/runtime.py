"""The runtime of a job: seed, threads, device and precision, and the measurements in result.json."""

import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from typing import Any

import torch

from backbones.kit.arithmetic import autocasting, choose_arithmetic
from backbones.kit.errors import JobError
from backbones.kit.job import CONTRACT, Job
from backbones.kit.memory import keep_freed_memory

LIBRARIES = ("torch", "torchvision", "numpy", "grad-cam", "timm", "scikit-image")
"""Distributions on which the numbers of a backbone depend."""


def prepare(job: Job) -> None:
    """Set the job's seed and threads, make PyTorch deterministic, and a fast job keep its memory.

    On CUDA an operation without a deterministic implementation, such as the gradient of reflection padding, warns.
    Convolutions in float32 keep their precision there: TF32, PyTorch's default with 10 bits, is switched off.

    Raises:
        JobError: the job's device is not available.
    """
    if job.device == "cuda" and not torch.cuda.is_available():
        raise JobError(
            "resources.device is 'cuda', but PyTorch sees no CUDA device here. DEVICE=cpu (`--device cpu`) does "
            "without."
        )
    if job.fast:
        keep_freed_memory()
    torch.set_num_threads(job.threads)
    torch.manual_seed(job.seed)
    torch.use_deterministic_algorithms(True, warn_only=job.device == "cuda")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


@contextmanager
def computing(job: Job) -> Iterator[None]:
    """A context in which a contestant's networks run in the job's precision.

    Raises:
        JobError: an encoder or a recipe raised ValueError: it does not take images of this size.
    """
    try:
        with autocasting(choose_arithmetic(job), job.device):
            yield
    except ValueError as error:
        raise JobError(f"On images of {job.image_size} pixels: {error}") from error


def settings(job: Job) -> dict[str, Any]:
    """How the job was computed, for its result.json."""
    return {"precision": choose_arithmetic(job), "fast": job.fast}


class Stopwatch:
    """Measures the work of a job for its result.json."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def result(self, images: int, **figures: object) -> dict[str, Any]:
        """The content of result.json.

        Args:
            images: number of images that the job processed.
            figures: further fields.
        """
        return {
            "contract": CONTRACT,
            "images": images,
            "seconds": round(time.perf_counter() - self._start, 3),
            "peak_memory_mib": round(_peak_memory_mib(), 1),
            "versions": versions(),
            **figures,
        }


def versions(libraries: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """Versions of Python, of the libraries that are installed, and after work on CUDA of CUDA, cuDNN and the GPU."""
    versions_by_name = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in libraries:
        with suppress(metadata.PackageNotFoundError):
            versions_by_name[name] = metadata.version(name)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        versions_by_name |= {
            "cuda": str(torch.version.cuda),
            "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
            "gpu": torch.cuda.get_device_name(),
        }
    return versions_by_name


def _peak_memory_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
