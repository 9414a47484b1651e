from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from benchmark.errors import InputError
from leaderboard.markdown import escape, link, paragraphs, replace_block, table

BEGIN, END = "<!-- begin table: scores -->", "<!-- end table: scores -->"
TEXT = st.text().filter(lambda text: BEGIN not in text and END not in text)
CELL = st.one_of(st.text(), st.text(alphabet="|\\`*_[]<>!-~& \n\t\x85\u2028a"))


def parsed(text: str) -> list[list[str]]:
    """The cells of a table, as an independent parser finds them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    assert [token.type for token in tokens if token.level == 0] == ["table_open", "table_close"]
    cells: list[list[str]] = []
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            cells.append([])
        if before.type in {"th_open", "td_open"}:
            assert not any(child.type.startswith(("html", "link", "image", "code")) for child in token.children or [])
            cells[-1].append("".join(child.content for child in token.children or []))
    return cells


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=4))
def test_any_escaped_text_keeps_the_shape_of_the_table(rows: list[list[str]]) -> None:
    text = table(["A", "B", "C"], [[escape(cell) for cell in row] for row in rows], ["left", "right", "left"])
    assert text.count("\n") == len(text.splitlines()) - 1 == len(rows) + 1
    assert [len(row) for row in parsed(text)] == [3] * (len(rows) + 1)


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="_")))
def test_an_escaped_text_is_read_as_itself(text: str) -> None:
    words = " ".join(text.split())
    ((_,), (cell,)) = parsed(table(["Header"], [[escape(text)]], ["left"]))
    assert cell == words


@given(TEXT, TEXT, TEXT, TEXT)
def test_a_block_is_replaced_and_everything_else_kept(before: str, old: str, new: str, after: str) -> None:
    once = replace_block(f"{before}{BEGIN}{old}{END}{after}", "scores", new, "page.md")
    assert once == f"{before}{BEGIN}\n\n{new}\n\n{END}{after}"
    assert replace_block(once, "scores", new, "page.md") == once


def test_the_block_is_replaced_and_the_rest_kept_byte_for_byte() -> None:
    page = f"# Title\r\n\r\n{BEGIN}old | table{END}  \ntail \\1 without newline"
    assert replace_block(page, "scores", r"new \1", "page.md") == (
        f"# Title\r\n\r\n{BEGIN}\n\nnew \\1\n\n{END}  \ntail \\1 without newline"
    )


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (END, "begin table: scores --> occurs 0 times"),
        (BEGIN, "end table: scores --> occurs 0 times"),
        (f"{BEGIN}{BEGIN}{END}", "begin table: scores --> occurs 2 times"),
        (f"{BEGIN}{END}{END}", "end table: scores --> occurs 2 times"),
        (f"{END}\n{BEGIN}", "comes before"),
        ("<!-- begin table: other --><!-- end table: other -->", "occurs 0 times"),
    ],
)
def test_wrong_markers_are_refused_with_the_page(page: str, message: str) -> None:
    with pytest.raises(InputError, match=f"page.md: .*{message}"):
        replace_block(page, "scores", "a table", "page.md")


def test_escaped_text_cannot_leave_its_cell() -> None:
    assert escape("a|b\n*c* `d` [e](f)") == r"a\|b \*c\* \`d\` \[e\](f)"
    assert escape(END) == "&lt;!-- end table: scores -->"
    assert escape("zebrafish-synth_2, big-lama") == "zebrafish-synth_2, big-lama"


def test_links_are_relative_to_the_page() -> None:
    path = "leaderboard/records/set/full/lama-0 1.json"
    assert link("x", path, "leaderboard/ablation.md") == "[x](records/set/full/lama-0%201.json)"
    assert link("x", path, "README.md") == "[x](leaderboard/records/set/full/lama-0%201.json)"


def test_paragraphs_leave_out_empty_texts() -> None:
    assert paragraphs("a", "", "b") == "a\n\nb"
    assert paragraphs("", "") == ""


def test_a_table_aligns_its_columns_and_leaves_numbers_as_they_are() -> None:
    assert table(["Name", "Score"], [["a", "0.10"], ["b", "**1.00**"]], ["left", "right"]).splitlines() == [
        "| Name   |    Score |",
        "|--------|----------|",
        "| a      |     0.10 |",
        "| b      | **1.00** |",
    ]
