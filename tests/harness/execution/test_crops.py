"""Crops: digests that tell what the data is, ids that jobs see, what scoring asks of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.audit.near_duplicates import view_hashes
from harness.execution.store import Store
from support.fakes import RecordingListener
from support.pets import SIDE, cut, pets


def test_metadata_is_part_of_the_data(tmp_path: Path) -> None:
    before = pets(tmp_path)
    dated = replace(before, rows=tuple(replace(row, groups={"date": "2026-01-01"}) for row in before.rows))
    marked = replace(before, rows=tuple(replace(row, approximate=True) for row in before.rows))
    assert len({cut(data).data_digest for data in (before, dated, marked)}) == 3


def test_labels_are_part_of_the_split_but_the_order_of_the_jobs_stays(tmp_path: Path) -> None:
    before = pets(tmp_path)
    corrected = tuple(replace(row, identity={"a": "b"}.get(row.identity, row.identity)) for row in before.rows[:1])
    first, second = cut(before), cut(replace(before, rows=(*corrected, *before.rows[1:])))
    assert first.split_digest != second.split_digest
    assert [first.opaque_id(row.image_id) for row in before.rows] == [second.opaque_id(r.image_id) for r in before.rows]


def test_view_hashes_are_made_once_with_the_crops(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    assert crops.hashes.tolist() == view_hashes(crops.images).tolist()


def test_crops_are_cut_once_with_progress(tmp_path: Path) -> None:
    first, second = RecordingListener(), RecordingListener()
    data = pets(tmp_path)
    assert np.array_equal(cut(data, first).images, cut(data, second).images)
    assert [value for _, value in first.events] == [(done, len(data.rows)) for done in range(1, len(data.rows) + 1)]
    assert second.events == []
    assert Store(tmp_path / "store")


def test_jobs_see_an_order_of_their_own(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    ids = crops.ids("classify", "train")
    assert sorted(ids) == ["4", "5"]
    assert ids == sorted(ids, key=crops.opaque_id)
    assert crops.images.shape == (8, SIDE, SIDE, 3)
