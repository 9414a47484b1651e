import numpy as np
import pytest

from benchmark.records.classification import Classification, Scores
from leaderboard.entries import Entry, sections
from leaderboard.layout import EMPTY
from leaderboard.pages.individuals import individuals
from leaderboard.plots.confusion import confused, confusion_matrices
from support.figures import drawn
from support.records import blank_record
from support.tables import cells

PAGE = "leaderboard/individuals.md"


def trained(answers: list[int], recall: list[float | None]) -> Classification:
    test = Scores(accuracy=0.5, recall=0.5, f1=0.5, images=len(answers), at_chance=False)
    return Classification(
        test=test, validation=(), probe_localisation=(), answers=tuple(answers), individual_recall=tuple(recall)
    )


def entry(title: str, count: int, labels: list[int], names: tuple[str, ...] = (), **trainings: Classification) -> Entry:
    one = blank_record(
        key=f"{title:*<16}",
        backbone=title,
        title=title,
        individuals=count,
        classification=trainings,
        test_images={"labels": labels, "groups": list(range(len(labels))), "by": "images", "identities": names},
    )
    return Entry(one, f"leaderboard/records/{title}.json")


LABELS = [0, 0, 0, 0, 1, 1, 3]
ANSWERS = [0, 1, 1, 3, 1, 1, 0]
THREE = entry(
    "Net", 4, LABELS, ("ann", "b|b", "cy", "new"),
    shallow=trained(LABELS, [1, 1, None, 1]),
    deep=trained(ANSWERS, [0.25, 1, None, None]),  # training does not show the last one
)  # fmt: skip


def test_each_individual_has_a_column_and_each_classifier_a_row() -> None:
    text = individuals(sections([THREE]), PAGE)
    assert cells(text, "Backbone")[0][2:7] == ["Classifier", "ann", r"b\|b", "cy", "new"]
    shallow, deep = cells(text, "Net")
    assert shallow[2:7] == ["shallow", "1.00", "1.00", "–", "1.00"]  # noqa: RUF001 - the table's dash
    assert deep[2:7] == ["deep", "0.25", "1.00", "–", "–"]  # noqa: RUF001
    assert cells(text, "*Test images*")[0][3:7] == ["4", "2", "0", "1"]
    assert "![Confusion matrices of the deep classifiers](figures/confusion-d-s-p.png)" in text


def test_without_names_the_columns_have_numbers_and_a_smaller_record_empty_cells() -> None:
    small = entry("Small", 2, [0, 1], shallow=trained([0, 1], [1, 1]))
    old = entry("Zold", 3, [0, 1, 2], shallow=trained([0, 0, 0], [1, 0, 0]))
    text = individuals(sections([old, small]), PAGE)
    assert cells(text, "Backbone")[0][3:6] == ["No. 0", "No. 1", "No. 2"]
    assert cells(text, "Small")[0][3:6] == ["1.00", "1.00", "–"]  # noqa: RUF001
    assert "Confusion" not in text  # nothing is deep


def test_of_many_individuals_the_table_has_the_spread() -> None:
    labels = list(range(40)) * 2
    recall = [0.0, None, *[0.5] * 20, *[1.0] * 18]
    many = entry("Net", 40, labels, tuple(f"fish{number}" for number in range(40)), deep=trained(labels, recall))
    text = individuals(sections([many]), PAGE)
    assert cells(text, "Backbone")[0][3:7] == ["Lowest", "Median", "Highest", "Never recognised"]
    assert cells(text, "Net")[0][3:7] == ["0.00", "0.50", "1.00", "1 of 39"]
    assert "Of more than 30 individuals no confusion matrix is shown" in text
    assert confused(sections([many])[0]) == []


def test_records_without_classifiers_have_no_page() -> None:
    assert individuals(sections([entry("Net", 2, [0, 1])]), PAGE) == EMPTY


def test_matrices_are_shares_of_the_rows() -> None:
    unnamed = entry("Other", 4, LABELS, deep=trained(ANSWERS, [0.25, 1, None, 0]))
    figure = drawn(confusion_matrices(sections([THREE, unnamed])[0]))
    first, second, _ = figure.axes
    expected = np.array([[0.25, 0.5, 0, 0.25], [0, 1, 0, 0], [np.nan] * 4, [np.nan] * 4])
    assert np.ma.filled(first.images[0].get_array(), np.nan) == pytest.approx(expected, nan_ok=True)
    expected[3] = [1, 0, 0, 0]
    assert np.ma.filled(second.images[0].get_array(), np.nan) == pytest.approx(expected, nan_ok=True)
    assert [label.get_text() for label in first.get_yticklabels()] == ["ann", "b|b", "cy", "new"]
    assert "ann" not in [label.get_text() for label in second.get_yticklabels()]
    assert (first.get_title(), second.get_title()) == ("Net", "Other")


def test_long_names_and_dollars_do_not_break_the_figure() -> None:
    long = entry("$a$", 2, [0, 1], ("an individual with a name", "b"), deep=trained([0, 1], [1, 1]))
    short = entry("Other", 2, [0, 1], ("$x$", "b"), deep=trained([0, 1], [1, 1]))
    figure = drawn(confusion_matrices(sections([long, short])[0]))
    numbers = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert {"0", "1"} <= set(numbers)
    assert not any("." in number or "individual" in number for number in numbers)
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == [r"\$x\$", "b"]
