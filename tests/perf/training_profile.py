"""What a step of training spends its time on: `PYTHONPATH=tests python -m perf.training_profile [CONTESTANT ...]`.

A short job of inpainting is run in this process under PyTorch's profiler; the processor time of all operations is added
up by kind.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tabulate import tabulate
from torch.profiler import ProfilerActivity, profile

from backbones.kit.entry import main as run_contestant
from harness.contract import Resources
from perf.targets.training import BATCH, INPAINTING, WAYS, inpainting_job, write_pack

SIZE = 128
KINDS = {
    "convolution": ("conv", "slow_conv", "mkldnn"),
    "Fourier transform": ("fft",),
    "normalisation": ("norm",),
    "optimiser": ("adam", "foreach"),
    "copies": ("copy", "contiguous", "clone", "cat", "pad"),
}
"""Words in the name of an operation, by its kind; the first that fits."""

OTHERS = "others"


def kind_of(operation: str) -> str:
    """The kind of an operation of PyTorch.

    >>> kind_of("aten::convolution_backward"), kind_of("aten::_fft_r2c"), kind_of("aten::mul")
    ('convolution', 'Fourier transform', 'others')
    """
    name = operation.lower()
    return next((kind for kind, words in KINDS.items() if any(word in name for word in words)), OTHERS)


def shares(times: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Share of each kind in the time of operations.

    >>> shares([("aten::conv2d", 3.0), ("aten::mul", 1.0)])
    {'convolution': 0.75, 'others': 0.25}
    """
    sums: Counter[str] = Counter()
    for operation, time in times:
        sums[kind_of(operation)] += time  # type: ignore[assignment]  # microseconds, with fractions
    return {kind: time / sums.total() for kind, time in sums.most_common()}


def profile_job(name: str) -> dict[str, float]:
    """Shares of the kinds of operations in a fast inpainting job of one contestant, on noise.

    Args:
        name: of the contestant.
    """
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        write_pack(folder / "data", SIZE)
        job = inpainting_job(
            {
                "image_size": SIZE,
                "seed": 0,
                "batch_size": BATCH,
                "init": "random",
                "resources": Resources(threads=os.cpu_count() or 1),
            }
            | WAYS["fast"]
        )
        (folder / "job.json").write_text(json.dumps(job.document("2")))
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            code = run_contestant([name, "train", "--job", str(folder)])
        if code:
            raise SystemExit(code)
    return shares((event.key, float(event.self_cpu_time_total)) for event in profiler.key_averages())


def main(names: Sequence[str]) -> None:
    """Print a row for each contestant."""
    rows = {name: profile_job(name) for name in names or INPAINTING}
    kinds = [*KINDS, OTHERS]
    table = [[name, *(f"{row.get(kind, 0):.0%}" for kind in kinds)] for name, row in rows.items()]
    sys.stdout.write(f"{tabulate(table, ['contestant', *kinds], tablefmt='github')}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
