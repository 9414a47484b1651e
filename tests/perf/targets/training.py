"""Training through the contract: seconds that a train job states for itself, fast against plain.

Plain is `precision = "float32"` and `fast = false`; fast is what a run does by default. Each job is a process of its
own. The jobs are short, so they measure steps, validation and writing, in the shares of a small data set.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from backbones.kit.arithmetic import has_bfloat16_units
from backbones.kit.facts import BACKBONES
from harness.contract import Resources, TrainClassify, TrainInpaint
from perf.support.target import Measurement, Target, compare

INPAINTING = ("lama", "aotgan", "deepfillv2", "edgeconnect")
CLASSIFYING = ("lama", "aotgan", "efficientnet")
SIZES = (128, 256)
BATCH, TRAIN, VALIDATION, CLASSES = 4, 8, 4, 4
EPOCHS = {"deep": 2, "shallow": 15}
"""Epochs of classification; `shallow` has those of the protocol `paper`, because only the first one encodes."""

ROUNDS = 2
GOAL = 2.0
WAYS: dict[str, dict[str, Any]] = {
    "plain": {"precision": "float32", "fast": False},
    "fast": {"precision": "auto", "fast": True},
}

MakeJob = Callable[[dict[str, Any]], TrainInpaint | TrainClassify]


def inpainting_job(settings: dict[str, Any]) -> TrainInpaint:
    """One epoch of every phase, without perceptual terms, whose weights are not here."""
    return TrainInpaint(epochs=1, patience=1, keep="settled", perceptual="none", **settings)


def classification_job(mode: Any, settings: dict[str, Any]) -> TrainClassify:
    """A classifier on flattened feature maps, as the protocols train it."""
    return TrainClassify(
        mode=mode, classes=CLASSES, epochs=EPOCHS[mode], learning_rate=3e-4, pooling="flatten", explain=(), **settings
    )


def measure(name: str, size: int, make_job: MakeJob) -> Measurement:
    """Compare the jobs of one contestant, which starts from random weights, on noise."""
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as root:
        folders = {way: Path(root) / way for way in WAYS}
        for way, folder in folders.items():
            write_pack(folder / "data", size)
            resources = Resources(threads=threads)
            job = make_job(
                {"image_size": size, "seed": 0, "batch_size": BATCH, "init": "random", "resources": resources}
                | WAYS[way]
            )
            (folder / "job.json").write_text(json.dumps(job.document("2")))
        precision = "bfloat16" if has_bfloat16_units("cpu") else "float32"
        note = f"{TRAIN} images of {size} pixels, batches of {BATCH}, {threads} threads, fast in {precision}"
        plain, fast = (partial(train_seconds, name, folders[way]) for way in WAYS)
        return compare(plain, fast, ROUNDS, note)


def train_seconds(name: str, folder: Path) -> float:
    """The seconds in the result.json of one train job."""
    command = [sys.executable, "-m", "backbones.kit", name, "train", "--job", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(BACKBONES.parent)}
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=BACKBONES.parent)
    seconds: float = json.loads((folder / "out" / "result.json").read_text())["seconds"]
    return seconds


def write_pack(folder: Path, size: int, train: int = TRAIN) -> None:
    """The data of a job: noise with square holes, which is as fast to train on as photos."""
    folder.mkdir(parents=True)
    count = train + VALIDATION
    pixels = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)
    masks = np.zeros((count, size, size), np.uint8)
    masks[:, size // 4 : size // 2, size // 4 : size // 2] = 1
    np.save(folder / "images.npy", pixels)
    np.save(folder / "calibration.npy", pixels[:train])
    np.save(folder / "masks.npy", masks)
    rows = [f"{row},{'train' if row < train else 'val'},{row % CLASSES},0" for row in range(count)]
    (folder / "table.csv").write_text("\n".join(("id,split,label,probe", *rows)))


TARGETS = [
    *(
        Target(f"Inpainting training of {name}, {size} pixels", GOAL, partial(measure, name, size, inpainting_job))
        for name in INPAINTING
        for size in SIZES
    ),
    *(
        Target(
            f"Classification ({mode}) with {name}, 128 pixels",
            GOAL,
            partial(measure, name, 128, partial(classification_job, mode)),
        )
        for mode in EPOCHS
        for name in CLASSIFYING
    ),
]
