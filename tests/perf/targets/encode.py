"""Encoding through the contract: seconds that an encode job states for itself, fast against plain.

Plain is the network in eager float32, layer by layer, in batches of eight (`precision = "float32"`, `fast = false`);
fast is what a run does by default (`precision = "auto"`, `fast = true`). Each job is a process of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from backbones.kit.arithmetic import has_bfloat16_units
from backbones.kit.facts import BACKBONES
from harness.contract import Encode, Resources
from perf.support.target import Measurement, Target, compare

SIZE, BATCH, IMAGES = 256, 8, 16
ROUNDS = 2
NAMES = ("lama", "aotgan", "deepfillv2", "edgeconnect")
GOALS = {"amx_bf16": 4.0, "avx512_bf16": 3.0}
"""Least ratio by what the processor has."""

WITHOUT_UNITS = 1.4
"""Least ratio on other processors."""


def goal() -> float:
    """The least ratio on this processor."""
    if not has_bfloat16_units("cpu"):
        return WITHOUT_UNITS
    capabilities = torch.cpu.get_capabilities()
    return next(ratio for unit, ratio in GOALS.items() if capabilities.get(unit))


def measure(name: str) -> Measurement:
    """Compare the jobs of one contestant, which starts from random weights, on noise."""
    with tempfile.TemporaryDirectory() as folder:
        ways = [
            partial(encode_seconds, name, Path(folder) / way, **settings)
            for way, settings in (
                ("plain", {"precision": "float32", "fast": False}),
                ("fast", {"precision": "auto", "fast": True}),
            )
        ]
        precision = "bfloat16" if has_bfloat16_units("cpu") else "float32"
        threads = os.cpu_count() or 1
        note = f"{IMAGES} images of {SIZE} pixels, batches of {BATCH}, {threads} threads, fast in {precision}"
        return compare(*ways, rounds=ROUNDS, note=note)


def encode_seconds(name: str, folder: Path, **settings: Any) -> float:
    """The seconds in the result.json of one encode job."""
    if not folder.exists():
        write_pack(folder / "data")
        job = Encode(
            image_size=SIZE,
            seed=0,
            batch_size=BATCH,
            init="random",
            pooling="flatten",
            resources=Resources(threads=os.cpu_count() or 1),
            **settings,
        )
        (folder / "job.json").write_text(json.dumps(job.document("2")))
    command = [sys.executable, "-m", "backbones.kit", name, "encode", "--job", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(BACKBONES.parent)}
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=BACKBONES.parent)
    seconds: float = json.loads((folder / "out" / "result.json").read_text())["seconds"]
    return seconds


def write_pack(folder: Path, size: int = SIZE, images: int = IMAGES) -> None:
    """The data of a job: noise, which is as fast to encode as photos."""
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (images, size, size, 3), np.uint8)
    np.save(folder / "images.npy", pixels)
    np.save(folder / "calibration.npy", pixels[:8])
    (folder / "table.csv").write_text("\n".join(("id", *map(str, range(images)))))


TARGETS = [Target(f"Encode with {name}", goal(), partial(measure, name)) for name in NAMES]
