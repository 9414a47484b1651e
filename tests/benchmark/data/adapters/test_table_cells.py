import math
from pathlib import Path

import pytest

from benchmark.data.adapters.table_cells import CellError, parse_box, parse_segmentation, parse_text
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
    assert parse_text(value) == text


@pytest.mark.parametrize("value", ["[10, 10.5, 30, 20]", [10, 10.5, 30, 20], (10, 10.5, 30, 20)])
def test_box(value: object) -> None:
    assert parse_box(value) == (10, 10.5, 30, 20)


@pytest.mark.parametrize("value", ["", None, math.nan, [], "[]"])
def test_no_box(value: object) -> None:
    assert parse_box(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "[10 10 30 20]",
        "[10. 10. 30. 20.]",
        "[ 10  10\n  30  20 ]",
        "array([10, 10, 30, 20])",
        "np.array([10., 10., 30., 20.], dtype=float32)",
        "(10, 10, 30, 20)",
        "[+10 010 3e1 20.0]",
        "[np.float64(10.0), np.float64(10.0), np.float64(30.0), np.float64(20.0)]",
        "(np.int64(10), np.int64(10), np.int64(30), np.int64(20))",
        ["10", "10", "30", "20"],
    ],
)
def test_a_box_is_read_as_python_and_numpy_print_it(value: object) -> None:
    assert parse_box(value) == (10, 10, 30, 20)


@pytest.mark.parametrize(
    "value",
    ["[nan nan nan nan]", "[nan, nan, nan, nan]", [None] * 4, [math.nan] * 4, "[None, None, None, None]", "nan"],
)
def test_four_missing_numbers_are_no_box(value: object) -> None:
    assert parse_box(value) is None


@pytest.mark.parametrize("value", ["[nan, 10, 30, 20]", [10, None, 30, 20]])
def test_a_box_with_a_missing_number_is_refused(value: object) -> None:
    with pytest.raises(CellError, match="bbox"):
        parse_box(value)


@pytest.mark.parametrize("value", [[0.1, 0.2, 0.5, 0.5], "[0, 0, 1, 1]", "[0.0 0.0 1.0 0.9]"])
def test_a_box_in_fractions_is_refused(value: object) -> None:
    with pytest.raises(CellError, match=r"looks like fractions.*in pixels"):
        parse_box(value)


@pytest.mark.parametrize("value", [[10, 10, 2, 40], [10, 10, 40, 1.5], [0, 0, 2.9, 2.9]])
def test_a_box_of_a_pixel_or_two_is_refused(value: object) -> None:
    with pytest.raises(CellError, match="less than 3 pixels"):
        parse_box(value)


def test_a_shortened_array_is_refused() -> None:
    with pytest.raises(CellError, match="shortened"):
        parse_segmentation("[[0 0 1 ... 5 6 7]]", ROOT)


@pytest.mark.parametrize(
    "value",
    [
        "{'size': [4, 5], 'counts': 'a\\\\b'}",
        "{'size': [4, 5], 'counts': b'a\\\\b'}",
        "{'counts': 'a\\\\b', 'size': (4, 5)}",
        '{"size": [4, 5], "counts": "a\\\\b"}',
    ],
)
def test_a_run_length_code_as_python_prints_it(value: str) -> None:
    assert parse_segmentation(value, ROOT) == Rle((4, 5), "a\\b")


@pytest.mark.parametrize(
    "value",
    ["[1, 2, 3]", '["a", 1, 2, 3]', "7", "{}x", [1, 2, math.inf, 4], [1, 2, True, 4], {"x": 1}, [1, 2, 10**400, 4]],
)
def test_a_wrong_box_is_refused(value: object) -> None:
    with pytest.raises(CellError, match="bbox"):
        parse_box(value)


@pytest.mark.parametrize("value", [[1, 2, 0, 4], [1, 2, 3, -4]])
def test_a_box_needs_an_area(value: object) -> None:
    with pytest.raises(CellError, match="above 0"):
        parse_box(value)


@pytest.mark.parametrize("value", ["[[0, 0, 4, 0, 4, 4]]", "[0, 0, 4, 0, 4, 4]", [[0, 0, 4, 0, 4, 4]]])
def test_polygons(value: object) -> None:
    assert parse_segmentation(value, ROOT) == Polygons(((0, 0, 4, 0, 4, 4),))


def test_run_lengths() -> None:
    assert parse_segmentation('{"size": [4, 5], "counts": "abc"}', ROOT) == Rle((4, 5), "abc")
    assert parse_segmentation({"size": [4, 5], "counts": b"abc"}, ROOT) == Rle((4, 5), "abc")
    assert parse_segmentation({"size": [4, 5], "counts": [3, 17]}, ROOT) == Rle((4, 5), (3, 17))


def test_mask_path() -> None:
    assert parse_segmentation("masks/a.png", ROOT) == MaskFile(ROOT / "masks" / "a.png")


def test_no_segmentation() -> None:
    assert parse_segmentation("", ROOT) is None
    assert parse_segmentation(None, ROOT) is None


@pytest.mark.parametrize(
    "value",
    [
        "[[0, 0, 4, 0]]",
        "[[0, 0, 4, 0, 4, 4, 1]]",
        "{'size': [4, 5]}",
        '{"size": [4], "counts": "a"}',
        '{"counts": "a"}',
        '{"size": [4.5, 5], "counts": "a"}',
        '{"size": [4, 5], "counts": [3, 1.5]}',
    ],
)
def test_a_wrong_segmentation_is_refused(value: str) -> None:
    with pytest.raises(CellError, match="segmentation"):
        parse_segmentation(value, ROOT)
