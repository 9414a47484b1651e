import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.data import content_digests as module
from benchmark.data.catalogue import MaskFile, Polygons, Rle, Row, Segmentation
from benchmark.data.content_digests import content_digest, content_digests, file_digest


@pytest.fixture
def row(tmp_path: Path) -> Row:
    (tmp_path / "p.png").write_bytes(b"photo")
    (tmp_path / "m.png").write_bytes(b"mask")
    return Row("a", "fox", tmp_path / "p.png", (1, 2, 3, 4), MaskFile(tmp_path / "m.png", 1))


def test_a_files_digest_is_its_sha256(row: Row) -> None:
    assert file_digest(row.path) == hashlib.sha256(b"photo").hexdigest()


def test_a_digest_as_written_out_by_hand(row: Row) -> None:
    photo, mask = (hashlib.sha256(content).hexdigest() for content in (b"photo", b"mask"))
    mask_part = f'{{"mask": "{mask}", "object_id": 1}}'
    written = f'{{"box": [1.0, 2.0, 3.0, 4.0], "photo": "{photo}", "segmentation": {mask_part}}}'
    assert content_digest(row) == hashlib.sha256(written.encode()).hexdigest()


def test_what_is_not_seen_does_not_count(row: Row) -> None:
    copy = row.path.with_name("q.png")
    copy.write_bytes(b"photo")
    other = replace(row, image_id="z", identity="owl", path=copy, groups={"camera": "2"}, box=(1.0, 2, 3, 4))
    assert content_digest(other) == content_digest(row)


SEGMENTATIONS: list[Segmentation | None] = [
    None,
    Polygons(((0, 0, 1, 0, 1, 1),)),
    Polygons(((0, 0, 2, 0, 1, 1),)),
    Rle((2, 2), (1, 3)),
    Rle((2, 2), (2, 2)),
    Rle((2, 2), "13"),
    Rle((4, 1), (1, 3)),
]


def test_everything_that_is_seen_counts(row: Row) -> None:
    mask = row.segmentation
    assert isinstance(mask, MaskFile)
    rows = [
        row,
        replace(row, box=None),
        replace(row, box=(1, 2, 3, 5)),
        replace(row, segmentation=replace(mask, object_id=2)),
    ]
    rows += [replace(row, segmentation=segmentation) for segmentation in SEGMENTATIONS]
    found = {content_digest(other) for other in rows}
    row.path.write_bytes(b"another photo")
    found.add(content_digest(row))
    mask.path.write_bytes(b"another mask")
    found.add(content_digest(row))
    assert len(found) == len(rows) + 2


def test_each_file_is_read_once(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(module, "file_digest", lambda path: (seen.append(path.name), file_digest(path))[1])
    rows = [replace(row, image_id=str(number), box=(number, 0, 1, 1)) for number in range(3)]
    found = content_digests(rows)
    assert sorted(seen) == ["m.png", "p.png"]
    assert found == {other.image_id: content_digest(other) for other in rows}
