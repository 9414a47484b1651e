"""Packs: the arrays that a job reads, cut once, in the contract's form."""

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.audit.near_duplicates import perceptual_hashes
from benchmark.data.catalogue import PATTERN, Catalogue
from benchmark.data.content_digests import said_digest
from benchmark.data.crops import crops
from benchmark.data.irregular_holes import irregular_mask
from benchmark.data.region_variants import apply_variant
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS, Fill, HoleKind, RegionVariant, SplitPart
from harness.execution.store import Entry, Store, digest

VERSION = 1
"""Raised when the same inputs are packed into other bytes."""

FLIPS: tuple[tuple[int, ...], ...] = ((), (2,), (1,), (1, 2))
"""The paper's four pairs an original: as it is, flipped left-right, upside down, and both; axes of (N, H, W)."""


@dataclass(frozen=True)
class Rows:
    """The rows of a pack that are scored, in their order.

    Attributes:
        positions: (N,) of each row in the crops.
        labels: (N,) class numbers.
    """

    positions: NDArray[np.int64]
    labels: NDArray[np.int64]


class Packer:
    """Packs one data set for one split.

    Jobs see opaque ids in an order that says nothing; labels are packed for training and validation images alone.
    """

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        split: Split,
        digests: dict[str, str],
        image_size: int,
        fill: Fill = "zero",
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Cut and scale all crops, or find them in the store.

        Args: where packs are kept, the data, its split, the images' digests, pixels a side, what hides a region, and
        what is told how many crops are cut.

        Raises:
            InputError: a photo or a mask cannot be used.
        """
        self._store, self._catalogue, self._split, self._fill = store, catalogue, split, fill
        self._split_digest = digest([[row.image_id, row.sha256, row.set, row.part] for row in split.rows])
        self._crops = self._cut(digests, image_size, progress)
        self._positions = {row.image_id: position for position, row in enumerate(catalogue.rows)}
        classes = {identity: number for number, identity in enumerate(catalogue.identities)}
        self._labels = np.array([classes[row.identity] for row in catalogue.rows])
        self._said = said_digest(catalogue)

    @property
    def split_digest(self) -> str:
        """sha256 over the split's rows."""
        return self._split_digest

    @property
    def data_digest(self) -> str:
        """sha256 over the packed crops, and what the data set says of them."""
        return digest([self._crops.content, self._said])

    @property
    def patterned(self) -> bool:
        """Whether any image has a pattern region."""
        return self._catalogue.has_regions and bool((self._regions() == PATTERN).any())

    def inpaintable(self, masks: HoleKind) -> bool:
        """Whether every part of the inpainting set has an image with a hole."""
        if masks == "irregular":
            return True
        return self._catalogue.has_regions and all(
            self._holed(self._ids("inpaint", part), masks) for part in SPLIT_PARTS
        )

    def inpaint(self, masks: HoleKind, most: int | None) -> Entry:
        """Training and validation images of the inpainting set that have a hole, in four flips, with their holes."""
        train, validation = (self._holed(self._ids("inpaint", part), masks) for part in ("train", "val"))
        rows = self._learnt(train, validation, most)

        def write(folder: Path) -> None:
            positions = self._where([image_id for image_id, _ in rows])
            np.save(folder / "images.npy", _flipped(self._images()[positions]))
            np.save(folder / "masks.npy", _flipped(self._holes(positions, masks)))
            table = [
                {"id": f"{self._opaque(image_id)}-{flip}", "split": part}
                for flip in range(len(FLIPS))
                for image_id, part in rows
            ]
            _write_table(folder, table)

        return self._pack("inpaint", {"masks": masks, "most": most}, write)

    def holes(self, masks: HoleKind) -> Entry:
        """Test images of the inpainting set, black in their holes: what was there is known to the harness alone."""

        def write(folder: Path) -> None:
            truth, holes = self.inpainting_test(masks)
            np.save(folder / "images.npy", np.where(holes[..., None], 0, truth).astype(np.uint8))
            np.save(folder / "masks.npy", holes)
            ids = [self._opaque(image_id) for image_id in self._ids("inpaint", "test")]
            _write_table(folder, [{"id": f"{name}-{flip}"} for flip in range(len(FLIPS)) for name in ids])

        return self._pack("holes", {"masks": masks}, write)

    def inpainting_test(self, masks: HoleKind) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The inpainting set's test images in four flips, (N, H, W, 3), with their holes, (N, H, W), as jobs see them.

        The flips follow each other: the first quarter of N are the images as they are.
        """
        positions = self._where(self._ids("inpaint", "test"))
        return _flipped(self._images()[positions]), _flipped(self._holes(positions, masks))

    def _holes(self, positions: NDArray[np.int64], masks: HoleKind) -> NDArray[np.uint8]:
        """(N, H, W) holes of some crops, 1 = hole: their pattern, or irregular strokes that each image keeps."""
        if masks == "pattern":
            return np.asarray(self._regions()[positions] == PATTERN, dtype=np.uint8)
        rows = self._catalogue.rows
        size = self._images().shape[1]
        return np.stack([irregular_mask(size, f"{self._crops.content}:{rows[at].image_id}") for at in positions])

    def train(self, variant: RegionVariant, probes: int, most: int | None) -> Entry:
        """Training and validation images of the classification set with labels; `probes` an individual are marked."""
        rows = self._learnt(self._ids("classify", "train"), self._ids("classify", "val"), most)

        def write(folder: Path) -> None:
            positions = self._where([image_id for image_id, _ in rows])
            self._write_images(folder, positions, variant)
            probing = np.isin(positions, self.probes(probes))
            table = [
                {"id": self._opaque(image_id), "split": part, "label": label, "probe": int(probe)}
                for (image_id, part), label, probe in zip(rows, self._labels[positions], probing, strict=True)
            ]
            _write_table(folder, table)

        return self._pack(f"train-{variant}", {"probes": probes, "most": most, "fill": self._fill}, write)

    def test(self, variant: RegionVariant) -> Entry:
        """Test images of the classification set, without labels."""

        def write(folder: Path) -> None:
            self._write_images(folder, self.rows("test").positions, variant)
            _write_table(folder, [{"id": self._opaque(image_id)} for image_id in self._ids("classify", "test")])

        return self._pack(f"test-{variant}", {"fill": self._fill}, write)

    def reference(self, part: SplitPart) -> Entry:
        """Images of one part of the classification set, whole and without labels: what test images are compared to."""

        def write(folder: Path) -> None:
            self._write_images(folder, self.rows(part).positions, "all")
            _write_table(folder, [{"id": self._opaque(image_id)} for image_id in self._ids("classify", part)])

        return self._pack(f"reference-{part}", {}, write)

    def rows(self, part: SplitPart) -> Rows:
        """What the rows of one part of the classification set are, in the order that jobs see them."""
        positions = self._where(self._ids("classify", part))
        return Rows(positions, self._labels[positions])

    def probes(self, per_individual: int) -> NDArray[np.int64]:
        """Positions of the validation images that `train` marks as probes, in the order that jobs see them."""
        rows = self.rows("val")
        return rows.positions[first_of_each(rows.labels, per_individual)]

    def column(self, positions: NDArray[np.int64], name: str) -> NDArray[np.str_] | None:
        """(N,) what the catalogue says of some crops in a column of its groups; None where not of every image."""
        rows = self._catalogue.rows
        if not all(row.groups.get(name) for row in rows):
            return None
        return np.array([rows[at].groups[name] for at in positions])

    def hashes(self) -> NDArray[np.uint64]:
        """(N,) perceptual hashes of all crops, in the catalogue's order."""
        return perceptual_hashes(self._images())

    def regions(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(N, H, W) region masks of some crops."""
        return self._regions()[positions]

    def _cut(self, digests: dict[str, str], size: int, progress: Callable[[int, int], None] | None) -> Entry:
        rows = self._catalogue.rows
        key = digest([VERSION, size, self._catalogue.crop_side, [digests[row.image_id] for row in rows]])
        found = self._store.find("crops", key)
        if found:
            return found
        with self._store.building("crops", key, {"dataset": self._catalogue.name, "image_size": size}) as folder:
            images = np.lib.format.open_memmap(
                folder / "images.npy", mode="w+", dtype=np.uint8, shape=(len(rows), size, size, 3)
            )
            regions = np.zeros((len(rows), size, size), np.uint8)
            cut = crops(rows, size, self._catalogue.crop_side, progress)
            for position, crop in enumerate(cut):
                images[position], regions[position] = crop
            images.flush()
            np.save(folder / "regions.npy", regions)
        return self._found("crops", key)

    def _pack(self, kind: str, settings: dict[str, Any], write: Callable[[Path], None]) -> Entry:
        key = digest([VERSION, self.data_digest, self._split_digest, kind, settings])
        found = self._store.find("pack", key)
        if found:
            return found
        with self._store.building("pack", key, {"dataset": self._catalogue.name, "pack": kind, **settings}) as folder:
            write(folder)
        return self._found("pack", key)

    def _found(self, kind: str, key: str) -> Entry:
        entry = self._store.find(kind, key)
        assert entry is not None
        return entry

    def _write_images(self, folder: Path, positions: NDArray[np.int64], variant: RegionVariant) -> None:
        images = self._images()[positions]
        shown = images if variant == "all" else apply_variant(images, self._regions()[positions], variant, self._fill)
        np.save(folder / "images.npy", shown)

    def _learnt(self, train: list[str], validation: list[str], most: int | None) -> list[tuple[str, SplitPart]]:
        """Training images, of each individual the first `most // individuals` (at least one), and validation images."""
        if most is not None:
            each = max(1, most // len(self._catalogue.identities))
            train = [train[index] for index in first_of_each(self._labels[self._where(train)], each)]
        return [*((image_id, "train") for image_id in train), *((image_id, "val") for image_id in validation)]

    def _holed(self, ids: list[str], masks: HoleKind) -> list[str]:
        """The images that have a hole."""
        if masks == "irregular" or not ids:
            return ids
        there = (self._regions()[self._where(ids)] == PATTERN).any(axis=(1, 2))
        return [image_id for image_id, has in zip(ids, there, strict=True) if has]

    def _ids(self, of: str, part: str) -> list[str]:
        """The image ids of a part, in the order of their opaque ids."""
        ids = [row.image_id for row in self._split.rows if row.set == of and row.part == part]
        return sorted(ids, key=self._opaque)

    def _opaque(self, image_id: str) -> str:
        return hashlib.sha256(f"{self._split_digest}:{image_id}".encode()).hexdigest()[:16]

    def _where(self, ids: Sequence[str]) -> NDArray[np.int64]:
        return np.array([self._positions[image_id] for image_id in ids], dtype=np.int64)

    def _images(self) -> NDArray[np.uint8]:
        return _open(self._crops.path / "images.npy")

    def _regions(self) -> NDArray[np.uint8]:
        return _open(self._crops.path / "regions.npy")


def first_of_each(labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Indices of the first `most` entries of each label, ascending."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:most] for label in np.unique(labels)]))


def _flipped(arrays: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(N, H, W, ...) -> (4 N, H, W, ...)."""
    return np.concatenate([np.flip(arrays, axes) for axes in FLIPS])


def _open(path: Path) -> NDArray[np.uint8]:
    array: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return array


def _write_table(folder: Path, rows: list[dict[str, Any]]) -> None:
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
