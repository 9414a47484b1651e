"""A small data set of grey photos, and its crops."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.data.catalogue import PATTERN, Catalogue, MaskFile, Row
from benchmark.data.content_digests import content_digests
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import SplitPart, SplitSet
from harness.execution.crops import CropSet, cut_crops
from harness.execution.events import ProgressListener
from harness.execution.store import Store
from support.fakes import RecordingListener

SIDE = 8
PLACES: tuple[tuple[SplitSet, SplitPart], ...] = (
    ("inpaint", "train"),
    ("inpaint", "train"),
    ("inpaint", "val"),
    ("inpaint", "test"),
    ("classify", "train"),
    ("classify", "train"),
    ("classify", "val"),
    ("classify", "test"),
)


def pets(root: Path, *, without_pattern: tuple[int, ...] = ()) -> Catalogue:
    """Eight grey photos of two individuals by turns, each with a spot of pattern but for some."""
    rows = []
    for number in range(len(PLACES)):
        photo, mask = root / f"{number}.png", root / f"{number}-mask.png"
        Image.new("RGB", (SIDE, SIDE), (number * 20,) * 3).save(photo)
        regions = np.zeros((SIDE, SIDE), np.uint8)
        regions[2:5, 2:5] = 1 if number in without_pattern else PATTERN
        Image.fromarray(regions).save(mask)
        rows.append(Row(str(number), "ab"[number % 2], photo, segmentation=MaskFile(mask)))
    return Catalogue("pets", root, tuple(rows))


def cut(data: Catalogue, listener: ProgressListener | None = None) -> CropSet:
    """The crops of `pets`, kept in a store beside the photos."""
    digests = content_digests(data.rows)
    rows = tuple(
        SplitRow(row.image_id, digests[row.image_id], *place) for row, place in zip(data.rows, PLACES, strict=True)
    )
    entry = cut_crops(store_of(data), data, digests, SIDE, listener or RecordingListener())
    return CropSet(data, Split("pets", "own", 0, "", rows), entry)


def store_of(data: Catalogue) -> Store:
    """The store beside the photos."""
    return Store(data.root / "store")
