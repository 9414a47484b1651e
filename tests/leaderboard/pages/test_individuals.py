from benchmark.records.classification import Classification, Scores
from leaderboard.page import EMPTY
from leaderboard.pages.individuals import PAGE
from leaderboard.plots.confusion import confused
from leaderboard.record_files import RecordFile, sections
from support.records import blank_record
from support.tables import cells, page_text


def trained(answers: list[int], recall: list[float | None]) -> Classification:
    test = Scores(accuracy=0.5, recall=0.5, f1=0.5, images=len(answers), at_chance=False)
    return Classification(
        test=test, validation=(), probe_localisation=(), answers=tuple(answers), individual_recall=tuple(recall)
    )


def file(
    title: str, count: int, labels: list[int], names: tuple[str, ...] = (), **trainings: Classification
) -> RecordFile:
    record = blank_record(
        key=f"{title:*<16}",
        backbone=title,
        title=title,
        individuals=count,
        classification=trainings,
        test_images={"labels": labels, "groups": list(range(len(labels))), "by": "images", "identities": names},
    )
    return RecordFile(record, f"leaderboard/records/{title}.json")


LABELS = [0, 0, 0, 0, 1, 1, 3]
ANSWERS = [0, 1, 1, 3, 1, 1, 0]
THREE = file(
    "Net", 4, LABELS, ("ann", "b|b", "cy", "new"),
    shallow=trained(LABELS, [1, 1, None, 1]),
    deep=trained(ANSWERS, [0.25, 1, None, None]),  # training does not show the last one
)  # fmt: skip


def test_each_individual_has_a_column_and_each_classifier_a_row() -> None:
    text = page_text(PAGE, THREE)
    assert cells(text, "Backbone")[0][2:7] == ["Classifier", "ann", r"b\|b", "cy", "new"]
    shallow, deep = cells(text, "Net")
    assert shallow[2:7] == ["shallow", "1.00", "1.00", "–", "1.00"]  # noqa: RUF001 - the table's dash
    assert deep[2:7] == ["deep", "0.25", "1.00", "–", "–"]  # noqa: RUF001
    assert cells(text, "*Test images*")[0][3:7] == ["4", "2", "0", "1"]
    assert "![Confusion matrices of the deep classifiers](figures/confusion-d-s-p.png)" in text


def test_without_names_the_columns_have_numbers_and_a_smaller_record_empty_cells() -> None:
    small = file("Small", 2, [0, 1], shallow=trained([0, 1], [1, 1]))
    old = file("Zold", 3, [0, 1, 2], shallow=trained([0, 0, 0], [1, 0, 0]))
    text = page_text(PAGE, old, small)
    assert cells(text, "Backbone")[0][3:6] == ["No. 0", "No. 1", "No. 2"]
    assert cells(text, "Small")[0][3:6] == ["1.00", "1.00", "–"]  # noqa: RUF001
    assert "Confusion" not in text  # nothing is deep


def test_of_many_individuals_the_table_has_the_spread() -> None:
    labels = list(range(40)) * 2
    recall = [0.0, None, *[0.5] * 20, *[1.0] * 18]
    many = file("Net", 40, labels, tuple(f"fish{number}" for number in range(40)), deep=trained(labels, recall))
    text = page_text(PAGE, many)
    assert cells(text, "Backbone")[0][3:7] == ["Lowest", "Median", "Highest", "Never recognised"]
    assert cells(text, "Net")[0][3:7] == ["0.00", "0.50", "1.00", "1 of 39"]
    assert "Confusion matrices are drawn for at most 30 individuals" in text
    assert confused(sections([many])[0]) == []


def test_records_without_classifiers_are_not_on_the_page() -> None:
    assert page_text(PAGE, file("Net", 2, [0, 1])) == EMPTY
