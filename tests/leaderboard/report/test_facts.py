import pytest

from benchmark.errors import InputError
from leaderboard.report.facts import best_first, confusions, counting, memory, others
from support.field_records import LABELS, PHOTOS, field_record, field_scores, out_of_fold, random_scores

UNTESTED = [None] * 24 + list(LABELS[24:])


def test_records_are_ordered_by_the_linear_probe_then_by_name() -> None:
    records = [
        field_record(title=title, schemes={"grouped": field_scores(accuracy)})
        for title, accuracy in (("C", 0.5), ("B", 0.75), ("A", 0.75))
    ]
    assert [record.title for record in best_first(records)] == ["A", "B", "C"]


def test_records_of_other_photos_are_refused() -> None:
    with pytest.raises(InputError, match="not of the same photos"):
        best_first([field_record(), field_record(photos=[f"other{photo}" for photo in range(PHOTOS)])])
    with pytest.raises(InputError, match="not of the same photos"):
        best_first([field_record(), field_record(schemes={"random": random_scores()})])
    with pytest.raises(InputError, match="no record"):
        best_first([])


def test_the_grouped_scheme_counts_where_there_is_one() -> None:
    assert counting(field_record()).column == "encounter"
    assert counting(field_record(schemes={"random": random_scores()})).column == ""
    assert others(counting(field_record(schemes={"random": random_scores()}))) == "the other photos"


def test_the_gain_by_near_copies_is_paired_on_the_photos_that_both_tested() -> None:
    grouped = field_scores(linear=out_of_fold(0.5, answers=UNTESTED), tested=24)
    random = random_scores(linear=out_of_fold(0.5))  # right on the last 24 photos alone
    found = memory(field_record(schemes={"grouped": grouped, "random": random}))
    assert found is not None
    assert (found.random, found.grouped, found.shown) == (1.0, 1.0, False)


def test_a_gain_is_shown_if_its_interval_is_above_zero() -> None:
    schemes = {"grouped": field_scores(0.25), "random": random_scores(0.75)}
    found = memory(field_record(schemes=schemes))
    assert found is not None
    assert found.shown
    few = memory(field_record(schemes=schemes, units=[photo % 5 for photo in range(PHOTOS)]))
    assert few is not None
    assert few.interval is None
    assert not few.shown
    assert memory(field_record(schemes={"random": random_scores()})) is None


def test_confusions_are_counted_by_individual_and_answer() -> None:
    found = confusions(field_record())  # the first 12 photos are called the next individual
    assert [(one.truth, one.answer, one.photos, one.tested) for one in found] == [
        (0, 1, (8, 4, 0), 12),
        (1, 2, (9, 5, 1), 12),
        (2, 3, (10, 6, 2), 12),
        (3, 0, (11, 7, 3), 12),
    ]
