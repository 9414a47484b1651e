from benchmark.records.base import Interval, Metric
from leaderboard.columns import (
    Beside,
    Brackets,
    Column,
    Compared,
    Row,
    Table,
    explain,
    metric_column,
    number_column,
    render,
)
from leaderboard.markdown import NOTHING
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row
from support.records import failed, record_file
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


def of_seeds(*columns: Column[float], values: dict[int, float | None]) -> tuple[Table[float], Section]:
    """A table of one contestant with a number for each seed, and its section; a failed run has a row of its own."""
    files = (*(record_file(key=f"{seed}" * 16, seed=seed) for seed in values), failed(seed=9))

    def rows_of(section: Section) -> list[Row[float]]:
        return [backbone_row(file, values.get(file.record.seed)) for file in section.files]

    return Table("Backbone", columns, rows_of, main=columns[0]), Section("d", "s", "p", files)


def test_seeds_of_a_contestant_are_one_row_with_their_mean_and_spread() -> None:
    interval = Interval(low=0.1, high=0.9, groups=9)
    columns = (
        number_column("Score", lambda value: value, note=Brackets(lambda _: interval)),
        number_column("Null", lambda value: value, form="{:+.1f}".format, note=Beside(lambda value: 2 * value)),
        number_column(
            "Marked", lambda value: value, note=Brackets(lambda _: None, mark=lambda v: " (n.s.)" * (v < 0.35))
        ),
        Column[float]("Word", lambda row: "high" if row.part and row.part > 0.35 else "low"),
    )
    one, section = of_seeds(*columns, values={1: 0.6, 0: 0.3, 2: 0.6})
    assert [row[0] for row in rows(one.text(section))[1:]] == ["LaMa, seeds 0, 1, 2", "LaMa, seed 9"]
    spread = ["0.50 ± 0.17", "+0.5 ± 0.2 (1.00)", "0.50 ± 0.17 (n.s. in 1 of 3 seeds)", "low; high"]
    assert cells(one.text(section), "LaMa, seeds 0, 1, 2")[0][2:6] == spread


def test_a_number_that_all_seeds_share_keeps_its_interval_and_one_that_some_lack_is_counted() -> None:
    column = number_column("Score", float, note=Brackets(lambda _: Interval(low=0.1, high=0.9, groups=9)))
    shared, section = of_seeds(column, values={0: 0.5, 1: 0.5})
    assert cells(shared.text(section), "LaMa, seeds 0, 1")[0][2] == "0.50 [0.10, 0.90]"
    some, section = of_seeds(column, values={0: 0.5, 1: None})
    assert cells(some.text(section), "LaMa, seeds 0, 1")[0][2] == "0.50 (1 of 2 seeds)"
    none, section = of_seeds(column, values={0: None, 1: None})
    assert cells(none.text(section), "LaMa, seeds 0, 1")[0][2] == NOTHING


def test_rows_are_ordered_by_the_mean_over_seeds() -> None:
    column = number_column("Score", float)
    values = {0: 0.9, 1: 0.1}
    files = tuple(record_file(key=f"{seed}" * 16, seed=seed) for seed in values)
    other = record_file(title="Other", init="own", key="e" * 16)
    one = Table(
        "Backbone",
        (column,),
        lambda section: [
            backbone_row(file, 0.6 if file is other else values[file.record.seed]) for file in section.files
        ],
        main=column,
    )
    text = one.text(Section("d", "s", "p", (*files, other)))
    assert [row[0] for row in rows(text)[1:]] == ["Other", "LaMa"]
