"""Made-up data for a trial of a backbone: three individuals told apart by colour and stripes."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLASSES = 3
TWINS = 6
"""The pack `twins` shows so many images once in one order and once in another."""

FEW = 3
"""The pack `few` has so many of them."""

SHUFFLED = np.array([4, 2, 5, 0, 3, 1])
"""Order of the second showing; neither a reversal nor a rotation, nor a swap of halves."""

COLOURS = np.array([[200.0, 90.0, 60.0], [70.0, 180.0, 90.0], [80.0, 100.0, 210.0]])


def photos(labels: Sequence[int], size: int, seed: int) -> NDArray[np.uint8]:
    """One image of each individual asked for, no two alike.

    Args:
        labels: N individuals, 0 to 2.
        size: pixels a side.
        seed: of shifts, brightness and noise.

    Returns:
        (N, size, size, 3) uint8.
    """
    draw = np.random.default_rng(seed)
    across, down = np.meshgrid(np.arange(size), np.arange(size))
    images = []
    for label in labels:
        shift, light = draw.uniform(0, 2 * np.pi), draw.uniform(0.7, 1.1)
        stripes = np.sin((across + down * label) * (label + 1) * 8 / size + shift)
        grain = draw.normal(0, 12, (size, size, 1))
        images.append(COLOURS[label] * light * (0.75 + 0.25 * stripes[..., None]) + grain)
    return np.stack(images).clip(0, 255).astype(np.uint8)


def write_packs(folder: Path, size: int) -> None:
    """Write the packs `inpaint`, `train`, `twins`, `few` and the unusable `broken` as folders of `folder`."""
    known = [label for label in range(CLASSES) for _ in range(4)]
    _write_inpaint(folder / "inpaint", size)
    unseen = list(range(CLASSES)) * 2
    images = photos([*known, *unseen], size, seed=1)
    learned = [{"split": "train", "label": label, "probe": 0} for label in known]
    held = [{"split": "val", "label": label, "probe": int(n < CLASSES)} for n, label in enumerate(unseen)]
    _write(folder / "train", images, learned + held)
    images = photos(unseen, size, seed=2)
    _write(folder / "twins", np.concatenate([images, images[SHUFFLED]]), [{}] * (2 * TWINS))
    _write(folder / "few", images[:FEW], [{}] * FEW)
    _write(folder / "broken", photos(unseen, size + 1, seed=3), [{}] * TWINS)


def _write_inpaint(folder: Path, size: int) -> None:
    labels = list(range(CLASSES)) * 4
    _write(folder, photos(labels, size, seed=0), [{"split": "train"}] * 8 + [{"split": "val"}] * 4)
    holes = np.zeros((len(labels), size, size), np.uint8)
    holes[:, size // 4 : size // 2, size // 4 : size // 2] = 1
    np.save(folder / "masks.npy", holes)


def _write(folder: Path, images: NDArray[np.uint8], rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True)
    np.save(folder / "images.npy", images)
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", *rows[0]], lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(rows):
            name = hashlib.sha256(f"{folder.name}:{number}".encode()).hexdigest()[:16]
            writer.writerow({"id": name, **row})
