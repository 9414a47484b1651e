from pathlib import Path

import pytest

from benchmark.data.adapters.layouts import open_dataset
from benchmark.data.catalogue import MaskFile
from benchmark.errors import InputError

HEADER = (
    "Filename;Object ID;Annotation tag;Upper left corner X;Upper left corner Y;"
    "Lower right corner X;Lower right corner Y;Right,Turning,Occlusion,Glitch;Buffer;;"
)
LINES = (
    "Vid1_0001.png;1;Zebrafish;10;20;110;61;1,0,0,0;0;;",
    "Vid1_0001.png;2;Zebrafish;0;0;300;300;1,1,0,0;0;;",
    "Vid1_0002.png;1;Zebrafish;12;20;113;60;0,0,0,1;0;;",
    "Vid2_0010.png;4;Zebrafish;5;5;400;50;0,0,1,0;0;;",
    "Vid2_0010.png;5;Zebrafish;5;6;40;50;0,0,0,0;0;;",
)


def _write(root: Path, *lines: str, header: str = HEADER) -> Path:
    (root / "data").mkdir(exist_ok=True)
    (root / "annotations.csv").write_text("\n".join([header, *lines]) + "\n")
    for line in lines:
        (root / "data" / line.split(";")[0]).touch()
    return root


def test_rows_that_turn_or_are_occluded_are_left_out(tmp_path: Path) -> None:
    rows = open_dataset(_write(tmp_path, *LINES), "aau").rows
    assert [row.image_id for row in rows] == ["Vid1_0001-fish1", "Vid1_0002-fish1", "Vid2_0010-fish5"]
    assert [row.identity for row in rows] == ["fish1", "fish1", "fish5"]
    assert rows[0].path == tmp_path / "data" / "Vid1_0001.png"
    assert rows[0].box == (10, 20, 100, 41)
    assert rows[0].groups == {"video": "Vid1", "frame": "1", "direction": "right"}
    assert rows[2].groups == {"video": "Vid2", "frame": "10", "direction": "left"}


def test_the_crop_side_is_the_longest_kept_box_side_made_even(tmp_path: Path) -> None:
    assert open_dataset(_write(tmp_path, *LINES), "aau").crop_side == 102  # 101, not the turning fish's 300


def test_a_frame_mask_is_used_if_it_exists(tmp_path: Path) -> None:
    _write(tmp_path, *LINES)
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "Vid1_0001.png").touch()
    catalogue = open_dataset(tmp_path, "aau")
    assert catalogue.rows[0].segmentation == MaskFile(tmp_path / "masks" / "Vid1_0001.png", 1)
    assert catalogue.rows[1].segmentation is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Vid1_0001.png;1;Zebrafish;10;20;110;61;1,0,0;0;;", "four 0 or 1"),
        ("Vid1_0001.png;1;Zebrafish;10;20;10;61;1,0,0,0;0;;", "has no area"),
        ("Vid1_0001.png;1;Zebrafish;10;20;inf;61;1,0,0,0;0;;", r"to \(inf, 61\) has no area"),
        ("Vid1_0001.png;1;Zebrafish;10;20;1e9;61;1,0,0,0;0;;", "larger than any photo"),
        ("Vid1_0001.png;1;Zebrafish;nan;20;110;61;1,0,0,0;0;;", "has no area"),
        ("Vid1_0001.png;1;Zebrafish;ten;20;110;61;1,0,0,0;0;;", "ten"),
        ("Vid1_0001.png;one;Zebrafish;10;20;110;61;1,0,0,0;0;;", "one"),
        ("frame.png;1;Zebrafish;10;20;110;61;1,0,0,0;0;;", "<video>_<number>"),
        ("Vid1_0001.png;1;Zebrafish", "fewer cells"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault) as caught:
        open_dataset(_write(tmp_path, line), "aau")
    assert "line 2" in str(caught.value)


def test_annotations_in_another_encoding_are_refused(tmp_path: Path) -> None:
    table = _write(tmp_path, *LINES) / "annotations.csv"
    table.write_bytes(table.read_bytes().replace(b"Zebrafish", "Zebrabärbling".encode("latin-1")))
    with pytest.raises(InputError, match=r"annotations\.csv cannot be read: .* It must be UTF-8 text"):
        open_dataset(tmp_path, "aau")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'Object ID' is missing"):
        open_dataset(_write(tmp_path, header=HEADER.replace("Object ID", "Fish")), "aau")


def test_a_missing_frame_is_named(tmp_path: Path) -> None:
    _write(tmp_path, *LINES)
    (tmp_path / "data" / "Vid2_0010.png").unlink()
    with pytest.raises(InputError, match=r"Vid2_0010\.png: the file is missing"):
        open_dataset(tmp_path, "aau")
