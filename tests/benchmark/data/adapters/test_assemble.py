from pathlib import Path

import pytest

from benchmark.data.adapters.assemble import assemble, slug
from benchmark.data.catalogue import MaskFile, Row
from benchmark.errors import InputError


def _row(root: Path, image_id: str, identity: str = "fox", mask: Path | None = None) -> Row:
    return Row(image_id, identity, root / "a.png", segmentation=None if mask is None else MaskFile(mask))


@pytest.mark.parametrize(
    ("text", "name"),
    [("FS48 sample", "fs48-sample"), ("a_b.c-d", "a_b.c-d"), (" Rüsselkäfer ", "r-sselk-fer")],
)
def test_slug(text: str, name: str) -> None:
    assert slug(text) == name


def test_a_name_without_allowed_characters_is_refused() -> None:
    with pytest.raises(InputError, match="--name"):
        slug("???")


def test_rows_are_sorted_and_unidentified_animals_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    rows = [_row(tmp_path, "b"), _row(tmp_path, "c", "unknown"), _row(tmp_path, "a")]
    assert [row.image_id for row in assemble("x", tmp_path, rows).rows] == ["a", "b"]


def test_a_set_without_individuals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row names an individual"):
        assemble("x", tmp_path, [_row(tmp_path, "a", "unknown")])


def test_missing_files_are_counted_and_the_first_named(tmp_path: Path) -> None:
    rows = [_row(tmp_path, "a", mask=tmp_path / "m.png"), _row(tmp_path, "b")]
    with pytest.raises(InputError, match=r"2 of 2 files are missing, the first is .*a\.png"):
        assemble("x", tmp_path, rows)
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match=r"1 of 2 files are missing, the first is .*m\.png"):
        assemble("x", tmp_path, rows)
