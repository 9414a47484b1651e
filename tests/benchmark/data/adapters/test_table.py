import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmark.data.adapters.layouts import ReadingOptions, open_dataset
from benchmark.data.catalogue import Catalogue, MaskFile, Polygons, Row
from benchmark.data.faults import FaultsError
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
    catalogue = open_dataset(path, "x")
    assert catalogue == Catalogue("x", tmp_path, _expected(tmp_path))


def test_columns_of_capture_metadata_are_known_in_any_case_and_others_stay_as_they_are(tmp_path: Path) -> None:
    table = _csv(tmp_path, "Identity,Path,Date,Cluster ID,Weather\nfox,p/a.png,2024-05-31,7,Rain\n")
    (row,) = open_dataset(table).rows
    assert row.groups == {"date": "2024-05-31", "cluster_id": "7", "Weather": "Rain"}


@pytest.mark.parametrize("orient", ["records", "columns", "list", "split"])
def test_json(tmp_path: Path, orient: str) -> None:
    frame = pd.DataFrame(ROWS)
    content = frame.to_dict("list") if orient == "list" else json.loads(frame.to_json(orient=orient))  # type: ignore[call-overload]
    path = _files(tmp_path) / "metadata.json"
    path.write_text(json.dumps(content).replace("NaN", "null"))
    assert open_dataset(path, "x").rows == _expected(tmp_path)


def test_json_with_one_row_a_line(tmp_path: Path) -> None:
    path = _files(tmp_path) / "metadata.json"
    pd.DataFrame(ROWS).to_json(path, orient="records", lines=True)
    assert open_dataset(path, "x").rows == _expected(tmp_path)


def test_a_table_called_annotations_is_read_although_it_is_not_of_the_aau(tmp_path: Path) -> None:
    pd.DataFrame([{**row, "bbox": json.dumps(row["bbox"]) if row["bbox"] else None} for row in ROWS]).to_csv(
        _files(tmp_path) / "annotations.csv"
    )
    assert open_dataset(tmp_path, "x").rows == _expected(tmp_path)


def test_parquet(tmp_path: Path) -> None:
    path = _files(tmp_path) / "metadata.parquet"
    pd.DataFrame(ROWS).to_parquet(path)
    assert open_dataset(path, "x").rows == _expected(tmp_path)


def test_a_trusted_pickle_with_numpy_boxes(tmp_path: Path) -> None:
    path = _files(tmp_path) / "metadata.pkl"
    pd.DataFrame([{**row, "bbox": np.array(BOX) if row["bbox"] else None} for row in ROWS]).to_pickle(path)
    assert open_dataset(path, "x", ReadingOptions(trusted_pickle=True)).rows == _expected(tmp_path)


def test_a_pickle_is_only_read_if_trusted(tmp_path: Path) -> None:
    path = tmp_path / "metadata.pkl"
    path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(InputError, match=r"can run any program.*--trusted-pickle"):
        open_dataset(path, "x")


def test_polygons_in_a_csv(tmp_path: Path) -> None:
    path = _csv(tmp_path, 'image_id,identity,path,segmentation\na,fox,p/a.png,"[[0, 0, 4, 0, 4, 4]]"\n')
    assert open_dataset(path, "x").rows[0].segmentation == Polygons(((0, 0, 4, 0, 4, 4),))


def test_row_numbers_of_an_export_are_not_groups(tmp_path: Path) -> None:
    header = ",Unnamed: 0,__index_level_0__,image_id,identity,path,date"
    path = _csv(tmp_path, f"{header}\n0,0,0,a,fox,p/a.png,2020-01-02\n")
    assert open_dataset(path, "x").rows[0].groups == {"date": "2020-01-02"}


def test_a_mask_takes_precedence_over_a_segmentation(tmp_path: Path) -> None:
    path = _csv(tmp_path, "image_id,identity,path,segmentation,mask\na,fox,p/a.png,p/b.png,m/a.png\n")
    assert open_dataset(path, "x").rows[0].segmentation == MaskFile(tmp_path / "m/a.png")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("image_id,who,path\na,fox,p/a.png\n", "'identity' is missing.*the table has image_id, who, path.*--columns"),
        ("image_id,identity,path\n", "no rows"),
        ("image_id,identity,path\na,,p/a.png\n", "image_id 'a': identity is empty"),
        ("image_id,identity,path,bbox\na,fox,p/a.png,[10 10 30]\n", r"line 2, image_id 'a'.*\[x, y, width, height\]"),
        ("image_id,identity,path,bbox\na,fox,p/a.png,[10, 10, 30, 20]\n", "line 2: the number of cells"),
        ("image_id,identity,path\na,fox\n", "line 2: the number of cells"),
        ("image_id,identity,path\na,fox,p/a.png\na,fox,p/b.png\n", "'a' occurs twice"),
        ("image_id,identity,path\na,fox,p/z.png\n", r"z\.png: the file is missing"),
    ],
)
def test_the_fault_of_a_csv_is_reported(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        open_dataset(_csv(tmp_path, text), "x")


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("t.json", b"[1, 2]", "not a list of rows"),
        ("t.json", b"{", "cannot be read as JSON"),
        ("t.json", b'{"image_id": [1, 2], "path": ["a"]}', "cannot be read as JSON"),
        ("t.csv", b"\xff\xfe\x00", "no utf-16.*Save it as CSV UTF-8"),
        ("t.parquet", b"PAR", "cannot be read as PARQUET"),
        ("t.xlsx", b"", "cannot be read as XLSX"),
        ("t.ods", b"", r"is not a data set\. Accepted are .*\.xlsx"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, name: str, content: bytes, fault: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=fault):
        open_dataset(tmp_path / name, "x")


def test_a_pickle_of_something_else_is_refused(tmp_path: Path) -> None:
    pd.Series([1]).to_pickle(tmp_path / "t.pkl")
    with pytest.raises(InputError, match="holds a Series"):
        open_dataset(tmp_path / "t.pkl", "x", ReadingOptions(trusted_pickle=True))


def test_mask_quality_counts_if_there_is_a_mask_and_is_not_a_group(tmp_path: Path) -> None:
    lines = ("a,fox,p/a.png,m/a.png,approximate", "b,owl,p/b.png,m/a.png,reviewed", "c,owl,p/b.png,,approximate")
    path = _csv(tmp_path, "\n".join(("image_id,identity,path,mask,mask_quality", *lines)))
    catalogue = open_dataset(path, "x")
    assert [row.approximate for row in catalogue.rows] == [True, False, False]
    assert [row.groups for row in catalogue.rows] == [{}, {}, {}]
    assert catalogue.approximate_regions
    path.write_text("\n".join(("image_id,identity,path,mask,mask_quality", lines[1], lines[2])))
    assert not open_dataset(path, "x").approximate_regions


def test_a_mask_quality_that_is_not_known_is_refused(tmp_path: Path) -> None:
    path = _csv(tmp_path, "image_id,identity,path,mask,mask_quality\na,fox,p/a.png,m/a.png,good\n")
    with pytest.raises(InputError, match=r"image_id 'a': mask_quality is 'good'\. Write `approximate` or `reviewed`"):
        open_dataset(path, "x")


HEADER = "image_id,identity,path,site"
LINES = ("a,Zoë,p/a.png,Río", "b,owl,p/b.png,x")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_csv_as_spreadsheets_write_it(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "\r\n".join((HEADER, *LINES, ",,,", "")).replace(",", delimiter)
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path = _files(tmp_path) / "metadata.csv"
    path.write_bytes(mark + text.encode(encoding))
    catalogue = open_dataset(path, "x")
    assert [(row.identity, row.groups["site"]) for row in catalogue.rows] == [("Zoë", "Río"), ("owl", "x")]
    assert any("read as Windows-1252" in remark for remark in catalogue.remarks) == (encoding == "cp1252")


def test_the_separator_line_of_excel_is_skipped(tmp_path: Path) -> None:
    path = _csv(tmp_path, "sep=;\nimage_id;identity;path\na;fox;p/a.png\n")
    assert open_dataset(path, "x").identities == ("fox",)


def test_an_excel_table(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"image_id": [1, 2], "identity": ["Zoë", 7], "path": ["p/a.png", "p/b.png"], "date": ["x", None]}
    )
    path = _files(tmp_path) / "metadata.xlsx"
    with pd.ExcelWriter(path) as writer:
        frame.to_excel(writer, index=False)
        frame.to_excel(writer, sheet_name="notes", index=False)
    catalogue = open_dataset(tmp_path, "x")
    assert [(row.image_id, row.identity, row.groups) for row in catalogue.rows] == [
        ("1", "Zoë", {"date": "x"}),
        ("2", "7", {}),
    ]
    assert any("Only the first sheet" in remark and "notes" in remark for remark in catalogue.remarks)


def test_cells_longer_than_the_librarys_limit_are_read(tmp_path: Path) -> None:
    outline = [number % 50 for number in range(80_000)]
    path = _csv(tmp_path, f'image_id,identity,path,segmentation\na,fox,p/a.png,"{outline}"\n')
    assert isinstance(open_dataset(path, "x").rows[0].segmentation, Polygons)


def test_columns_of_other_tools_are_known(tmp_path: Path) -> None:
    path = _csv(tmp_path, "name,file_name,x,y,w,h,theta,viewpoint\nfox,p/a.png,1,2,30,40,0,left\n")
    catalogue = open_dataset(path, "x")
    (row,) = catalogue.rows
    assert (row.image_id, row.identity, row.box) == ("p/a.png", "fox", (1, 2, 30, 40))
    assert row.groups == {"theta": "0", "viewpoint": "left"}
    assert any("identity = `name`; path = `file_name`; bbox = `x, y, w, h`" in remark for remark in catalogue.remarks)


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = _csv(tmp_path, "name,identity,foto\nAda,batch 1,p/a.png\n")
    (row,) = open_dataset(path, "x", ReadingOptions(columns={"identity": "name", "path": "foto"})).rows
    assert (row.identity, row.groups) == ("Ada", {"identity": "batch 1"})


@pytest.mark.parametrize(
    ("columns", "fault"),
    [({"path": "foto"}, "no column 'foto'. It has name, path"), ({"who": "name"}, "'who' is no column of a catalogue")],
)
def test_a_wrong_name_of_a_column_is_refused(tmp_path: Path, columns: dict[str, str], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        open_dataset(_csv(tmp_path, "name,path\nAda,p/a.png\n"), "x", ReadingOptions(columns=columns))


def test_a_photo_with_several_animals_needs_no_image_id(tmp_path: Path) -> None:
    path = _csv(tmp_path, "name,path\nAda,p/a.png\nBo,p/a.png\nCy,p/b.png\n")
    assert {row.image_id: row.identity for row in open_dataset(path, "x").rows} == {
        "p/a.png#2": "Ada",
        "p/a.png#3": "Bo",
        "p/b.png": "Cy",
    }


def test_paths_with_backslashes_are_folders(tmp_path: Path) -> None:
    path = _csv(tmp_path, "name,path\nAda,p\\a.png\n")
    assert open_dataset(path, "x").rows[0].path == tmp_path / "p" / "a.png"


def test_all_faults_of_a_table_are_reported_together(tmp_path: Path) -> None:
    lines = ("a,,p/a.png,", 'b,owl,p/b.png,"[1, 2]"', "c,owl,C:\\photos\\c.png,", "d,owl,p/none.png,", "e,owl,p/a.png,")
    path = _csv(tmp_path, "\n".join(("image_id,identity,path,bbox", *lines)))
    with pytest.raises(
        FaultsError, match=r"(?s)4 faults.*line 2.*identity is empty.*line 3.*bbox.*line 4.*computer"
    ) as error:
        open_dataset(path, "x")
    assert [fault.row.partition(",")[0] for fault in error.value.faults] == ["line 2", "line 3", "line 4", ""]
    assert [row.image_id for row in open_dataset(path, "x", skip_bad=True).rows] == ["e"]


def test_columns_of_lists_are_remarked(tmp_path: Path) -> None:
    path = _files(tmp_path) / "metadata.json"
    path.write_text(json.dumps([{"identity": "fox", "path": "p/a.png", "keypoints": [1, 2]}]))
    assert any("'keypoints'" in remark for remark in open_dataset(path, "x").remarks)
