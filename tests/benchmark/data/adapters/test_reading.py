from pathlib import Path

import pytest

from benchmark.data.adapters.reading import Reading, catalogue_of, settle, slug
from benchmark.data.catalogue import MaskFile, Row
from benchmark.data.faults import FaultsError
from benchmark.errors import InputError


def _row(root: Path, image_id: str, identity: str = "fox", mask: Path | None = None) -> Row:
    return Row(image_id, identity, root / "a.png", segmentation=None if mask is None else MaskFile(mask))


def _reading(root: Path, *rows: Row) -> Reading:
    return settle(Reading(root, rows))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("FS48 sample", "fs48-sample"),
        ("a_b.c-d", "a_b.c-d"),
        (" Rüsselkäfer ", "rüsselkäfer"),
        ("Ru\u0308ssel", "rüssel"),
        ("猫", "猫"),
        ("тигр 7", "тигр-7"),
    ],
)
def test_slug(text: str, name: str) -> None:
    assert slug(text) == name


def test_a_name_without_letters_is_refused_with_a_command_that_exists() -> None:
    with pytest.raises(InputError, match="data import PATH --name NAME"):
        slug("???")


def test_rows_are_sorted(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    reading = _reading(tmp_path, _row(tmp_path, "b"), _row(tmp_path, "a"))
    assert [row.image_id for row in catalogue_of(reading, "x").rows] == ["a", "b"]


@pytest.mark.parametrize("nobody", ["unknown", "Unknown", "UNIDENTIFIED", "?", "N/A", "nan", "None", "____", "-"])
def test_rows_that_name_nobody_are_left_out_with_a_remark(tmp_path: Path, nobody: str) -> None:
    (tmp_path / "a.png").touch()
    reading = _reading(tmp_path, _row(tmp_path, "b"), _row(tmp_path, "c", nobody), _row(tmp_path, "a"))
    assert {row.image_id for row in reading.rows} == {"a", "b"}
    assert f"Left out, because their identity names nobody: 1 photo (`{nobody}` 1)." in reading.remarks


@pytest.mark.parametrize("name", ["Nana", "Nono", "17", "Nullah", "unknownia"])
def test_names_that_resemble_them_are_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.png").touch()
    assert _reading(tmp_path, _row(tmp_path, "a", name)).rows


def test_a_set_without_individuals_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row names an individual"):
        catalogue_of(_reading(tmp_path, _row(tmp_path, "a", "unknown")), "x")


def test_missing_files_and_equal_ids_are_faults_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    bad = Row("c", "fox", tmp_path / "z.png")
    rows = [_row(tmp_path, "a"), _row(tmp_path, "a"), _row(tmp_path, "b", mask=tmp_path / "m.png"), bad]
    reading = _reading(tmp_path, *rows)
    assert [row.image_id for row in reading.rows] == ["a"]
    with pytest.raises(FaultsError, match=r"(?s)3 faults.*'a' occurs twice.*m\.png.*missing.*z\.png.*missing") as error:
        catalogue_of(reading, "x")
    assert len(error.value.faults) == 3
    assert [row.image_id for row in catalogue_of(reading, "x", skip_bad=True).rows] == ["a"]
