import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmark.data.adapters.table import read_table
from benchmark.data.catalogue import Catalogue, MaskFile, Polygons, Row
from benchmark.errors import InputError

BOX = [10, 10, 30, 20]
ROWS: list[dict[str, Any]] = [
    {"image_id": "a", "identity": "fox", "path": "p/a.png", "bbox": BOX, "camera": "C1", "mask": "m/a.png"},
    {"image_id": "b", "identity": "owl", "path": "p/b.png", "bbox": None, "camera": None, "mask": None},
    {"image_id": "c", "identity": "unknown", "path": "p/c.png", "bbox": None, "camera": "C2", "mask": None},
]


def _files(root: Path) -> Path:
    for name in ("p/a.png", "p/b.png", "m/a.png"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    return root


def _csv(root: Path, text: str) -> Path:
    path = _files(root) / "metadata.csv"
    path.write_text(text)
    return path


def _expected(root: Path) -> tuple[Row, ...]:
    return (
        Row("a", "fox", root / "p/a.png", (10, 10, 30, 20), MaskFile(root / "m/a.png"), {"camera": "C1"}),
        Row("b", "owl", root / "p/b.png"),
    )


def test_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS)
    frame["bbox"] = [None if box is None else json.dumps(box) for box in frame["bbox"]]
    path = _files(tmp_path) / "metadata.csv"
    frame.to_csv(path)  # with pandas' unnamed row numbers
    catalogue = read_table(path, "x")
    assert catalogue == Catalogue("x", tmp_path, _expected(tmp_path))


@pytest.mark.parametrize("orient", ["records", "columns", "list"])
def test_json(tmp_path: Path, orient: str) -> None:
    frame = pd.DataFrame(ROWS)
    content = frame.to_dict("list") if orient == "list" else json.loads(frame.to_json(orient=orient))  # type: ignore[call-overload]
    path = _files(tmp_path) / "metadata.json"
    path.write_text(json.dumps(content).replace("NaN", "null"))
    assert read_table(path, "x").rows == _expected(tmp_path)


def test_parquet(tmp_path: Path) -> None:
    path = _files(tmp_path) / "metadata.parquet"
    pd.DataFrame(ROWS).to_parquet(path)
    assert read_table(path, "x").rows == _expected(tmp_path)


def test_a_trusted_pickle_with_numpy_boxes(tmp_path: Path) -> None:
    path = _files(tmp_path) / "metadata.pkl"
    pd.DataFrame([{**row, "bbox": np.array(BOX) if row["bbox"] else None} for row in ROWS]).to_pickle(path)
    assert read_table(path, "x", trusted_pickle=True).rows == _expected(tmp_path)


def test_a_pickle_is_only_read_if_trusted(tmp_path: Path) -> None:
    path = tmp_path / "metadata.pkl"
    path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(InputError, match=r"can run any program.*--trusted-pickle"):
        read_table(path, "x")


def test_polygons_in_a_csv(tmp_path: Path) -> None:
    path = _csv(tmp_path, 'image_id,identity,path,segmentation\na,fox,p/a.png,"[[0, 0, 4, 0, 4, 4]]"\n')
    assert read_table(path, "x").rows[0].segmentation == Polygons(((0, 0, 4, 0, 4, 4),))


def test_row_numbers_of_an_export_are_not_groups(tmp_path: Path) -> None:
    header = ",Unnamed: 0,__index_level_0__,image_id,identity,path,date"
    path = _csv(tmp_path, f"{header}\n0,0,0,a,fox,p/a.png,2020-01-02\n")
    assert read_table(path, "x").rows[0].groups == {"date": "2020-01-02"}


def test_a_mask_takes_precedence_over_a_segmentation(tmp_path: Path) -> None:
    path = _csv(tmp_path, "image_id,identity,path,segmentation,mask\na,fox,p/a.png,p/b.png,m/a.png\n")
    assert read_table(path, "x").rows[0].segmentation == MaskFile(tmp_path / "m/a.png")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("image_id,name,path\na,fox,p/a.png\n", "'identity' is missing.*the table has image_id, name, path"),
        ("image_id,identity,path\n", "no rows"),
        ("image_id,identity,path\na,,p/a.png\n", "image_id 'a': identity is empty"),
        ("image_id,identity,path,bbox\na,fox,p/a.png,[10 10 30 20]\n", r"image_id 'a'.*\[10, 10, 30, 20\]"),
        ("image_id,identity,path,bbox\na,fox,p/a.png,[10, 10, 30, 20]\n", "line 2: the number of cells"),
        ("image_id,identity,path\na,fox\n", "line 2: the number of cells"),
        ("image_id,identity,path\na,fox,p/a.png\na,fox,p/b.png\n", "'a' occurs twice"),
        ("image_id,identity,path\na,fox,p/z.png\n", r"missing, the first is .*z\.png"),
    ],
)
def test_the_fault_of_a_csv_is_reported(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        read_table(_csv(tmp_path, text), "x")


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("t.json", b"[1, 2]", "not a list of rows"),
        ("t.json", b"{", "cannot be read as JSON"),
        ("t.json", b'{"image_id": [1, 2], "path": ["a"]}', "cannot be read as JSON"),
        ("t.csv", b"\xff\xfe\x00", "cannot be read as CSV"),
        ("t.parquet", b"PAR", "cannot be read as PARQUET"),
        ("t.xlsx", b"", r"not a readable table.*Allowed are \.csv, \.json"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, name: str, content: bytes, fault: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=fault):
        read_table(tmp_path / name, "x")


def test_a_pickle_of_something_else_is_refused(tmp_path: Path) -> None:
    pd.Series([1]).to_pickle(tmp_path / "t.pkl")
    with pytest.raises(InputError, match="holds a Series"):
        read_table(tmp_path / "t.pkl", "x", trusted_pickle=True)


def test_mask_quality_counts_if_there_is_a_mask_and_is_not_a_group(tmp_path: Path) -> None:
    lines = ("a,fox,p/a.png,m/a.png,approximate", "b,owl,p/b.png,m/a.png,reviewed", "c,owl,p/b.png,,approximate")
    path = _csv(tmp_path, "\n".join(("image_id,identity,path,mask,mask_quality", *lines)))
    catalogue = read_table(path, "x")
    assert [row.approximate for row in catalogue.rows] == [True, False, False]
    assert [row.groups for row in catalogue.rows] == [{}, {}, {}]
    assert catalogue.approximate_regions
    path.write_text("\n".join(("image_id,identity,path,mask,mask_quality", lines[1], lines[2])))
    assert not read_table(path, "x").approximate_regions


def test_a_mask_quality_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = _csv(tmp_path, "image_id,identity,path,mask,mask_quality\na,fox,p/a.png,m/a.png,good\n")
    with pytest.raises(InputError, match=r"image_id 'a': mask_quality is 'good'\. Write `approximate` or `reviewed`"):
        read_table(path, "x")
