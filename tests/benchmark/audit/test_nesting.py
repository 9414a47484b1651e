import math
from pathlib import Path

import pytest

from benchmark.audit.nesting import nesting
from benchmark.data.catalogue import Row


def _rows(*pairs: tuple[str, str], column: str = "camera", times: int = 1) -> list[Row]:
    """Rows by (identity, value)."""
    rows = [Row("", identity, Path("p.png"), groups={column: value}) for identity, value in pairs]
    return rows * times


def test_three_animals_a_video_give_an_accuracy_of_a_third() -> None:
    pairs = [(f"{video}{number}", video) for video in "ab" for number in range(3)]
    (one,) = nesting(_rows(*pairs, times=8), _rows(*pairs), _rows(*pairs, times=2))
    assert (one.column, one.values, one.most, one.relation) == ("camera", 2, 3, "nested")
    assert one.accuracy == pytest.approx(1 / 3)
    assert one.chance == pytest.approx(1 / 6)
    # 12 images, 2 each of 6 animals: 6 pairs of one animal among 30 of one video; 6 x 30 / 66 expected by chance
    assert one.adjusted_rand == pytest.approx((6 - 180 / 66) / ((6 + 30) / 2 - 180 / 66))
    assert one.mutual_information == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("pairs", "relation", "most"),
    [
        ([("fox", "1"), ("fox", "2"), ("owl", "3"), ("owl", "3")], "determines", 1),
        ([("fox", "1"), ("owl", "2")], "determines", 1),
        ([("fox", "1"), ("owl", "1"), ("newt", "2")], "nested", 2),
        ([("fox", "1"), ("owl", "1"), ("owl", "2")], "restricts", 2),
        ([("fox", "1"), ("owl", "1"), ("fox", "2"), ("owl", "2")], "none", 2),
        ([("fox", "1"), ("owl", "1")], "none", 2),
        ([("fox", "1"), ("fox", "2")], "none", 1),
    ],
)
def test_relations_by_hand(pairs: list[tuple[str, str]], relation: str, most: int) -> None:
    (one,) = nesting(_rows(*pairs, times=2), [], [])
    assert (one.relation, one.most) == (relation, most)
    assert (one.accuracy, one.chance) == (0, 0)  # no test images


def test_answers_come_from_train_and_are_scored_on_test() -> None:
    train = _rows(("fox", "1"), ("fox", "1"), ("owl", "1"), ("owl", "2"), ("owl", "2"))
    test = _rows(("fox", "1"), ("owl", "1"), ("fox", "2"), ("owl", "2"), ("owl", "3"), ("fox", "3"))
    (one,) = nesting(train, [], test)
    # camera 1 answers fox (1 of 2 right), camera 2 owl (1 of 2), camera 3 the commonest of train, owl (1 of 2)
    assert one.accuracy == pytest.approx(3 / 6)
    assert one.chance == pytest.approx(3 / 6)


def test_of_equally_common_individuals_the_first_by_name_is_answered() -> None:
    (one,) = nesting(_rows(("owl", "1"), ("fox", "1")), [], _rows(("fox", "1"), ("fox", "1"), ("owl", "1")))
    assert one.accuracy == pytest.approx(2 / 3)


def test_frame_numbers_and_columns_of_single_images_are_left_out() -> None:
    rows = [Row("", "fox", Path("p.png"), groups={"frame": "1", "file": f"{n}", "date": f"{n // 2}"}) for n in range(8)]
    assert [one.column for one in nesting(rows, [], [])] == ["date"]


def test_a_missing_value_is_a_value() -> None:
    rows = _rows(("fox", "1"), ("fox", "1")) + [Row("", "owl", Path("p.png"))] * 2
    (one,) = nesting(rows, [], [])
    assert (one.values, one.relation) == (2, "determines")


def test_no_images_have_no_columns() -> None:
    assert nesting([], [], []) == ()
