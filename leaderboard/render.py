"""The leaderboard's pages: pure rendering, and the two thin steps that write and check them."""

import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import atomic_write, folder_lock
from benchmark.records.record import Record
from leaderboard import record_files
from leaderboard.markdown import paragraphs, replace_block
from leaderboard.page import Page
from leaderboard.pages import find_pages
from leaderboard.plots import figures
from leaderboard.record_files import RecordFile, Section

PAGES: dict[str, Page] = {page.file: page for page in find_pages()}
"""Each page by its path, relative to the repository root."""

PICTURES = re.compile(r"\n\n(?:!\[|<details>|</details>)[^\n]*")
"""Paragraphs that are a picture, or fold one away."""


def render(files: Iterable[RecordFile], documents: Mapping[str, str]) -> dict[str, str]:
    """The pages with their tables made from the records; all text outside the markers stays.

    Args:
        files: the records with their paths, in any order.
        documents: the text of each page, by its path in `PAGES`.

    Raises:
        InputError: a page lacks a marker, or has it twice.
    """
    records = list(files)
    return {
        name: replace_block(text, PAGES[name].block, PAGES[name].content(PAGES[name].sections(records)), name)
        for name, text in documents.items()
    }


def write(folder: Path, record: Record | None = None) -> list[str]:
    """Make all tables and figures from `<folder>/records`; returns the paths of the files that changed.

    Runs that end at the same time write one after the other, each from all records on the disk.

    Args:
        folder: `leaderboard` of a repository.
        record: the only new record, so that the figures of other sections need not be drawn; None = any may be new.

    Raises:
        InputError: a page is missing or lacks its markers, or a file is no record.
    """
    with folder_lock(folder):
        return _write(folder, record)


def _write(folder: Path, record: Record | None) -> list[str]:
    documents = _read(folder)
    files = record_files.read(folder.parent)
    rendered = render(files, documents)
    changed = [name for name in rendered if rendered[name] != documents[name]]
    for name in changed:
        with atomic_write(folder.parent / name) as path:
            path.write_bytes(rendered[name].encode())
    for page in PAGES.values():
        sections = page.sections(files)
        changed += figures.write(page.plots, _around(record, page, sections) if record else sections, folder)
    return changed


def check(folder: Path) -> list[str]:
    """Where the tables differ from the records: a line for each such page, with its first difference.

    Args:
        folder: `leaderboard` of a repository.

    Raises:
        InputError: a page is missing or lacks its markers, or a file is no record.
    """
    documents = _read(folder)
    rendered = render(record_files.read(folder.parent), documents)
    return [
        _difference(name, documents[name], rendered[name]) for name in rendered if rendered[name] != documents[name]
    ]


def _difference(name: str, present: str, expected: str) -> str:
    lines = enumerate(zip_longest(present.splitlines(keepends=True), expected.splitlines(keepends=True)), start=1)
    number, (old, new) = next((number, pair) for number, pair in lines if pair[0] != pair[1])
    return f"{name}, line {number}: the page has {_quoted(old)}, the records give {_quoted(new)}"


def _quoted(line: str | None) -> str:
    return "the end of the page" if line is None else repr(line)


def _read(folder: Path) -> dict[str, str]:
    """The text of the pages, line ends unchanged."""
    documents = {}
    for name in PAGES:
        try:
            documents[name] = (folder.parent / name).read_bytes().decode()
        except FileNotFoundError as error:
            raise InputError(f"{folder.parent / name} is missing. Restore it: git checkout -- {name}") from error
    return documents


def show(folder: Path, record: Record) -> str:
    """The tables of the record's section or experiment for the terminal, without pictures.

    Args:
        folder: `leaderboard` of a repository.
        record: a record of the folder.
    """
    files = record_files.read(folder.parent)
    pages = [page for page in PAGES.values() if page.in_terminal and page.experiment == _experiment(record)]
    texts = [page.text(_around(record, page, page.sections(files))) for page in pages]
    return PICTURES.sub("", paragraphs(*texts))


def _around(record: Record, page: Page, sections: Iterable[Section]) -> list[Section]:
    """The page's sections that a record belongs to: one of the leaderboards, or all of its experiment and protocol."""
    if page.experiment != _experiment(record):
        return []
    return [
        section
        for section in sections
        if section.protocol == record.protocol
        and (record.experiment or (section.dataset, section.split) == (record.dataset, record.split))
    ]


def _experiment(record: Record) -> str | None:
    return record.experiment.name if record.experiment else None
