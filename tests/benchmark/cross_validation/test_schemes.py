from pathlib import Path

import numpy as np

from benchmark.cross_validation.schemes import schemes
from benchmark.data.catalogue import Row


def _rows(**columns: list[str]) -> list[Row]:
    names = "AAAABBBB"
    return [
        Row(f"{number}", name, Path("p.png"), groups={column: values[number] for column, values in columns.items()})
        for number, name in enumerate(names)
    ]


LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])


def test_without_columns_photos_are_folded_at_random() -> None:
    (random,) = schemes(_rows(), LABELS)
    assert (random.name, random.column) == ("random", "")
    assert random.testable.all()


def test_the_first_column_that_can_be_kept_together_comes_first() -> None:
    found = schemes(_rows(encounter=list("11223344"), camera=list("aabbaabb")), LABELS)
    assert [(one.name, one.column) for one in found] == [("grouped", "encounter"), ("random", "")]
    assert found[0].groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_column_that_names_the_individual_is_passed_over() -> None:
    found = schemes(_rows(sequence=list("11112222"), camera=list("aabbaabb")), LABELS)
    assert found[0].column == "camera"
    assert [one.name for one in schemes(_rows(sequence=list("11112222")), LABELS)] == ["random"]


def test_days_are_kept_together() -> None:
    dates = [f"2020-01-0{day}T10:00:00" for day in (1, 1, 2, 2, 1, 1, 2, 2)]
    assert schemes(_rows(datetime=dates), LABELS)[0].column == "day"


def test_where_only_years_are_known_they_are_kept_together() -> None:
    found = schemes(_rows(date=["2011", "2011", "2012", "2012"] * 2), LABELS)[0]
    assert (found.column, found.groups.tolist()) == ("year", [0, 0, 1, 1] * 2)


def test_a_photo_without_another_encounter_of_its_individual_is_not_testable() -> None:
    (grouped, _) = schemes(_rows(encounter=list("11225555")), LABELS)
    assert grouped.testable.tolist() == [True] * 4 + [False] * 4
