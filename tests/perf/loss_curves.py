"""Loss curves of inpainting training in two ways, with several seeds, as a figure.

`PYTHONPATH=.:tests python tests/perf/loss_curves.py FILE.png` draws the validation loss by epoch: float32 (plain) and
bfloat16, which `precision = "auto"` chooses where the hardware has units for it. Curves of the two ways should differ
no more than curves of two seeds. On a processor without such units the second way is slow, so sizes are small.
"""

import csv
import json
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from harness.contract import Resources, TrainInpaint
from perf.targets.training import train_seconds

NAME, SIZE, BATCH, EPOCHS, SEEDS = "deepfillv2", 32, 8, 6, (0, 1, 2)
TRAIN, VALIDATION = 24, 8
PHOTOS = Path("benchmark/datasets/zebrafish-synth/data")
WAYS = {"float32, plain": ("float32", False), "bfloat16": ("bfloat16", True)}


def write_pack(folder: Path) -> None:
    """Photos of the generated data set, each with one square hole."""
    folder.mkdir(parents=True)
    paths = sorted(PHOTOS.glob("*.png"))[: TRAIN + VALIDATION]
    photos = [np.asarray(Image.open(path).convert("RGB").resize((SIZE, SIZE))) for path in paths]
    masks = np.zeros((len(photos), SIZE, SIZE), np.uint8)
    for mask, (row, column) in zip(
        masks, np.random.default_rng(0).integers(0, SIZE // 2, (len(photos), 2)), strict=True
    ):
        mask[row : row + SIZE // 4, column : column + SIZE // 4] = 1
    np.save(folder / "images.npy", np.stack(photos))
    np.save(folder / "masks.npy", masks)
    rows = [f"{number},{'train' if number < TRAIN else 'val'}" for number in range(len(photos))]
    (folder / "table.csv").write_text("\n".join(("id,split", *rows)))


def validation_losses(folder: Path, seed: int, precision: str, fast: bool) -> list[float]:
    """The validation generator loss after each epoch of one training."""
    write_pack(folder / "data")
    job = TrainInpaint(
        image_size=SIZE,
        seed=seed,
        precision=precision,
        fast=fast,
        batch_size=BATCH,
        init="random",
        epochs=EPOCHS,
        patience=EPOCHS,
        keep="lowest",
        perceptual="none",
        resources=Resources(threads=1),
    )
    (folder / "job.json").write_text(json.dumps(job.document("2")))
    train_seconds(NAME, folder)
    with (folder / "out" / "history.csv").open() as file:
        return [float(row["validation"]) for row in csv.DictReader(file)]


def main(path: Path) -> None:
    """Train in both ways with every seed, and draw the curves."""
    figure, axes = plt.subplots(figsize=(4.5, 3))
    for (way, (precision, fast)), colour, style in zip(WAYS.items(), ("C0", "C1"), ("-", "--"), strict=True):
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as root:
                losses = validation_losses(Path(root) / "job", seed, precision, fast)
            label = way if seed == SEEDS[0] else None
            axes.plot(range(1, EPOCHS + 1), losses, style, color=colour, label=label, linewidth=1)
            sys.stdout.write(f"{way}, seed {seed}: {' '.join(f'{loss:.4f}' for loss in losses)}\n")
            sys.stdout.flush()
    axes.set(xlabel="epoch", ylabel="validation generator loss", title=f"{NAME}, {SIZE} pixels, {len(SEEDS)} seeds")
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
