from benchmark.records.base import Metric
from leaderboard.columns import Column, Compared, Row, Table, explain, metric_column, number_column, render
from leaderboard.markdown import NOTHING
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row
from support.records import record_file
from support.tables import cells, rows

ERROR = Metric("Error", "mean difference", False, "pixels", "Smith 1999")
FILES = (record_file(), record_file(title="Other", key="f" * 16, seed=3))
SECTION = Section("d", "s", "p", FILES)


def table(*columns: Column[float]) -> Table[float]:
    """Two rows for each record, and a baseline."""

    def of_section(section: Section) -> list[Row[float]]:
        parts = [(file, variant, value) for file in section.files for variant, value in (("a", 0.25), ("b", None))]
        return [backbone_row(file, value, variant) for file, variant, value in parts] + [Row("*nothing*", None, 0.5)]

    return Table("Backbone", columns, of_section)


def test_a_metric_is_explained_with_its_unit_reference_and_direction() -> None:
    assert explain(ERROR) == "*Error*: mean difference, in pixels (Smith 1999); lower is better."
    assert explain(Metric("k", "number of clusters", None)) == "*k*: number of clusters."


def test_a_table_has_its_columns_after_the_names() -> None:
    text = table(metric_column(ERROR, lambda value: value, note=lambda _: "!")).text(SECTION)
    assert rows(text)[0] == ["Backbone", "Initial weights", "Error"]
    assert cells(text, "Other") == [
        ["Other", "big-lama", "0.25!"],
        ["Other", "big-lama", NOTHING],
    ]
    assert cells(text, "*nothing*") == [["*nothing*", NOTHING, "0.50!"]]


def test_a_table_can_be_limited_to_a_variant() -> None:
    text = table().text(SECTION, "b")
    assert [row[0] for row in rows(text)[1:]] == ["LaMa", "Other"]


def test_a_column_can_be_left_out_of_a_section_with_its_legend() -> None:
    both = table(
        number_column("One", lambda value: value, legend="*One*.", shown=lambda section: section.split == "s"),
        number_column("Two", lambda value: value, legend="*Both*."),
        number_column("Three", lambda value: value, legend="*Both*."),
    )
    other = Section("d", "other", "p", FILES)
    assert rows(both.text(other, "x.md"))[0][2:4] == ["Two", "Three"]
    assert both.legend([other]) == ["*Both*."]
    assert both.legend([other, SECTION]) == ["*One*.", "*Both*."]


def test_compared_numbers_are_those_of_the_table() -> None:
    both = table(
        number_column("One", lambda value: value, compared={"a": "One of a", "b": "One of b"}),
        number_column("Two", lambda value: value * 2),
    )
    assert both.compared_names(SECTION) == ["One of a", "One of b"]
    assert both.compared_values(SECTION) == {file.path: {"One of a": Compared(0.25, None)} for file in FILES}


def test_numbers_are_aligned_right_and_names_left() -> None:
    columns = [Column[float]("Name", lambda row: row.name, align="left"), number_column("Score", lambda value: value)]
    assert render(columns, [Row("a", None, 0.1)]).splitlines()[1:] == ["|--------|---------|", "| a      |    0.10 |"]
