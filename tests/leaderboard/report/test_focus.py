from typing import Any

import numpy as np
import pytest

from benchmark.records.field import FieldFocus, PhotoFocus
from leaderboard.report.focus import Square, focus_sentence, pictures, strips
from support.field_records import NAMES, field_record, interval

CAM = ((0.0, 0.25), (0.5, 1.0))


def _focus(**fields: Any) -> FieldFocus:
    examples = (
        PhotoFocus(photo=1, answer=1, cam=CAM, density=1.5, swap=1.25),
        PhotoFocus(photo=2, answer=0, cam=((0.0, 0.0), (0.0, 0.0)), density=None, swap=None),
        PhotoFocus(photo=3, answer=3, cam=CAM, density=None, swap=None),
    )
    return FieldFocus.model_validate({"examples": examples, "images": 12} | fields)


def test_a_strip_names_the_answer_and_the_density() -> None:
    right, empty, without = strips(field_record(focus=_focus()))
    assert (right.truth, right.answer) == (NAMES[1], NAMES[1])
    assert right.density == "density on the pattern 1.50, on patterns of other photos 1.25"
    assert (empty.answer, empty.density) == (NAMES[0], "no place speaks for the answer")
    assert without.density == ""
    assert strips(field_record()) == []


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.1, 0.4, "maps follow the pattern"), (-0.4, -0.1, "avoid the pattern"), (-0.1, 0.4, "is not shown")],
)
def test_the_sentence_concludes_no_more_than_the_interval(low: float, high: float, words: str) -> None:
    sentence = focus_sentence(_focus(density=1.5, swap=1.25, excess=interval(low, high)))
    assert words in sentence
    assert "12 photos drawn at random" in sentence or "twelve photos drawn at random" in sentence


def test_without_masks_or_units_the_sentence_says_less() -> None:
    assert focus_sentence(_focus()) == ""
    assert "too few for an interval" in focus_sentence(_focus(density=1.5, swap=1.25))


def test_the_map_is_brightest_where_it_is_highest_and_the_pattern_is_outlined() -> None:
    pattern = np.zeros((8, 8), bool)
    pattern[0:4, 4:8] = True
    found = dict(pictures(Square(np.full((8, 8, 3), 90, np.uint8), pattern), CAM))
    assert list(found) == ["photo", "map", "pattern"]
    shown = np.asarray(found["map"]).astype(int).sum(axis=2)
    assert shown[6, 6] > shown[6, 1] > shown[1, 1]
    outline = np.asarray(found["map"])[0, 4:8]
    assert (outline == outline[0]).all()
    assert list(dict(pictures(Square(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), bool)), CAM))) == ["photo", "map"]
