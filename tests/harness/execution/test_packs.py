"""Packs: what is in them, and when they are made anew."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.data.catalogue import Catalogue
from harness.execution import packs
from harness.execution.holes import FLIPS
from harness.execution.job_order import ORDER
from harness.execution.packs import EncodePack, HolesPack, InpaintPack, Pack, TrainPack, write_pack
from harness.execution.store import Entry, Store
from support.pets import cut, pets, store_of

TRAIN = TrainPack(variant="all", fill="zero", probes=1, most=None)


def written(pack: Pack, data: Catalogue) -> Entry:
    return write_pack(pack, cut(data), store_of(data))


def table(pack: Entry) -> list[dict[str, str]]:
    with (pack.path / "table.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def in_order(pack: Entry) -> NDArray[np.uint8]:
    """Images of a pack in the order of the harness."""
    images: NDArray[np.uint8] = np.load(pack.path / "images.npy")[np.load(pack.path / ORDER)]
    return images


def test_a_corrected_identity_makes_the_labels_anew(tmp_path: Path) -> None:
    """The photos, the split and the individuals' names stay the same."""
    before = pets(tmp_path)
    corrected = replace(before.rows[4], identity="b")
    after = replace(before, rows=(*before.rows[:4], corrected, *before.rows[5:]))
    first, second = cut(before), cut(after)
    assert first.split_digest != second.split_digest
    assert first.data_digest != second.data_digest
    labels = [[row["label"] for row in table(written(TRAIN, data))] for data in (before, after)]
    assert labels[0] != labels[1]
    assert sorted(labels[1]) == ["0", "1", "1"]


def test_images_without_a_hole_teach_no_inpainting(tmp_path: Path) -> None:
    pack = written(InpaintPack("pattern", None), pets(tmp_path, without_pattern=(0,)))
    assert [row["split"] for row in table(pack)] == ["train", "val"] * len(FLIPS)
    assert np.load(pack.path / "masks.npy").any(axis=(1, 2)).all()


def test_what_was_in_a_hole_is_in_no_pack(tmp_path: Path) -> None:
    pack = written(HolesPack("pattern", None), pets(tmp_path))
    images, holes = np.load(pack.path / "images.npy"), np.load(pack.path / "masks.npy")
    assert images[holes == 0].any()
    assert not images[holes == 1].any()
    assert list(table(pack)[0]) == ["id"]


def test_images_to_encode_have_no_labels_and_a_variant_hides_regions(tmp_path: Path) -> None:
    data = pets(tmp_path)
    whole, pattern = (
        written(EncodePack(part="test", variants=(variant,), fill="zero"), data) for variant in ("all", "pattern")
    )
    assert list(table(whole)[0]) == ["id"]
    shown = np.load(pattern.path / "images.npy") > 0
    assert shown.any()
    assert shown.sum() < (np.load(whole.path / "images.npy") > 0).sum()


def test_a_pack_of_several_variants_has_all_images_in_one_after_the_other(tmp_path: Path) -> None:
    data = pets(tmp_path)
    single = [
        in_order(written(EncodePack(part="train", variants=(variant,), fill="noise"), data))
        for variant in ("all", "pattern", "no_body")
    ]
    several = written(EncodePack(part="train", variants=("all", "pattern", "no_body"), fill="noise"), data)
    assert np.array_equal(in_order(several), np.concatenate(single))
    names = [row["id"] for row in table(several)]
    assert len(set(names)) == len(names) == sum(map(len, single))


def test_a_pack_is_written_once(tmp_path: Path) -> None:
    data = pets(tmp_path)
    first = written(TRAIN, data)
    changed = (first.path / "table.csv").stat().st_mtime_ns
    assert (written(TRAIN, data).path / "table.csv").stat().st_mtime_ns == changed


def test_no_photo_of_the_inpainting_training_is_tested(tmp_path: Path) -> None:
    """The photos that are trained or validated on, in each flip, are no row of the test pack; all others are."""
    data = pets(tmp_path)
    learnt, tested = (written(pack, data) for pack in (InpaintPack("pattern", None), HolesPack("pattern", 99)))
    seen, shown = (set(np.load(pack.path / "images.npy")[:, 0, 0, 0].tolist()) for pack in (learnt, tested))
    assert seen == {0, 20, 40}
    assert shown == {60, 80, 100, 120, 140}
    assert len(table(tested)) == 5
    assert len(table(written(HolesPack("pattern", 2), data))) == 2


def test_calibration_images_are_whole_training_images_and_the_same_in_every_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pets(tmp_path)
    crops = cut(data)
    monkeypatch.setattr(packs, "CALIBRATION_IMAGES", 1)
    (expected,) = crops.images[crops.positions(crops.ids("classify", "train")[:1])]
    for pack in (TRAIN, replace(TRAIN, variant="pattern"), EncodePack("test", ("pattern",), "zero")):
        (image,) = np.load(written(pack, data).path / "calibration.npy")
        assert np.array_equal(image, expected)


PREDICTED: tuple[Pack, ...] = (
    EncodePack("train", ("all", "pattern"), "zero"),
    HolesPack("pattern", None),
    HolesPack("pattern", 99),
)


@pytest.mark.parametrize("pack", PREDICTED)
def test_what_is_predicted_has_other_ids_and_another_order_in_another_store(tmp_path: Path, pack: Pack) -> None:
    """The images are the same, as the harness orders them."""
    crops = cut(pets(tmp_path))
    one, again, other = (write_pack(pack, crops, Store(tmp_path / name)) for name in ("one", "one", "other"))
    assert one.path == again.path
    assert one.key != other.key
    assert {row["id"] for row in table(one)} & {row["id"] for row in table(other)} == set()
    assert np.array_equal(in_order(one), in_order(other))
    ids = [row["id"] for row in table(one)]
    assert ids == sorted(ids)
    known = {crops.opaque_id(row.image_id) for row in crops.catalogue.rows}
    assert not known & {name.partition("-")[0] for name in ids}


def test_an_image_has_another_id_in_every_pack_and_variant(tmp_path: Path) -> None:
    data = pets(tmp_path)
    variants = (("all",), ("pattern",), ("all", "pattern"))
    tables = [table(written(EncodePack("train", chosen, "zero"), data)) for chosen in variants]
    ids = [row["id"] for rows in tables for row in rows]
    assert len(ids) == len(set(ids))


def test_training_packs_are_the_same_in_every_store(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    for pack in (TRAIN, InpaintPack("pattern", None)):
        one, other = (write_pack(pack, crops, Store(tmp_path / name)) for name in ("one", "other"))
        assert (one.key, one.content) == (other.key, other.content)
