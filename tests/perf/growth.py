"""Time and memory against images, dimensions and stages over two decades, as a table and a figure.

`PYTHONPATH=tests python -m perf.growth docs/growth.png` takes minutes on two cores. The exponent p of a line is that of
the size in the last decade: time or memory grow as size to the power p; 1 is linear. Memory is the resident memory
beyond that of the smallest size.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("agg")
import matplotlib.pyplot as plt
from tabulate import tabulate

from benchmark.metrics.clustering import cluster, reduce
from perf.support.apart import Cost, cost_of
from perf.support.samples import labels_of, write_embeddings
from perf.targets.evaluation import audit_images, search
from support.stub_stages import run_stages

STEPS = np.array([1, 3.2, 10, 32, 100])
"""Sizes of a sweep as multiples of the smallest."""

IMAGES_AN_INDIVIDUAL = 10


@dataclass(frozen=True)
class Sweep:
    """One kind of work at growing sizes.

    Attributes:
        name: of the work.
        size: what grows.
        smallest: the first size.
        expected: power of the size by which time should grow; 2 where all pairs of images are compared.
        work: does it at a size.
    """

    name: str
    size: str
    smallest: int
    expected: int
    work: Callable[[int], None]


def search_images(images: int) -> None:
    """Rank a gallery of images for as many queries."""
    search(images, max(2, images // IMAGES_AN_INDIVIDUAL))


def audit_split(images: int) -> None:
    """Audit a split with its search for look-alikes."""
    audit_images(images, max(2, images // IMAGES_AN_INDIVIDUAL))


def cluster_embeddings(images: int, dimensions: int) -> None:
    """Reduce embeddings from a file and cluster them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeddings.npy"
        write_embeddings(path, images, dimensions, 6)
        cluster(reduce(np.load(path, mmap_mode="r"), images), labels_of(images, 6), 0)


def cluster_images(images: int) -> None:
    """The same by the number of images."""
    cluster_embeddings(images, 512)


def cluster_dimensions(dimensions: int) -> None:
    """The same by the number of dimensions."""
    cluster_embeddings(64, dimensions)


SWEEPS = (
    Sweep("audit", "images", 300, 1, audit_split),
    Sweep("retrieval", "images", 100, 2, search_images),
    Sweep("clustering", "images", 20, 2, cluster_images),
    Sweep("clustering", "dimensions", 10_000, 1, cluster_dimensions),
    Sweep("made and found", "stages", 4, 1, run_stages),
)


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The power of the size by which a cost grows in the last decade; costs of nothing count as a thousandth.

    Example:
        >>> round(exponent([1, 10, 100], [5.0, 7.0, 700.0]), 1)
        2.0
    """
    last = np.array(sizes) >= max(sizes) / 10
    x, y = np.log(np.array(sizes)[last]), np.log(np.maximum(costs, 1e-3)[last])
    return float(np.polyfit(x, y, 1)[0])


def measure(sweep: Sweep, steps: Sequence[float]) -> tuple[list[int], list[Cost]]:
    """The sizes of a sweep and the cost of each, in a process of its own."""
    sizes = [round(sweep.smallest * step) for step in steps]
    return sizes, [cost_of(partial(sweep.work, size)) for size in sizes]


def main(figure_path: Path, sweeps: Sequence[Sweep] = SWEEPS, steps: Sequence[float] = tuple(STEPS)) -> None:
    """Measure, print the table, and draw the figure."""
    figure, (time_axes, memory_axes) = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    rows = []
    for sweep in sweeps:
        sizes, costs = measure(sweep, steps)
        seconds = [cost.seconds for cost in costs]
        memory = [cost.mebibytes - costs[0].mebibytes for cost in costs]
        powers = exponent(sizes, seconds), exponent(sizes, memory)
        name = f"{sweep.name}, {sizes[0]:,} to {sizes[-1]:,} {sweep.size}"
        rows.append([name, sweep.expected, f"{powers[0]:.1f}", f"{seconds[-1]:.1f} s", f"{max(memory):.0f} MiB"])
        sys.stdout.write(f"{name}: {' '.join(f'{one:.2f}' for one in seconds)} s\n")
        sys.stdout.flush()
        time_axes.plot(steps, seconds, "o-", markersize=3, linewidth=1, label=f"{name} (p = {powers[0]:.1f})")
        memory_axes.plot(steps, memory, "o-", markersize=3, linewidth=1)
    time_axes.set(xscale="log", yscale="log", xlabel="size / smallest size", ylabel="seconds")
    memory_axes.set(xscale="log", yscale="symlog", xlabel="size / smallest size", ylabel="MiB beyond the smallest")
    figure.legend(loc="outside lower center", ncols=2, fontsize=7, frameon=False)
    figure.savefig(figure_path, dpi=100)
    headers = ["work", "expected power", "measured", "time of the largest", "memory"]
    sys.stdout.write(f"\n{tabulate(rows, headers, tablefmt='github', disable_numparse=True)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
