"""A contestant without kit and torch: the contract of docs/contract.md in numpy and the standard library.

Embeddings are mean colours on a grid; the classifier predicts the nearest class mean. `--bug NAME` plants a bug, for
the tests of `patternbench backbone check`.
"""

import argparse
import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Job = dict[str, Any]
State = dict[str, Array]
Table = list[dict[str, str]]

GRID = 4
FAR = 1e3
SHAPE = (3, GRID, GRID)
KEYS = {
    "contract", "verb", "variant", "image_size", "seed", "precision", "batch_size", "init", "weights", "checkpoint",
    "resources", "pooling", "dtype", "explain", "task", "mode", "classes", "epochs", "learning_rate",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bug", default="")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("describe").add_argument("--image-size", type=int, default=256)
    for verb in ("train", "encode"):
        verbs.add_parser(verb).add_argument("--job", type=Path, required=True)
    options = parser.parse_args()
    if options.verb == "describe":
        describe(options.image_size, options.bug)
    else:
        run(options.job, options.bug)


def describe(image_size: int, bug: str) -> None:
    size = int(np.prod(SHAPE)) + (bug == "size")
    print_line(json.dumps({
        "contract": "1", "name": "plain", "capabilities": ["train:shallow", "train:deep"],
        "parameters": {"encoder": 3, "total": 3}, "image_size": image_size, "shape": SHAPE, "embedding_size": size,
        "input": {"channels": "BGR" if bug == "input" else "RGB"}, "weights": [],
    }))  # fmt: skip


def run(folder: Path, bug: str) -> None:
    start = time.perf_counter()
    job = json.loads((folder / "job.json").read_text())
    if bug != "forgiving" and set(job) - KEYS:
        fail(2, f"unknown keys: {sorted(set(job) - KEYS)}")
    images = np.load(folder / "data" / "images.npy", mmap_mode="r")
    if bug != "tolerant" and images.shape[1:] != (job["image_size"], job["image_size"], 3):
        fail(3, f"images.npy is {images.shape}")
    with (folder / "data" / "table.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    if bug == "vandal":
        table_file = folder / "data" / "table.csv"
        table_file.chmod(0o644)
        table_file.write_text(table_file.read_text().replace("train", "val", 1))
    if bug == "full":
        raise OSError(28, "No space left on device", str(folder / "out" / "embeddings.npy"))
    if bug == "slow":
        time.sleep(0.5)
    state = {"gain": np.random.default_rng(job["seed"]).uniform(0.5, 2, 3)}
    if job["checkpoint"]:
        with np.load(folder / job["checkpoint"]) as saved:
            state = dict(saved)
    (train if job["verb"] == "train" else encode)(job, images, table, state, folder, bug)
    if bug == "stray":
        (folder / "notes.txt").write_text("stray")
    result = {
        "contract": "1", "images": len(images), "seconds": time.perf_counter() - start, "peak_memory_mib": 1.0,
        "versions": {"numpy": np.__version__},
    }  # fmt: skip
    (folder / "out" / "result.json").write_text(json.dumps(result))


def train(job: Job, images: Array, table: Table, state: State, folder: Path, bug: str) -> None:
    if bug == "crash":
        raise RuntimeError("the weights have gone for a walk")
    splits = np.array([row["split"] for row in table])
    labels = np.array([int(row["label"]) for row in table])[splits == "train"]
    logits, history = [], []
    for epoch in range(1, job["epochs"] + 1):
        if bug != "frozen" and (job["mode"] == "deep" or bug == "thawed"):
            state["gain"] = state["gain"] * (1 + 10 * job["learning_rate"] * np.array([1, 2, 3]))
        if bug == "dice" and job["mode"] == "deep":
            state["gain"] = state["gain"] * np.random.default_rng().uniform(0.9, 1.1, 3)
        embeddings = feature_maps(images, state["gain"]).reshape(len(images), -1)
        train_embeddings = embeddings[splits == "train"]
        state["means"] = np.full((job["classes"], train_embeddings.shape[1]), FAR)  # training may not show every class
        for label in np.unique(labels):
            state["means"][label] = train_embeddings[labels == label].mean(axis=0)
        logits.append(classify(embeddings[splits == "val"], state["means"]))
        history.append({"epoch": epoch, "loss": 1 / epoch})
        progress(epoch, job["epochs"], bug)
    np.save(folder / "out" / "validation_logits.npy", np.stack(logits))
    with (folder / "out" / "history.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["epoch", "loss"])
        writer.writeheader()
        writer.writerows(history)
    with (folder / "out" / "checkpoint.safetensors").open("wb") as file:
        np.savez(file, gain=state["gain"], means=state["means"])


def encode(job: Job, images: Array, table: Table, state: State, folder: Path, bug: str) -> None:
    grid = feature_maps(images, state["gain"])
    if bug == "company":
        grid = grid - grid.mean(axis=0)
    embeddings = grid.reshape(len(grid), -1) if job["pooling"] == "flatten" else grid.mean(axis=(2, 3))
    if bug == "noise":
        embeddings = embeddings + np.random.default_rng().normal(0, 0.01, embeddings.shape)
    if bug == "order":
        embeddings = embeddings[np.argsort([row["id"] for row in table])]
    if bug == "nan":
        embeddings[1] = np.nan
    if bug == "constant":
        embeddings[:] = 1
    if bug == "huge":
        embeddings = embeddings * 1e9
    if bug == "coarse":  # whether the image is more red than anything else
        is_red = grid.mean(axis=(2, 3)).argmax(axis=1) == 0
        embeddings = np.repeat(is_red[:, None], embeddings.shape[1], axis=1)
    dtype = np.float32 if bug == "type" else job["dtype"]
    np.save(folder / "out" / "embeddings.npy", embeddings.astype(dtype))
    if "means" in state and bug != "speechless":
        np.save(folder / "out" / "logits.npy", classify(grid.reshape(len(grid), -1), state["means"]))
    progress(len(images), len(images), bug)


def feature_maps(images: Array, gain: Array) -> Array:
    """(N, H, W, 3) uint8 -> (N, 3, GRID, GRID): mean colours times one gain per channel."""
    count, side = len(images), images.shape[1] // GRID
    cells = images[:, : side * GRID, : side * GRID].reshape(count, GRID, side, GRID, side, 3).mean(axis=(2, 4)) / 255
    scaled: Array = cells.transpose(0, 3, 1, 2) * gain[:, None, None]
    return scaled


def classify(embeddings: Array, means: Array) -> Array:
    distances: Array = ((embeddings[:, None] - means) ** 2).sum(axis=2)
    return -distances.astype(np.float32)


def progress(done: int, total: int, bug: str) -> None:
    if bug == "garbage":
        print_line("{progress: almost there}")
    elif bug != "silent":
        print_line(json.dumps({"event": "progress", "done": done, "total": total, "unit": "epoch"}))


def print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fail(code: int, reason: str) -> None:
    sys.stderr.write(f"{reason}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
