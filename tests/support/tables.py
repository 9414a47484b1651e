"""Reading pages and tables in Markdown."""

import re

from leaderboard.page import Page
from leaderboard.record_files import RecordFile


def page_text(page: Page, *files: RecordFile) -> str:
    """The page of these records, without the comparison of splits and the folded list of records."""
    return without_runs(page.text(page.sections(files)))


def without_runs(text: str) -> str:
    """A page without the folded lists of seeds and records."""
    return re.sub(r"\n\n<details><summary>Seeds and records.*?</details>", "", text, flags=re.DOTALL)


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of all tables, headers included; rulers are left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.fullmatch(r"[|:-]+", line)]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def cells(text: str, first: str) -> list[list[str]]:
    """The cells of the rows whose first cell is a text."""
    return [row for row in rows(text) if row[0] == first]
