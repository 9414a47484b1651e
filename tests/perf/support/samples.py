"""Generated data of any size: embeddings of individuals, and catalogues with a split and perceptual hashes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from benchmark.data.catalogue import Catalogue, Row
from benchmark.metrics.matches import Images
from benchmark.splitting.split import Split, SplitRow

BLOCK_COLUMNS = 2**16


def write_embeddings(path: Path, images: int, dimensions: int, individuals: int) -> None:
    """Write embeddings (images, dimensions) float16: noise, and a third as much of a centre of each individual.

    Args:
        path: of the array, `.npy`.
        images: number of images; image i shows individual i modulo `individuals`.
        dimensions: of an embedding.
        individuals: number of individuals.
    """
    random, labels = np.random.default_rng(0), labels_of(images, individuals)
    array = open_memmap(path, mode="w+", dtype=np.float16, shape=(images, dimensions))
    for start in range(0, dimensions, BLOCK_COLUMNS):
        columns = min(BLOCK_COLUMNS, dimensions - start)
        centres = random.standard_normal((individuals, columns), np.float32)
        for row in range(images):
            noise = random.standard_normal(columns, np.float32)
            array[row, start : start + columns] = centres[labels[row]] / 3 + noise
    array.flush()


def labels_of(images: int, individuals: int) -> NDArray[np.int64]:
    """(images,) class numbers by turns."""
    return np.arange(images) % individuals


def embedded(images: int, dimensions: int, individuals: int, seed: int) -> Images:
    """Images in memory, float32, as like their individual as those of `write_embeddings`."""
    labels = labels_of(images, individuals)
    centres = np.random.default_rng(0).standard_normal((individuals, dimensions), np.float32)
    noise = np.random.default_rng(seed).standard_normal((images, dimensions), np.float32)
    return Images(centres[labels] / 3 + noise, labels)


@dataclass(frozen=True)
class AuditSample:
    """What an audit reads: a data set without photos, its split, and (N, 12) uint64 perceptual hashes."""

    catalogue: Catalogue
    split: Split
    hashes: NDArray[np.uint64]


def audit_sample(images: int, individuals: int) -> AuditSample:
    """Images of individuals by turns, each with video and frame; half are for training, half for test.

    One image in a hundred looks like the image before it, but for a few bits; the others have hashes of noise.
    """
    random = np.random.default_rng(0)
    rows, members = [], []
    for number in range(images):
        identity, name = f"animal{number % individuals:05}", f"image{number:07}"
        groups = {"video": f"v{number // 100}", "frame": str(number % 100)}
        rows.append(Row(name, identity, Path(f"{name}.png"), groups=groups))
        members.append(SplitRow(name, f"{number:064x}", "classify", "train" if number % 2 else "test"))
    hashes = random.integers(0, 2**63, (images, 12), np.uint64)
    alike = np.arange(1, images, 100)
    hashes[alike] = hashes[alike - 1] ^ np.uint64(0b101)
    return AuditSample(
        Catalogue("sample", Path(), tuple(rows)), Split("sample", "half", 0, "by turns", tuple(members)), hashes
    )
