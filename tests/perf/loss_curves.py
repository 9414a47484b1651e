"""Loss curves of inpainting training in three ways, with several seeds: a figure and a table of docs/performance.md.

`PYTHONPATH=tests python -m perf.loss_curves docs/loss-curves.png` draws the validation loss by epoch: plain (float32,
layer by layer), fast in float32, and fast in bfloat16, which `precision = "auto"` chooses where the hardware has units
for it. Two ways of one seed should differ no more than two seeds do. On a processor without such units bfloat16 is
slow, so sizes are small.
"""

import csv
import json
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tabulate import tabulate

mpl.use("agg")
import matplotlib.pyplot as plt

from harness.contract import Resources, TrainInpaint
from perf.targets.training import INPAINTING, train_seconds

SIZE, BATCH, EPOCHS, SEEDS = 32, 8, 6, (0, 1, 2)
TRAIN, VALIDATION = 24, 8
PHOTOS = Path("benchmark/datasets/zebrafish-synth/data")
WAYS = {"plain": ("float32", False), "fast, float32": ("float32", True), "fast, bfloat16": ("bfloat16", True)}
STYLES = {"plain": "-", "fast, float32": "--", "fast, bfloat16": ":"}


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


def validation_losses(name: str, seed: int, precision: str, fast: bool) -> list[float]:
    """The validation loss after each epoch of one training; EdgeConnect's phases follow each other."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "job"
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
        train_seconds(name, folder)
        with (folder / "out" / "history.csv").open() as file:
            return [float(row["validation"]) for row in csv.DictReader(file)]


def between_ways(curves: dict[str, NDArray[np.float64]], way: str) -> float:
    """Root mean square difference of a way from the plain one, in standard deviations between seeds.

    Args:
        curves: (seeds, epochs) losses, by way; a row of one number is one seed.
        way: the other way.
    """
    spread = curves["plain"].std(axis=0, ddof=1)
    return float(np.sqrt(((curves[way] - curves["plain"]) ** 2).mean() / (spread**2).mean()))


def main(path: Path) -> None:
    """Train in all ways with every seed, draw the curves, and print how far the ways are apart."""
    figure, axes = plt.subplots(1, len(INPAINTING), figsize=(11, 2.8))
    rows = []
    for name, axis in zip(INPAINTING, axes, strict=True):
        curves = {}
        for way, (precision, fast) in WAYS.items():
            losses = [validation_losses(name, seed, precision, fast) for seed in SEEDS]
            curves[way] = np.array(losses)
            for seed, line in zip(SEEDS, losses, strict=True):
                axis.plot(range(1, len(line) + 1), line, STYLES[way], color=f"C{seed}", linewidth=1)
            sys.stdout.write(f"{name}, {way}: last losses {curves[way][:, -1].round(4).tolist()}\n")
            sys.stdout.flush()
        axis.set(xlabel="epoch", title=name)
        rows.append((name, *(f"{between_ways(curves, way):.2f}" for way in WAYS if way != "plain")))
    axes[0].set_ylabel("validation loss")
    axes[-1].legend(handles=[plt.Line2D([], [], color="k", linestyle=STYLES[way], label=way) for way in WAYS])
    figure.suptitle(f"{SIZE} pixels; one colour for each of {len(SEEDS)} seeds", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    headers = ["contestant", *(way for way in WAYS if way != "plain")]
    sys.stdout.write(tabulate(rows, headers, tablefmt="github", disable_numparse=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
