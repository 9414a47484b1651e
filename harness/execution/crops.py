"""The crops of a data set, cut once and kept in the store, with their labels and metadata."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.audit.near_duplicates import view_hashes
from benchmark.data.catalogue import PATTERN, Catalogue
from benchmark.data.content_digests import metadata_digest
from benchmark.data.crops import crops
from benchmark.splitting.sampling import first_of_each
from benchmark.splitting.split import Split
from benchmark.splitting.unseen import looks_of, unseen
from benchmark.vocabulary import SplitPart, SplitSet
from harness.execution.events import ProgressListener
from harness.execution.store import Entry, Store, digest
from harness.storage.arrays import new_array

VERSION = 3
"""Raised when the same inputs give other files."""


@dataclass(frozen=True)
class Rows:
    """Rows of one part of the classification set, in the order of the jobs.

    Attributes:
        positions: (N,) int64, index of each row in the crops.
        labels: (N,) int64, class numbers.
    """

    positions: NDArray[np.int64]
    labels: NDArray[np.int64]


class CropSet:
    """All crops of one data set under one split: pixels, regions, labels, metadata, perceptual hashes.

    Crops are in the catalogue's order. Jobs see each set in the order of opaque ids, which carries no information
    about the images; `ids` and `rows` are in that order.
    """

    def __init__(self, catalogue: Catalogue, split: Split, entry: Entry) -> None:
        """Args: the data set, its split, and the stored crops (`cut_crops`)."""
        self.catalogue = catalogue
        self.split, self._folder = split, entry.path
        self.content = digest({name: entry.facts["files"][name] for name in ("images.npy", "regions.npy")})
        self._positions = {row.image_id: position for position, row in enumerate(catalogue.rows)}
        self._identity = {row.image_id: row.identity for row in catalogue.rows}
        classes = {identity: number for number, identity in enumerate(catalogue.identities)}
        self._labels = np.array([classes[row.identity] for row in catalogue.rows])

    @cached_property
    def split_digest(self) -> str:
        """sha256 over the split's rows and their individuals: other labels make it another task."""
        return digest([self._rows_digest, [self._identity[row.image_id] for row in self.split.rows]])

    @cached_property
    def _rows_digest(self) -> str:
        """sha256 over the split's rows alone, so that corrected labels do not change the ids that jobs see."""
        return digest([[row.image_id, row.sha256, row.set, row.part] for row in self.split.rows])

    @cached_property
    def data_digest(self) -> str:
        """sha256 over the crops and the data set's metadata."""
        return digest([self.content, metadata_digest(self.catalogue)])

    @property
    def images(self) -> NDArray[np.uint8]:
        """(N, H, W, 3) uint8, memory-mapped."""
        return _open(self._folder / "images.npy")

    @property
    def regions(self) -> NDArray[np.uint8]:
        """(N, H, W) uint8 region masks, memory-mapped."""
        return _open(self._folder / "regions.npy")

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """(N, 12) uint64 perceptual hashes of views."""
        hashes: NDArray[np.uint64] = np.load(self._folder / "hashes.npy")
        return hashes

    @cached_property
    def has_pattern(self) -> bool:
        """Whether any image has a pattern region."""
        return self.catalogue.has_regions and bool((self.regions == PATTERN).any())

    def opaque_id(self, image_id: str) -> str:
        """The name that jobs see of an image."""
        return hashlib.sha256(f"{self._rows_digest}:{image_id}".encode()).hexdigest()[:16]

    def ids(self, of: SplitSet, part: SplitPart) -> list[str]:
        """The image ids of one part, in the order of their opaque ids."""
        ids = [row.image_id for row in self.split.rows if row.set == of and row.part == part]
        return sorted(ids, key=self.opaque_id)

    @cached_property
    def unseen_ids(self) -> list[str]:
        """Ids of the images of the split that inpainting has not seen, the furthest from its training first.

        Seen are the inpainting set's training and validation images, whatever part of them the protocol uses, and what
        these give away (see `benchmark.splitting.unseen`).
        """
        place_of = {row.image_id: (row.set, row.part) for row in self.split.rows}
        places = [place_of.get(row.image_id) for row in self.catalogue.rows]
        trained = np.array([place in {("inpaint", "train"), ("inpaint", "val")} for place in places])
        inside = np.array([place is not None for place in places])
        chosen = unseen(self.catalogue.rows, trained, inside, looks_of(self.images))
        return [self.catalogue.rows[position].image_id for position in chosen]

    def positions(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """(len(ids),) int64, index of each image in the crops."""
        return np.array([self._positions[image_id] for image_id in ids], dtype=np.int64)

    def labels(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Class numbers of the given crops, in the shape of `positions`."""
        return self._labels[positions]

    def rows(self, part: SplitPart) -> Rows:
        """One part of the classification set."""
        positions = self.positions(self.ids("classify", part))
        return Rows(positions, self.labels(positions))

    def probes(self, per_individual: int) -> NDArray[np.int64]:
        """Positions of the first `per_individual` validation images of each individual, in the order of the jobs."""
        rows = self.rows("val")
        return rows.positions[first_of_each(rows.labels, per_individual)]

    def column(self, positions: NDArray[np.int64], name: str) -> NDArray[np.str_] | None:
        """Metadata column `name` of the given crops, in their shape; None if any image of the data set lacks it."""
        rows = self.catalogue.rows
        if not all(row.groups.get(name) for row in rows):
            return None
        return np.array([rows[at].groups[name] for at in positions])


def cut_crops(
    store: Store, catalogue: Catalogue, digests: Mapping[str, str], image_size: int, listener: ProgressListener
) -> Entry:
    """Cut and scale all crops of a data set, or find them in the store.

    Args:
        store: keeps the crops.
        catalogue: the data set.
        digests: content digest of each row, by image id.
        image_size: side of a crop in pixels.
        listener: receives the progress.

    Raises:
        InputError: a photo or a mask cannot be used.
        RunError: the disk is full or cannot be written to.
    """
    rows = catalogue.rows
    key = digest([VERSION, image_size, catalogue.crop_side, [digests[row.image_id] for row in rows]])

    def write(folder: Path) -> None:
        regions = np.zeros((len(rows), image_size, image_size), np.uint8)
        with new_array(folder / "images.npy", (len(rows), image_size, image_size, 3)) as append:
            for position, crop in enumerate(crops(rows, image_size, catalogue.crop_side, listener.on_crops)):
                append(crop[0])
                regions[position] = crop[1]
        np.save(folder / "regions.npy", regions)
        np.save(folder / "hashes.npy", view_hashes(_open(folder / "images.npy")))

    return store.find_or_build("crops", key, {"dataset": catalogue.name, "image_size": image_size}, write)


def _open(path: Path) -> NDArray[np.uint8]:
    array: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return array
