import pytest

from benchmark.errors import InputError
from leaderboard.markdown import escape, link, replace_block, table

BEGIN, END = "<!-- begin table: scores -->", "<!-- end table: scores -->"


def test_the_block_is_replaced_and_the_rest_kept_byte_for_byte() -> None:
    page = f"# Title\r\n\r\n{BEGIN}old | table{END}  \ntail \\1 without newline"
    assert replace_block(page, "scores", r"new \1", "page.md") == (
        f"# Title\r\n\r\n{BEGIN}\n\nnew \\1\n\n{END}  \ntail \\1 without newline"
    )


def test_replacing_twice_is_replacing_once() -> None:
    once = replace_block(f"{BEGIN}\n{END}\n", "scores", "a table", "page.md")
    assert replace_block(once, "scores", "a table", "page.md") == once


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (END, "begin table: scores --> stands 0 times"),
        (BEGIN, "end table: scores --> stands 0 times"),
        (f"{BEGIN}{BEGIN}{END}", "begin table: scores --> stands 2 times"),
        (f"{BEGIN}{END}{END}", "end table: scores --> stands 2 times"),
        (f"{END}\n{BEGIN}", "stands before"),
        ("<!-- begin table: other --><!-- end table: other -->", "stands 0 times"),
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


def test_a_table_sets_numbers_flush_right_and_leaves_them_as_they_are() -> None:
    assert table(["Name", "Score"], [["a", "0.10"], ["b", "**1.00**"]], numbers=range(1, 2)).splitlines() == [
        "| Name   |    Score |",
        "|--------|----------|",
        "| a      |     0.10 |",
        "| b      | **1.00** |",
    ]
