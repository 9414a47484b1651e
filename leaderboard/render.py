"""The leaderboard's pages: pure rendering, and the two thin steps that write and check them.

Pages are in the folder `leaderboard` of a repository, or in a folder of results of one's own data, which has the same
pages where they show anything.
"""

import logging
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from benchmark.errors import InputError
from benchmark.files import atomic_write, folder_lock, sweep_temporary
from benchmark.records.record import Record
from benchmark.text import printable
from leaderboard import record_files
from leaderboard.markdown import link, paragraphs, replace_block
from leaderboard.page import Page
from leaderboard.pages import find_pages
from leaderboard.plots import figures
from leaderboard.plots.drawn import DrawnFigures
from leaderboard.record_files import RecordFile, Section, place_of

PAGES: dict[str, Page] = {page.file: page for page in find_pages()}
"""Each page by its path, relative to the repository root."""

HERE = "leaderboard"
"""The folder of the leaderboard's pages, figures and records."""

SET_ASIDE = "Not shown: %s"
LOGGER = logging.getLogger(__name__)
UNRENDERED = "%s cannot be made from the records (%s: %s) and stays as it is. All other pages are up to date."

PICTURE = r"\n\n!\[[^\n]*"
PICTURES = re.compile(rf"\n\n<details>[^\n]*{PICTURE}\n\n</details>|{PICTURE}")
"""Paragraphs that are a picture, with what folds it away."""

FOLDS = re.compile(r"\n\n(?:<details><summary>(?P<title>[^\n]*)</summary>|</details>)")
"""Paragraphs that fold text away."""


def render(
    files: Iterable[RecordFile], documents: Mapping[str, str], pages: Mapping[str, Page] = PAGES
) -> dict[str, str]:
    """The pages with their tables made from the records; all text outside the markers stays.

    Args:
        files: the records with their paths, in any order.
        documents: the text of each page, by its path in `pages`.
        pages: by path.

    Raises:
        InputError: a page lacks a marker, or has it twice.
    """
    records = list(files)

    def content(page: Page) -> str:
        return paragraphs(page.content(page.sections(records)), "" if page.title else _more(page, pages, records))

    return {
        name: replace_block(text, pages[name].block, content(pages[name]), name) for name, text in documents.items()
    }


def _more(page: Page, pages: Mapping[str, Page], files: Sequence[RecordFile]) -> str:
    """Links from a page to the others that show anything."""
    others = [link(other.title, name, page.file) for name, other in pages.items() if other.title and other.shows(files)]
    return f"More tables: {', '.join(others)}." if others else ""


def write(folder: Path, record: Record | None = None, *, own: bool = False, drawn: Path | None = None) -> list[str]:
    """Make all tables and figures from `<folder>/records`; returns the paths of the files that changed.

    Runs that end at the same time write one after the other, each from all records on the disk.

    Args:
        folder: `leaderboard` of a repository, or the results of one's own data set.
        record: the only new record, so that the figures of other sections need not be drawn; None = any may be new.
        own: whether it is the results of one's own data set: a page that is missing is made if it shows anything.
        drawn: notes of what figures and pages were made from; None = each is made anew.

    Raises:
        InputError: a page is missing or lacks its markers.
    """
    with folder_lock(folder):
        sweep_temporary(folder)
        figures_drawn = DrawnFigures(drawn)
        changed = _write(folder, record, own, figures_drawn)
        figures_drawn.save()
    return changed


def _write(folder: Path, record: Record | None, own: bool, drawn: DrawnFigures) -> list[str]:
    for fault in record_files.faults(folder):
        LOGGER.warning(SET_ASIDE, printable(fault))
    files = record_files.read(folder)
    pages, root = _own_pages(folder, files) if own else PAGES, folder.parent
    names = list(pages)
    outdated = [name for name in names if not drawn.is_page_current(root / name, names, files, root)]
    documents = _read(folder, outdated, own)
    rendered: dict[str, str] = {}
    for name, text in documents.items():
        try:
            rendered |= render(files, {name: text}, pages)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001 - what a record holds may be more than a page can show
            LOGGER.warning(UNRENDERED, name, type(error).__name__, printable(str(error)[:200]))
    changed = [name for name in rendered if rendered[name] != documents[name]]
    for name in changed:
        with atomic_write(root / name) as path:
            path.write_bytes(rendered[name].encode())
    for name in rendered:
        drawn.note_page(root / name, names, files, root)
    plots = [
        (plot, section)
        for page in pages.values()
        for section in _redrawn(record, page, page.sections(files))
        for plot in page.plots
    ]
    return changed + figures.write(plots, folder, drawn)


def figure_files(folder: Path, added: Collection[str] | None = None) -> set[str]:
    """The figures that the records of a `leaderboard` folder have, as paths relative to the repository root.

    Args:
        folder: of the records.
        added: paths of new records: only the figures that they change; None = all figures.
    """
    files = record_files.read(folder)
    return {
        f"{folder.name}/{plot.file(section)}"
        for page in PAGES.values()
        for section in page.sections(files)
        if added is None or (added and section.differs) or any(file.path in added for file in section.files)
        for plot in page.plots
        if plot.has(section)
    }


def _own_pages(folder: Path, files: Iterable[RecordFile]) -> dict[str, Page]:
    """The pages of a folder of one's own results by path: those that are there, and those that show anything."""
    records = list(files)
    pages = (
        replace(page, file=f"{folder.name}/{PurePosixPath(name).name}")
        for name, page in PAGES.items()
        if PurePosixPath(name).parent.name == HERE
    )
    return {page.file: page for page in pages if (folder.parent / page.file).is_file() or page.shows(records)}


def check(folder: Path) -> list[str]:
    """What is wrong: a line for each page that differs from the records, and for each bad record.

    Args:
        folder: `leaderboard` of a repository.

    Raises:
        InputError: a page is missing or lacks its markers.
    """
    documents = _read(folder, PAGES)
    files = record_files.read(folder)
    rendered = render(files, documents)
    return [
        *(_difference(name, documents[name], rendered[name]) for name in rendered if rendered[name] != documents[name]),
        *record_files.faults(folder),
        *record_files.future_records(files),
    ]


def _difference(name: str, present: str, expected: str) -> str:
    lines = enumerate(zip_longest(present.splitlines(keepends=True), expected.splitlines(keepends=True)), start=1)
    number, (old, new) = next((number, pair) for number, pair in lines if pair[0] != pair[1])
    return f"{name}, line {number}: the page has {_quoted(old)}, the records give {_quoted(new)}"


def _quoted(line: str | None) -> str:
    return "the end of the page" if line is None else repr(line)


def _read(folder: Path, pages: Iterable[str], own: bool = False) -> dict[str, str]:
    """The text of the pages, line ends unchanged; one's own page that is missing begins as the project's page."""
    documents = {}
    for name in pages:
        place = folder.parent / name
        try:
            if own and not place.is_file():
                place = Path(__file__).parent / place.name
            documents[name] = place.read_bytes().decode()
        except FileNotFoundError as error:
            raise InputError(f"{folder.parent / name} is missing. Restore it: git checkout -- {name}") from error
    return documents


def show(folder: Path, record: Record, *, own: bool = False) -> str:
    """The tables of the record's section or experiment for the terminal, without pictures. Arguments as `write`."""
    files = record_files.read(folder)
    every = _own_pages(folder, files) if own else PAGES
    pages = [page for page in every.values() if page.in_terminal and page.experiment == _experiment(record)]
    texts = [replace(page, linked=True).text(_around(record, page, page.sections(files))) for page in pages]
    shown = PICTURES.sub("", paragraphs(*texts))
    return FOLDS.sub(lambda fold: f"\n\n{fold['title']}" if fold["title"] else "", shown)


def _around(record: Record, page: Page, sections: Iterable[Section]) -> list[Section]:
    """The page's sections that a record belongs to: one of the leaderboards, or all of its experiment and protocol."""
    if page.experiment != _experiment(record):
        return []
    return [
        section
        for section in sections
        if section.protocol == record.protocol
        and (record.experiment or place_of(section.records[0]) == place_of(record))
    ]


def _redrawn(record: Record | None, page: Page, sections: Sequence[Section]) -> list[Section]:
    """The page's sections whose figures a new record changes: its own, and those whose digests it adds to their names.

    Args:
        record: the new record; None = any may be new.
        page: the page.
        sections: all of the page.
    """
    if record is None:
        return list(sections)
    renamed = [section for section in sections if section.differs and section.protocol == record.protocol]
    return [*_around(record, page, (one for one in sections if one not in renamed)), *renamed]


def _experiment(record: Record) -> str | None:
    return record.experiment.name if record.experiment else None
