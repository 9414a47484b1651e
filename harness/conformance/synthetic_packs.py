"""Synthetic packs of a conformance session: three individuals that differ in colour and stripes."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.execution import job_files

PackName = Literal["inpaint", "train", "twins", "few", "broken"]

CLASSES = 3
TWINS = 6
"""Images of the pack `twins`, each of which it holds twice: in order, then in the order `SHUFFLED`."""

FEW = 3
"""Images of the pack `few`: the first ones of `twins`."""

SHUFFLED = np.array([4, 2, 5, 0, 3, 1])
"""Order of the second half of `twins`; no reversal, rotation or swap of halves."""

COLOURS = np.array([[200.0, 90.0, 60.0], [70.0, 180.0, 90.0], [80.0, 100.0, 210.0]])
"""RGB of each individual, 0 to 255."""


def synthetic_images(labels: Sequence[int], size: int, seed: int) -> NDArray[np.uint8]:
    """One image per label; no two are equal.

    Args:
        labels: N individuals, 0 to 2.
        size: side in pixels.
        seed: seed of the stripes' shift, the brightness and the noise.

    Returns:
        (N, size, size, 3) uint8.

    Examples:
        >>> synthetic_images([0, 2], size=8, seed=0).shape
        (2, 8, 8, 3)
    """
    generator = np.random.default_rng(seed)
    across, down = np.meshgrid(np.arange(size), np.arange(size))
    images = []
    for label in labels:
        shift, brightness = generator.uniform(0, 2 * np.pi), generator.uniform(0.7, 1.1)
        stripes = np.sin((across + down * label) * (label + 1) * 8 / size + shift)
        noise = generator.normal(0, 12, (size, size, 1))
        images.append(COLOURS[label] * brightness * (0.75 + 0.25 * stripes[..., None]) + noise)
    return np.stack(images).clip(0, 255).astype(np.uint8)


def write_packs(folder: Path, size: int) -> None:
    """Write every pack as a folder of `folder`, its images `size` pixels a side; those of `broken` one pixel more."""
    train_labels = [label for label in range(CLASSES) for _ in range(4)]
    _write_inpaint(folder / "inpaint", size)
    labels = list(range(CLASSES)) * 2
    images = synthetic_images([*train_labels, *labels], size, seed=1)
    calibration = images[: len(train_labels)]  # the training images
    train_rows = [{"split": "train", "label": label, "probe": 0} for label in train_labels]
    val_rows = [{"split": "val", "label": label, "probe": int(n < CLASSES)} for n, label in enumerate(labels)]
    _write(folder / "train", images, train_rows + val_rows)
    images = synthetic_images(labels, size, seed=2)
    _write(folder / "twins", np.concatenate([images, images[SHUFFLED]]), [{}] * (2 * TWINS))
    _write(folder / "few", images[:FEW], [{}] * FEW)
    _write(folder / "broken", synthetic_images(labels, size + 1, seed=3), [{}] * TWINS)
    for name in ("train", "twins", "few", "broken"):
        np.save(folder / name / job_files.CALIBRATION, calibration)


def _write_inpaint(folder: Path, size: int) -> None:
    labels = list(range(CLASSES)) * 4
    _write(folder, synthetic_images(labels, size, seed=0), [{"split": "train"}] * 8 + [{"split": "val"}] * 4)
    masks = np.zeros((len(labels), size, size), np.uint8)
    masks[:, size // 4 : size // 2, size // 4 : size // 2] = 1
    np.save(folder / job_files.MASKS, masks)


def _write(folder: Path, images: NDArray[np.uint8], rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True)
    np.save(folder / job_files.IMAGES, images)
    with (folder / job_files.TABLE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", *rows[0]], lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(rows):
            image_id = hashlib.sha256(f"{folder.name}:{number}".encode()).hexdigest()[:16]
            writer.writerow({"id": image_id, **row})
