"""Times of the harness itself: what a stage costs beside its work, a whole small run, a cached one, the tables."""

import os
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from statistics import median

from benchmark.records.files import read_record, write_record
from harness.contestants.registry import find
from harness.execution.runners.process import ProcessRunner
from harness.workspace import Workspace
from perf.support.limits import within
from perf.support.target import Measurement, Target
from support.checkout import command, copy_pages, environment, link
from support.paths import ROOT

RECORDS = 100
TIMES = 5


def run(root: Path, *arguments: str) -> float:
    """Seconds of a command of `patternbench` in a checkout, in a process of its own."""
    start = time.perf_counter()
    subprocess.run(
        command(Workspace(root), *arguments), env=environment(), cwd=root, check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


@cache
def checkout() -> Path:
    """A checkout with an empty store and the published records."""
    root = Path(tempfile.mkdtemp(prefix="perf-"))
    link(root, "benchmark", *(f"backbones/{path.name}" for path in (ROOT / "backbones").iterdir()))
    copy_pages(root)
    (root / "leaderboard" / "records").symlink_to(ROOT / "leaderboard" / "records")
    return root


def bench() -> str:
    """A run from an empty store; it finds the published row, and so writes nothing into the project."""
    run(checkout(), "run", "lama", "--runner", "process", "--device", "cpu")
    return "LaMa, protocol quick, process runner"


def cached() -> str:
    """The same run again, after one that filled the store."""
    run(checkout(), "run", "lama", "--runner", "process", "--device", "cpu")
    return "every stage is in the store"


def measure_cached() -> Measurement:
    """Times of a cached run after one that is not timed."""
    cached()
    return within("", 2.5, cached).measure()


@cache
def many_records() -> Path:
    """A checkout with many records: the published ones under other seeds and keys."""
    root = Path(tempfile.mkdtemp(prefix="perf-"))
    copy_pages(root)
    published = sorted((ROOT / "leaderboard" / "records" / "zebrafish-synth").rglob("*.json"))
    for number in range(RECORDS):
        record = read_record(published[number % len(published)])
        seed = number // len(published)
        changed = {"seed": seed, "key": f"{seed:04x}{record.key[4:]}"}
        write_record(record.model_copy(update=changed), root / "leaderboard" / "records")
    return root


def measure_render() -> Measurement:
    """Seconds to render the tables of many records whose figures are drawn already."""
    first = run(many_records(), "leaderboard", "render")
    again = run(many_records(), "leaderboard", "render")
    return Measurement(5 / again, 5, again, f"{RECORDS} records; with all figures drawn anew {first:.1f} s")


def measure_help() -> Measurement:
    """Median seconds of the command's help."""
    seconds = median(run(ROOT, "--help") for _ in range(TIMES))
    return Measurement(0.3 / seconds, 0.3, seconds, f"median of {TIMES}")


def measure_stage() -> Measurement:
    """Median seconds of the smallest job of the kit, which builds a network of no parameters and encodes one image.

    Start, imports of kit and contestant, and end of a process are in it, but none of the harness's own reading and
    writing.
    """
    workspace = Workspace.here()
    runner, pixels = ProcessRunner(workspace), find("pixels", workspace)
    plain = run_plain()
    seconds = []
    for _ in range(TIMES + 3):  # the first ones wait for the libraries of the process that is forked
        start = time.perf_counter()
        outcome, _ = runner.describe(pixels, ["--image-size", "64"])
        seconds.append(time.perf_counter() - start)
        assert outcome.status == "ok", outcome
        time.sleep(2)
    forked = median(seconds[3:])
    return Measurement(0.3 / forked, 0.3, forked, f"in a new interpreter {plain:.1f} s; median of {TIMES}")


def run_plain() -> float:
    """Seconds of the same job in an interpreter of its own."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "backbones.kit", "pixels", "describe", "--image-size", "64"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


TARGETS = [
    Target("a stage beyond its own work, at most 0.3 s", 1.0, measure_stage),
    within("bench of LaMa from an empty store", 150, bench),
    Target("bench that is in the store, at most 2.5 s", 1.0, measure_cached),
    Target("tables of 100 records, at most 5 s", 1.0, measure_render),
    Target("patternbench --help, at most 0.3 s", 1.0, measure_help),
]
