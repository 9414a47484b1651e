import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.data.catalogue import Catalogue, MaskFile, Polygons, ProposedMask, Rle, Row, Segmentation
from benchmark.data.content_digests import content_digest, content_digests, metadata_digest, original_digests
from benchmark.hashing import file_digest


@pytest.fixture
def row(tmp_path: Path) -> Row:
    (tmp_path / "p.png").write_bytes(b"photo")
    (tmp_path / "m.png").write_bytes(b"mask")
    return Row("a", "fox", tmp_path / "p.png", (1, 2, 3, 4), MaskFile(tmp_path / "m.png", 1))


def test_a_digest_as_written_out_by_hand(row: Row) -> None:
    photo, mask = (hashlib.sha256(content).hexdigest() for content in (b"photo", b"mask"))
    mask_part = f'{{"mask": "{mask}", "object_id": 1}}'
    written = f'{{"box": [1.0, 2.0, 3.0, 4.0], "photo": "{photo}", "segmentation": {mask_part}}}'
    assert content_digest(row) == hashlib.sha256(written.encode()).hexdigest()


def test_ids_identities_and_file_names_do_not_count(row: Row) -> None:
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


def test_photo_box_and_segmentation_count(row: Row) -> None:
    mask = row.segmentation
    assert isinstance(mask, MaskFile)
    rows = [
        row,
        replace(row, box=None),
        replace(row, box=(1, 2, 3, 5)),
        replace(row, segmentation=replace(mask, object_id=2)),
    ]
    rows += [replace(row, segmentation=segmentation) for segmentation in SEGMENTATIONS]
    digests = {content_digest(other) for other in rows}
    row.path.write_bytes(b"another photo")
    digests.add(content_digest(row))
    mask.path.write_bytes(b"another mask")
    digests.add(content_digest(row))
    assert len(digests) == len(rows) + 2


def noting_reads() -> tuple[Callable[[Path], str], list[str]]:
    """`file_digest`, and the names of the files that it has read."""
    reads: list[str] = []

    def digest_of(path: Path) -> str:
        reads.append(path.name)
        return file_digest(path)

    return digest_of, reads


def test_each_file_is_read_once(row: Row) -> None:
    digest_of, reads = noting_reads()
    rows = [replace(row, image_id=str(number), box=(number, 0, 1, 1)) for number in range(3)]
    digests = content_digests(rows, digest_of)
    assert sorted(reads) == ["m.png", "p.png"]
    assert digests == {other.image_id: content_digest(other) for other in rows}


def test_original_digests_are_those_without_proposed_masks(row: Row) -> None:
    outline = Polygons(((0, 0, 1, 0, 1, 1),))
    (row.path.parent / "proposed.png").write_bytes(b"proposed")
    original = replace(row, segmentation=outline)
    proposed = replace(row, segmentation=ProposedMask(row.path.parent / "proposed.png", original=outline))
    untouched = replace(row, image_id="b")
    digest_of, reads = noting_reads()
    digests = original_digests([proposed, untouched], content_digests([proposed, untouched]), digest_of)
    assert digests == content_digests([original, untouched])
    assert reads == ["p.png"]  # the photo of the masked row; the other digests are passed on


def test_the_metadata_digest_depends_on_identities_groups_and_quality_only(row: Row) -> None:
    def digest(row: Row) -> str:
        return metadata_digest(Catalogue("pets", Path("pets"), (row,)))

    written = '[["a", "fox", {}, false]]'
    assert digest(row) == hashlib.sha256(written.encode()).hexdigest()
    assert digest(replace(row, path=Path("elsewhere.png"), box=None)) == digest(row)
    others = [replace(row, identity="owl"), replace(row, groups={"camera": "1"}), replace(row, approximate=True)]
    assert len({digest(other) for other in [row, *others]}) == 4
