"""Markdown: escaping, links, tables, and the marked blocks of a page that hold them."""

import posixpath
import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

from tabulate import tabulate

from benchmark.errors import InputError
from benchmark.text import printable

NOTHING = "–"  # noqa: RUF001 - a dash that differs from a minus sign
"""A cell without content."""

Align = Literal["left", "right"]


def escape(text: str) -> str:
    r"""Text as one line that can be put into a cell of a table: without pipes, mark-up, comments, tags or addresses.

    >>> print(escape("a|b\n<!-- c -->"))
    a\|b &lt;!-- c -->
    >>> print(escape("__init__ of lama_2, www.example.org, https://a.org"))
    \_\_init\_\_ of lama_2, www&#46;example.org, https&#58;//a.org
    """
    line = printable(" ".join(text.split()))
    line = re.sub(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace("://", "&#58;//")
    return re.sub(r"(?i)\bwww\.", lambda match: f"{match[0][:-1]}&#46;", line)


def link(text: str, target: str, page: str) -> str:
    """A link from a page to a file.

    >>> link("run", "leaderboard/records/d/a b.json", "leaderboard/seeds.md")
    '[run](records/d/a%20b.json)'

    Args:
        text: Markdown of the link.
        target: path of the file, relative to the repository root.
        page: path of the page, relative to the repository root.
    """
    return f"[{text}]({quote(posixpath.relpath(target, posixpath.dirname(page) or '.'))})"


def paragraphs(*texts: str) -> str:
    """The texts separated by blank lines; empty ones are left out."""
    return "\n\n".join(text for text in texts if text)


def folded(summary: str, *texts: str) -> str:
    """The texts folded away under a line; empty if all of them are.

    Args:
        summary: the line, as HTML.
        texts: Markdown.
    """
    content = paragraphs(*texts)
    return paragraphs(f"<details><summary>{summary}</summary>", content, "</details>") if content else ""


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[Align]) -> str:
    """A table; headers and cells are Markdown already.

    Args:
        headers: one for each column.
        rows: a cell for each column.
        align: side to which each column is aligned.
    """
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True, colalign=align)


def replace_block(text: str, name: str, content: str, page: str) -> str:
    """The page with new content between its markers `begin table: NAME` and `end table: NAME`.

    Args:
        text: the page.
        name: name of the block.
        content: new text between the markers; the markers keep their own lines.
        page: name of the page, for messages.

    Raises:
        InputError: a marker is missing, occurs twice, or the two are in the wrong order.
    """
    begin, end = f"<!-- begin table: {name} -->", f"<!-- end table: {name} -->"
    for marker in (begin, end):
        if (count := text.count(marker)) != 1:
            raise InputError(
                f"{page}: the marker {marker} occurs {count} times; exactly one is needed. "
                "Add the line where the table belongs, or delete the surplus ones."
            )
    head, rest = text.split(begin)
    if end not in rest:
        raise InputError(f"{page}: the marker {end} comes before {begin}. Exchange the two lines.")
    return f"{head}{begin}\n\n{content}\n\n{end}{rest.split(end)[1]}"
