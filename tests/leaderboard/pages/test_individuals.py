from benchmark.records.record import Record
from leaderboard.page import EMPTY
from leaderboard.pages.individuals import PAGE
from leaderboard.plots.confusion import confused
from leaderboard.record_files import RecordFile, sections
from support.individuals import FOUR, answering, individuals_file
from support.tables import cells, page_text


def test_each_individual_has_a_column_and_each_classifier_a_row() -> None:
    text = page_text(PAGE, FOUR)
    assert cells(text, "Backbone")[0][2:7] == ["Classifier", "ann", r"b\|b", "cy", "new"]
    shallow, deep = cells(text, "Net")
    assert shallow[2:7] == ["shallow", "1.00 (4 of 4)", "1.00 (2 of 2)", "–", "1.00 (1 of 1)"]  # noqa: RUF001 - the table's dash
    assert deep[2:7] == ["deep", "0.25 (1 of 4)", "1.00 (2 of 2)", "–", "–"]  # noqa: RUF001
    assert cells(text, "*Test images*")[0][3:7] == ["4", "2", "0", "1"]
    assert "![Confusion matrices of the deep classifiers](figures/confusion-d-s-p.png)" in text


def test_individuals_that_were_filmed_together_are_named() -> None:
    projected = {"rows": range(7), "recordings": ("pond", "pond", "lake", "lake", "pond", "pond", "lake")}
    record = Record.model_validate(FOUR.record.model_dump() | {"projected_images": projected})
    text = page_text(PAGE, RecordFile(record, FOUR.path))
    assert r"Filmed together: ann, b\|b; ann, new. The place does not tell" in text
    assert "Filmed together" not in page_text(PAGE, FOUR)


def test_without_deep_classifiers_there_are_no_matrices() -> None:
    text = page_text(PAGE, individuals_file("Small", [0, 1], "ann", "bob", shallow=answering([0, 1], [1, 0])))
    assert cells(text, "Small")[0][3:5] == ["1.00 (1 of 1)", "0.00 (0 of 1)"]
    assert "Confusion" not in text


def test_of_many_individuals_the_table_has_the_spread() -> None:
    labels = list(range(40)) * 2
    recall = [0.0, None, *[0.5] * 20, *[1.0] * 18]
    many = individuals_file("Net", labels, *(f"fish{number}" for number in range(40)), deep=answering(labels, recall))
    text = page_text(PAGE, many)
    assert cells(text, "Backbone")[0][3:7] == ["Lowest", "Median", "Highest", "Never recognised"]
    assert cells(text, "Net")[0][3:7] == ["0.00", "0.50", "1.00", "1 of 39"]
    assert "Confusion matrices are drawn for at most 30 individuals" in text
    assert confused(sections([many])[0]) == []


def test_records_without_classifiers_are_not_on_the_page() -> None:
    assert page_text(PAGE, individuals_file("Net", [0, 1], "ann", "bob")) == EMPTY
