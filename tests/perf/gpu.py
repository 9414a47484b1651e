"""Encoding and training of all contestants on a GPU, plain and fast: `PYTHONPATH=tests python -m perf.gpu`.

The jobs are those of a run, on noise, done within one process: the first time to warm up and to count operations, the
second time for the clock. A few minutes for all contestants. **Share of peak** is the operations of convolutions and
matrix products in a second, over those of one large bfloat16 product on the same chip; Fourier transforms do not count.
Goals: fast encoding 5 times plain, fast training 3 times plain.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from tabulate import tabulate
from torch.utils.flop_counter import FlopCounterMode

from backbones.kit.entry import run
from backbones.kit.facts import read_facts
from backbones.kit.job import read_job
from benchmark.vocabulary import Device
from harness.contestants import registry
from harness.contract import AnyJob, Encode, Resources
from harness.workspace import Workspace
from perf.targets.encode import write_pack as write_encode_pack
from perf.targets.training import WAYS, classification_job, inpainting_job
from perf.targets.training import write_pack as write_train_pack

Work = Literal["encode", "train:deep", "train:inpaint"]

GOALS: dict[Work, float] = {"encode": 5.0, "train:deep": 3.0, "train:inpaint": 3.0}
"""Least ratio of fast to plain, by the kind of job."""

PRODUCT = 8192
"""Side of the matrices of the large product."""


@dataclass(frozen=True)
class Sizes:
    """Of the jobs: side of the images in pixels, images to encode, images to train on, and the batch."""

    side: int = 256
    encoded: int = 256
    trained: int = 64
    batch: int = 16


@dataclass(frozen=True)
class Speed:
    """One job.

    Attributes:
        images_per_second: by the job's own clock.
        step_ms: milliseconds for a batch.
        share: of the chip's peak; None on a processor.
        memory_mib: most memory of the GPU that was in use; 0 on a processor.
    """

    images_per_second: float
    step_ms: float
    share: float | None
    memory_mib: float


def works_of(name: str) -> list[Work]:
    """The kinds of jobs that a contestant does."""
    return [work for work in GOALS if work == "encode" or work in read_facts(name)["capabilities"]]


def measure(name: str, work: Work, way: str, sizes: Sizes, device: Device, peak: float | None) -> Speed:
    """The speed of one job of a contestant that starts from random weights.

    Args:
        name: the contestant's folder.
        work: kind of the job.
        way: `plain` or `fast`.
        sizes: of the job.
        device: to compute on.
        peak: operations a second that the chip can do; None = not known.
    """
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        job = _write(folder, work, way, sizes, device)
        counter = FlopCounterMode(display=False)
        with counter:
            _do(name, job, folder)
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        result = _do(name, job, folder)
    seconds, images = result["seconds"], result["images"]
    return Speed(
        images_per_second=images / seconds,
        step_ms=1000 * seconds / (images / sizes.batch),
        share=counter.get_total_flops() / seconds / peak if peak else None,
        memory_mib=torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else 0.0,
    )


def _write(folder: Path, work: Work, way: str, sizes: Sizes, device: Device) -> AnyJob:
    settings: dict[str, Any] = {
        "image_size": sizes.side,
        "seed": 0,
        "batch_size": sizes.batch,
        "init": "random",
        "resources": Resources(threads=1, device=device),
    } | WAYS[way]
    if work == "encode":
        write_encode_pack(folder / "data", sizes.side, sizes.encoded)
        return Encode(pooling="average", **settings)
    write_train_pack(folder / "data", sizes.side, sizes.trained)
    return inpainting_job(settings) if work == "train:inpaint" else classification_job("deep", settings)


def _do(name: str, job: AnyJob, folder: Path) -> dict[str, Any]:
    """Do a job in this process; returns the content of its result.json."""
    (folder / "job.json").write_text(json.dumps(job.document("2")))
    run(name, read_job(folder, job.verb))
    result: dict[str, Any] = json.loads((folder / "out" / "result.json").read_text())
    for path in (folder / "out").iterdir():
        path.unlink()
    return result


def peak_of_chip(side: int = PRODUCT, rounds: int = 20) -> float:
    """Operations a second of one large bfloat16 product, 2 side^3 of them."""
    one, other = (torch.randn(side, side, device="cuda", dtype=torch.bfloat16) for _ in range(2))

    def seconds() -> float:
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(rounds):
            one @ other
        torch.cuda.synchronize()
        return time.perf_counter() - start

    seconds()
    return rounds * 2 * side**3 / seconds()


def measure_all(
    names: Sequence[str], sizes: Sizes, device: Device, peak: float | None, say: Callable[[str], object]
) -> str:
    """The table of all contestants and kinds of jobs; one that fails has its error as a row.

    Args:
        names: folders of the contestants.
        sizes: of the jobs.
        device: to compute on.
        peak: as in `measure`.
        say: receives a line of JSON for each job, as soon as it is done.
    """
    rows = []
    for name in names:
        for work in works_of(name):
            speeds: dict[str, Speed] = {}
            try:
                for way in WAYS:
                    speeds[way] = measure(name, work, way, sizes, device, peak)
                    say(json.dumps({"contestant": name, "work": work, "way": way, **asdict(speeds[way])}))
            except Exception as error:  # noqa: BLE001 - the others are measured all the same
                rows.append([name, work, f"{type(error).__name__}: {str(error)[:60]}"])
                continue
            rows.append([name, work, *_cells(speeds["plain"], speeds["fast"], GOALS[work])])
    headers = ["contestant", "work", "ratio", "met", "images/s", "step", "share of peak", "memory"]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def _cells(plain: Speed, fast: Speed, goal: float) -> list[str]:
    ratio = fast.images_per_second / plain.images_per_second
    shares = [f"{100 * one.share:.1f} %" if one.share is not None else "-" for one in (plain, fast)]
    return [
        f"{ratio:.1f}",
        "yes" if ratio >= goal else "no",
        f"{plain.images_per_second:.0f}, {fast.images_per_second:.0f}",
        f"{plain.step_ms:.0f}, {fast.step_ms:.0f} ms",
        ", ".join(shares),
        f"{plain.memory_mib:.0f}, {fast.memory_mib:.0f} MiB",
    ]


def main() -> int:
    """Measure on the GPU and print the table; without a GPU, say so."""
    if not torch.cuda.is_available():
        sys.stdout.write("No GPU here: PyTorch sees no CUDA device. Nothing is measured.\n")
        return 0
    workspace = Workspace.here()
    names = [name for name in registry.names(workspace) if registry.runs_without_variant(name, workspace)]
    peak = peak_of_chip()
    table = measure_all(names, Sizes(), "cuda", peak, lambda line: print(line, flush=True))  # noqa: T201
    sys.stdout.write(f"\n{torch.cuda.get_device_name()}, peak {peak / 1e12:.0f} Tflop/s. Plain, fast:\n\n{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
