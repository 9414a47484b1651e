import math
from pathlib import Path

import pytest

from benchmark.data.adapters.table_cells import CellError, box_of, segmentation_of, text_of
from benchmark.data.catalogue import MaskFile, Polygons, Rle

ROOT = Path("root")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a ", "a"),
        (3, "3"),
        (3.0, "3"),
        (2.5, "2.5"),
        (None, ""),
        (math.nan, ""),
        ([1], ""),
        ({}, ""),
        (True, "True"),
    ],
)
def test_text(value: object, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize("value", ["[10, 10.5, 30, 20]", [10, 10.5, 30, 20], (10, 10.5, 30, 20)])
def test_box(value: object) -> None:
    assert box_of(value) == (10, 10.5, 30, 20)


@pytest.mark.parametrize("value", ["", None, math.nan, [], "[]"])
def test_no_box(value: object) -> None:
    assert box_of(value) is None


@pytest.mark.parametrize("value", ["[10 10 30 20]", "[10. 10. 30. 20.]", "array([10, 10, 30, 20])", "(10, 10, 30, 20)"])
def test_a_printed_box_is_told_how_to_be_written(value: str) -> None:
    with pytest.raises(CellError, match=r"Write it as a JSON list: \[10, 10, 30, 20\]$"):
        box_of(value)


@pytest.mark.parametrize(
    "value", ["[1, 2, 3]", '["a", 1, 2, 3]', "7", "{}x", [1, 2, math.inf, 4], [1, 2, True, 4], {"x": 1}]
)
def test_a_wrong_box_is_refused(value: object) -> None:
    with pytest.raises(CellError, match="bbox"):
        box_of(value)


@pytest.mark.parametrize("value", [[1, 2, 0, 4], [1, 2, 3, -4]])
def test_a_box_needs_an_area(value: object) -> None:
    with pytest.raises(CellError, match="above 0"):
        box_of(value)


@pytest.mark.parametrize("value", ["[[0, 0, 4, 0, 4, 4]]", "[0, 0, 4, 0, 4, 4]", [[0, 0, 4, 0, 4, 4]]])
def test_polygons(value: object) -> None:
    assert segmentation_of(value, ROOT) == Polygons(((0, 0, 4, 0, 4, 4),))


def test_run_lengths() -> None:
    assert segmentation_of('{"size": [4, 5], "counts": "abc"}', ROOT) == Rle((4, 5), "abc")
    assert segmentation_of({"size": [4, 5], "counts": b"abc"}, ROOT) == Rle((4, 5), "abc")
    assert segmentation_of({"size": [4, 5], "counts": [3, 17]}, ROOT) == Rle((4, 5), (3, 17))


def test_mask_path() -> None:
    assert segmentation_of("masks/a.png", ROOT) == MaskFile(ROOT / "masks" / "a.png")


def test_no_segmentation() -> None:
    assert segmentation_of("", ROOT) is None
    assert segmentation_of(None, ROOT) is None


@pytest.mark.parametrize(
    "value",
    [
        "[[0, 0, 4, 0]]",
        "[[0, 0, 4, 0, 4, 4, 1]]",
        "{'size': [4, 5]}",
        '{"size": [4], "counts": "a"}',
        '{"counts": "a"}',
    ],
)
def test_a_wrong_segmentation_is_refused(value: str) -> None:
    with pytest.raises(CellError, match="segmentation"):
        segmentation_of(value, ROOT)
