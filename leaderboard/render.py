"""The leaderboard's pages: pure rendering, and the two thin steps that write and check them."""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import alone, replacing
from benchmark.records.record import Record
from leaderboard import entries as chosen
from leaderboard import metrics, side_by_side
from leaderboard.entries import Entry, Section
from leaderboard.markdown import replace_block
from leaderboard.pages import focus as focus_page
from leaderboard.pages import individuals, models, retrieval, seeds, shortcut, tables
from leaderboard.plots import figures

PAGES: dict[str, tuple[str, Callable[[list[Section], str], str]]] = {
    "leaderboard/classification.md": ("classification", tables.classification),
    "leaderboard/individuals.md": ("individuals", individuals.individuals),
    "leaderboard/ablation.md": ("ablation", tables.ablation),
    "leaderboard/clustering.md": ("clustering", tables.clustering),
    "leaderboard/retrieval.md": ("retrieval", retrieval.retrieval),
    "leaderboard/focus.md": ("focus", focus_page.focus),
    "leaderboard/inpainting.md": ("inpainting", models.inpainting),
    "leaderboard/encoders.md": ("encoders", models.encoders),
    "leaderboard/seeds.md": ("seeds", seeds.page),
    "leaderboard/shortcut.md": ("shortcut", shortcut.shortcut),
    "README.md": ("leaderboard", tables.summary),
}
"""Each page, from the repository root: the name of its block and what fills it."""

EXPERIMENTS = {"leaderboard/shortcut.md": "shortcut"}
"""The pages of experiments, by their names in `Record.experiment`; all others show the records of none."""

COMPARED: dict[str, metrics.Measures] = {
    "leaderboard/classification.md": metrics.CLASSIFICATION,
    "leaderboard/ablation.md": metrics.ABLATION,
    "leaderboard/clustering.md": metrics.CLUSTERING,
    "leaderboard/retrieval.md": metrics.RETRIEVAL,
    "leaderboard/focus.md": metrics.FOCUS,
    "leaderboard/inpainting.md": metrics.INPAINTING,
}
"""What pages compare between a split that leaks and one that does not."""

PICTURES = re.compile(r"\n\n(?:!\[|<details>|</details>)[^\n]*")
"""Paragraphs that are a picture, or fold one away."""


def render(entries: Iterable[Entry], documents: Mapping[str, str]) -> dict[str, str]:
    """The pages with their tables made anew from the records; all text outside the markers stays.

    Args:
        entries: the records with their paths, in any order.
        documents: the text of each page, by its name in `PAGES`.

    Raises:
        InputError: a page lacks a marker, or has it twice.
    """
    given = list(entries)
    pages = {}
    for page, text in documents.items():
        block, fill = PAGES[page]
        sections = chosen.sections(given, EXPERIMENTS.get(page))
        beside = side_by_side.tables(sections, COMPARED.get(page, {}))
        pages[page] = replace_block(text, block, "\n\n".join([fill(sections, page), *beside]), page)
    return pages


def write(folder: Path, record: Record | None = None) -> list[str]:
    """Make all tables and figures anew from `<folder>/records`; returns the names of what changed.

    Runs that end together make them one after the other, each from all records that are there.

    Args:
        folder: `leaderboard` of a repository.
        record: the only one that is new, so that no other section's figures need be drawn; None = any may be.
    """
    with alone(folder):
        return _write(folder, record)


def _write(folder: Path, record: Record | None) -> list[str]:
    documents = _read(folder)
    entries = chosen.read(folder.parent)
    rendered = render(entries, documents)
    changed = [page for page in rendered if rendered[page] != documents[page]]
    for page in changed:
        with replacing(folder.parent / page) as path:
            path.write_bytes(rendered[page].encode())
    ordinary, studied = chosen.sections(entries), chosen.sections(entries, "shortcut")
    if record and record.experiment:
        ordinary, studied = [], _around(record, studied)
    elif record:
        ordinary, studied = _around(record, ordinary), []
    changed += figures.write(ordinary, folder)
    return changed + figures.write_shortcut(shortcut.experiments(studied), folder)


def check(folder: Path) -> list[str]:
    """Where the tables differ from the records: for each such page its name and the first differing line."""
    documents = _read(folder)
    rendered = render(chosen.read(folder.parent), documents)
    return [
        _difference(page, documents[page], rendered[page]) for page in rendered if rendered[page] != documents[page]
    ]


def _difference(page: str, present: str, wanted: str) -> str:
    lines = enumerate(zip_longest(present.splitlines(keepends=True), wanted.splitlines(keepends=True)), start=1)
    number, (old, new) = next((number, pair) for number, pair in lines if pair[0] != pair[1])
    return f"{page}, line {number}: {_quoted(old)} stands where the records give {_quoted(new)}"


def _quoted(line: str | None) -> str:
    return "the end of the page" if line is None else repr(line)


def _read(folder: Path) -> dict[str, str]:
    """The pages as they are, line ends included."""
    documents = {}
    for page in PAGES:
        try:
            documents[page] = (folder.parent / page).read_bytes().decode()
        except FileNotFoundError as error:
            raise InputError(f"{folder.parent / page} is missing. Restore it: git checkout -- {page}") from error
    return documents


def show(folder: Path, record: Record) -> str:
    """The tables of the section, or the experiment, that a record stands in, for the terminal: without pictures."""
    experiment = record.experiment.name if record.experiment else None
    sections = _around(record, chosen.sections(chosen.read(folder.parent), experiment))
    pages = [page for page in PAGES if page != "README.md" and EXPERIMENTS.get(page) == experiment]
    return PICTURES.sub("", "\n\n".join(PAGES[page][1](sections, page) for page in pages))


def _around(record: Record, sections: Iterable[Section]) -> list[Section]:
    """The section that a record stands in, among ordinary ones; all of its experiment, among those of its experiment."""
    place = (record.dataset, record.split)
    return [
        section
        for section in sections
        if section.protocol == record.protocol and (record.experiment or (section.dataset, section.split) == place)
    ]
