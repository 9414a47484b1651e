"""Packs: what is in them, and when they are made anew."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.catalogue import PATTERN, Catalogue, MaskFile, Row
from benchmark.data.content_digests import content_digests
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import SplitPart, SplitSet
from harness.execution.packs import FLIPS, Packer
from harness.execution.store import Entry, Store

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


def catalogue(root: Path, *, without_pattern: tuple[int, ...] = ()) -> Catalogue:
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


def packer(data: Catalogue) -> Packer:
    digests = content_digests(data.rows)
    rows = tuple(
        SplitRow(row.image_id, digests[row.image_id], *place) for row, place in zip(data.rows, PLACES, strict=True)
    )
    return Packer(Store(data.root / "store"), data, Split("pets", "own", 0, "", rows), digests, SIDE)


def table(pack: Entry) -> list[dict[str, str]]:
    with (pack.path / "table.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_where_an_image_is_said_to_be_of_another_individual_the_labels_are_packed_anew(tmp_path: Path) -> None:
    """The photos, the split and the individuals' names stay the same."""
    before = catalogue(tmp_path)
    corrected = replace(before.rows[4], identity="b")
    after = replace(before, rows=(*before.rows[:4], corrected, *before.rows[5:]))
    first, second = packer(before), packer(after)
    assert first.split_digest == second.split_digest
    assert first.data_digest != second.data_digest
    labels = [[row["label"] for row in table(one.train("all", 1, None))] for one in (first, second)]
    assert labels[0] != labels[1]
    assert sorted(labels[1]) == ["0", "1", "1"]


def test_what_is_known_beside_the_picture_is_part_of_the_data(tmp_path: Path) -> None:
    before = catalogue(tmp_path)
    dated = replace(before, rows=tuple(replace(row, groups={"date": "2026-01-01"}) for row in before.rows))
    marked = replace(before, rows=tuple(replace(row, approximate=True) for row in before.rows))
    assert len({packer(data).data_digest for data in (before, dated, marked)}) == 3


def test_images_without_a_hole_teach_no_inpainting(tmp_path: Path) -> None:
    pack = packer(catalogue(tmp_path, without_pattern=(0,))).inpaint("pattern", None)
    assert [row["split"] for row in table(pack)] == ["train", "val"] * len(FLIPS)
    assert np.load(pack.path / "masks.npy").any(axis=(1, 2)).all()


@pytest.mark.parametrize("without_pattern", [(0, 1), (2,), (3,)])
def test_every_part_needs_a_hole_to_inpaint(tmp_path: Path, without_pattern: tuple[int, ...]) -> None:
    without = packer(catalogue(tmp_path, without_pattern=without_pattern))
    assert not without.inpaintable("pattern")
    assert without.inpaintable("irregular")
    assert packer(catalogue(tmp_path)).inpaintable("pattern")
