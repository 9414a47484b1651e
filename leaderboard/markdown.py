"""Markdown: escaping, links, tables, and the marked blocks of a page that hold them."""

import posixpath
import re
from urllib.parse import quote

from tabulate import tabulate

from benchmark.errors import InputError

NOTHING = "–"  # noqa: RUF001 - a dash that no minus sign is mistaken for
"""A cell without a number."""


def escape(text: str) -> str:
    """Text that means itself in a table's cell: one line, no pipe, no mark-up, no comment or tag."""
    return re.sub(r"[\\`*\[\]|~]", r"\\\g<0>", " ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;")


def link(text: str, target: str, page: str) -> str:
    """A link from one page to a file, both named from the repository root."""
    return f"[{text}]({quote(posixpath.relpath(target, posixpath.dirname(page) or '.'))})"


def table(headers: list[str], rows: list[list[str]], numbers: range) -> str:
    """A table whose columns `numbers` are set flush right; the cells are Markdown already."""
    align = ["right" if column in numbers else "left" for column in range(len(headers))]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True, colalign=align)


def replace_block(text: str, name: str, content: str, page: str) -> str:
    """The page with new content between its markers `begin table: NAME` and `end table: NAME`.

    Args:
        text: the page.
        name: of the block.
        content: what shall stand between the markers, each of which keeps its own line.
        page: its name for messages.

    Raises:
        InputError: a marker is missing, stands twice, or the two are in the wrong order.
    """
    begin, end = f"<!-- begin table: {name} -->", f"<!-- end table: {name} -->"
    for marker in (begin, end):
        if (count := text.count(marker)) != 1:
            raise InputError(
                f"{page}: the marker {marker} stands {count} times; exactly one is needed. "
                "Put the line where the table belongs, or delete the surplus ones."
            )
    head, rest = text.split(begin)
    if end not in rest:
        raise InputError(f"{page}: the marker {end} stands before {begin}. Exchange the two lines.")
    return f"{head}{begin}\n\n{content}\n\n{end}{rest.split(end)[1]}"
