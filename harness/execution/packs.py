"""Packs: the arrays that a job reads, in the form of the contract.

Jobs see opaque ids in an order that carries no information; only training and validation images have labels. Training
packs are the same everywhere, so that numbers are; ids and order of images to predict differ from store to store.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.data.region_variants import apply_variant
from benchmark.splitting.sampling import first_of_each
from benchmark.vocabulary import Fill, HoleKind, RegionVariant, SplitPart
from harness.execution import job_files
from harness.execution.crops import CropSet
from harness.execution.holes import FLIPS, flipped, hole_test, holes_of, with_hole
from harness.execution.job_order import ORDER, draw_rows, store_secret
from harness.execution.store import Entry, Store, digest
from harness.storage.arrays import new_array

VERSION = 5
"""Raised when the same inputs are packed into other bytes."""

BLOCK = 256
"""Images that are made at once."""

CALIBRATION_IMAGES = 64
"""Largest number of calibration images of a pack."""


@dataclass(frozen=True)
class InpaintPack:
    """Training and validation images of the inpainting set that have a hole, in four flips, with their holes.

    Attributes:
        masks: kind of the holes.
        most: largest number of training images; None = all.
    """

    masks: HoleKind
    most: int | None


@dataclass(frozen=True)
class HolesPack:
    """Test photos, black in their holes: only the harness knows the true pixels.

    Attributes:
        masks: kind of the holes.
        photos: largest number of photos; None = the inpainting set's test images in four flips.
    """

    masks: HoleKind
    photos: int | None


@dataclass(frozen=True)
class TrainPack:
    """Training and validation images of the classification set with labels.

    Attributes:
        variant: region variant of the images.
        fill: what replaces a hidden region.
        probes: number of validation images of each individual that are marked as probes.
        most: largest number of training images; None = all.
    """

    variant: RegionVariant
    fill: Fill
    probes: int
    most: int | None


@dataclass(frozen=True)
class EncodePack:
    """Images of one part of the classification set, without labels.

    Attributes:
        part: of the set.
        variants: region variants; results have all images in the first variant, then all in the second, and so on.
        fill: what replaces a hidden region.
        most: largest number of images, in the order of opaque ids, which is random; None = all.
    """

    part: SplitPart
    variants: tuple[RegionVariant, ...]
    fill: Fill
    most: int | None = None


Pack = InpaintPack | HolesPack | TrainPack | EncodePack


def write_pack(pack: Pack, crops: CropSet, store: Store) -> Entry:
    """Write a pack, or find it in the store.

    Raises:
        RunError: the disk is full or cannot be written to.
    """
    facts = {"dataset": crops.catalogue.name, "pack": _label(pack), **asdict(pack)}
    secret = store_secret(store.root)
    return store.find_or_build("pack", _key(pack, crops, secret), facts, _writer(pack, crops, secret))


def find_pack(pack: Pack, crops: CropSet, store: Store) -> Entry | None:
    """The pack in the store, if it was written before."""
    return store.find("pack", _key(pack, crops, store_secret(store.root)))


def _key(pack: Pack, crops: CropSet, secret: bytes) -> str:
    drawn_with = digest(secret.hex()) if isinstance(pack, HolesPack | EncodePack) else ""
    return digest([VERSION, crops.data_digest, crops.split_digest, type(pack).__name__, asdict(pack), drawn_with])


def _label(pack: Pack) -> str:
    """Name of a pack for people who look into the store."""
    match pack:
        case InpaintPack():
            return "inpaint"
        case HolesPack():
            return "holes"
        case TrainPack(variant=variant):
            return f"train-{variant}"
        case EncodePack(part=part, variants=(variant,)):
            return f"test-{variant}" if part == "test" else f"reference-{part}"
        case EncodePack(part=part):
            return f"regions-{part}"


def _writer(pack: Pack, crops: CropSet, secret: bytes) -> Callable[[Path], None]:
    match pack:
        case InpaintPack():
            return lambda folder: _write_inpaint(pack, crops, folder)
        case HolesPack():
            return lambda folder: _write_holes(pack, crops, secret, folder)
        case TrainPack():
            return lambda folder: _write_train(pack, crops, folder)
        case EncodePack():
            return lambda folder: _write_encode(pack, crops, secret, folder)


def _write_inpaint(pack: InpaintPack, crops: CropSet, folder: Path) -> None:
    train, val = (with_hole(crops, crops.ids("inpaint", part), pack.masks) for part in ("train", "val"))
    rows = _training_rows(crops, train, val, pack.most)
    positions = crops.positions([image_id for image_id, _ in rows])
    np.save(folder / job_files.IMAGES, flipped(crops.images[positions]))
    np.save(folder / job_files.MASKS, flipped(holes_of(crops, positions, pack.masks)))
    table = [
        {"id": f"{crops.opaque_id(image_id)}-{flip}", "split": part}
        for flip in range(len(FLIPS))
        for image_id, part in rows
    ]
    _write_table(folder, table)


def _write_holes(pack: HolesPack, crops: CropSet, secret: bytes, folder: Path) -> None:
    test = hole_test(crops, pack.masks, pack.photos)
    names = [crops.catalogue.rows[position].image_id for position in test.positions]
    flips = len(test.truth) // len(names)
    places = _write_drawn(pack, [f"{flip}:{name}" for flip in range(flips) for name in names], secret, folder)
    order = np.argsort(places)
    np.save(folder / job_files.IMAGES, np.where(test.holes[..., None], 0, test.truth).astype(np.uint8)[order])
    np.save(folder / job_files.MASKS, test.holes[order])


def _write_train(pack: TrainPack, crops: CropSet, folder: Path) -> None:
    rows = _training_rows(crops, crops.ids("classify", "train"), crops.ids("classify", "val"), pack.most)
    positions = crops.positions([image_id for image_id, _ in rows])
    _write_images(crops, positions, (pack.variant,), pack.fill, folder)
    _write_calibration(crops, folder)
    is_probe = np.isin(positions, crops.probes(pack.probes))
    table = [
        {"id": crops.opaque_id(image_id), "split": part, "label": label, "probe": int(probe)}
        for (image_id, part), label, probe in zip(rows, crops.labels(positions), is_probe, strict=True)
    ]
    _write_table(folder, table)


def _write_encode(pack: EncodePack, crops: CropSet, secret: bytes, folder: Path) -> None:
    ids = crops.ids("classify", pack.part)[: pack.most]
    names = [f"{variant}:{image_id}" for variant in pack.variants for image_id in ids]
    places = _write_drawn(pack, names, secret, folder)
    _write_images(crops, crops.positions(ids), pack.variants, pack.fill, folder, places)
    _write_calibration(crops, folder)


def _write_drawn(pack: Pack, names: list[str], secret: bytes, folder: Path) -> NDArray[np.int64]:
    """Write the table of images in an order drawn with the secret; returns the row of each image there."""
    rows = draw_rows(secret, f"{type(pack).__name__}:{digest(asdict(pack))}", names)
    _write_table(folder, [{"id": name} for name in rows.ids])
    np.save(folder / ORDER, rows.places)
    return rows.places


def _write_images(
    crops: CropSet,
    positions: NDArray[np.int64],
    variants: Sequence[RegionVariant],
    fill: Fill,
    folder: Path,
    places: NDArray[np.int64] | None = None,
) -> None:
    """Write the images in each variant; only some are in memory at once.

    Args:
        crops: of the data set.
        positions: of the images in the crops.
        variants: region variants.
        fill: what replaces a hidden region.
        folder: of the pack.
        places: row of each image in each variant, all in one variant after the other; None = in that order.
    """
    count = len(variants) * len(positions)
    order = np.arange(count) if places is None else np.argsort(places)
    with new_array(folder / job_files.IMAGES, (count, *crops.images.shape[1:])) as append:
        for start in range(0, count, BLOCK):
            numbers, of = np.divmod(order[start : start + BLOCK], len(positions))
            rows = positions[of]
            images = crops.images[rows]
            for number, variant in enumerate(variants):
                chosen = numbers == number
                if variant != "all" and chosen.any():
                    images[chosen] = apply_variant(images[chosen], crops.regions[rows[chosen]], variant, fill)
            append(images)


def _write_calibration(crops: CropSet, folder: Path) -> None:
    """Whole training images, without labels; the same in every pack, so that all jobs of a run have one encoder."""
    ids = crops.ids("classify", "train")[:CALIBRATION_IMAGES]
    np.save(folder / job_files.CALIBRATION, crops.images[crops.positions(ids)])


def _training_rows(crops: CropSet, train: list[str], val: list[str], most: int | None) -> list[tuple[str, SplitPart]]:
    """Training images, of each individual the first `most // individuals` (at least one), and validation images."""
    if most is not None:
        each = max(1, most // len(crops.catalogue.identities))
        train = [train[index] for index in first_of_each(crops.labels(crops.positions(train)), each)]
    return [*((image_id, "train") for image_id in train), *((image_id, "val") for image_id in val)]


def _write_table(folder: Path, rows: list[dict[str, Any]]) -> None:
    with (folder / job_files.TABLE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
