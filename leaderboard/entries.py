"""Which records stand in the tables, and in which order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from benchmark.errors import InputError
from benchmark.records.files import read_record
from benchmark.records.record import Record

PAPER_SPLIT = "random"


@dataclass(frozen=True)
class Entry:
    """A record and its file, as a path with `/` relative to the repository root."""

    record: Record
    path: str


@dataclass(frozen=True)
class Section:
    """The rows that may be compared with each other, in the order of the table."""

    dataset: str
    split: str
    protocol: str
    entries: tuple[Entry, ...]


def read(root: Path) -> list[Entry]:
    """Every record below `leaderboard/records` of a repository."""
    folder = root / "leaderboard" / "records"
    return [Entry(read_record(path), path.relative_to(root).as_posix()) for path in sorted(folder.rglob("*.json"))]


def sections(entries: Iterable[Entry], experiment: str | None = None) -> list[Section]:
    """The entries to show, by data set, split and protocol; the order of the input does not matter.

    Of several records of one backbone, initialisation and seed the one finished last is shown. A failed one
    counts only while no successful one has its key. Records of an earlier version of their protocol are not shown.

    Args:
        entries: all there are.
        experiment: the experiment whose records are wanted; None = those of no experiment, for the leaderboards.
    """
    asked = [
        entry for entry in entries if (entry.record.experiment.name if entry.record.experiment else None) == experiment
    ]
    given = _current(asked)
    succeeded = {entry.record.key for entry in given if entry.record.status == "ok"}
    newest: dict[tuple[str, ...], Entry] = {}
    for entry in given:
        if entry.record.status == "ok" or entry.record.key not in succeeded:
            newest[*_place(entry.record), *_row(entry.record)] = entry
    shown = sorted(newest.values(), key=lambda entry: (_rank(entry.record), _order(entry.record)))
    return [Section(*place, tuple(rows)) for place, rows in groupby(shown, key=lambda entry: _place(entry.record))]


def _current(entries: Iterable[Entry]) -> list[Entry]:
    """Those made by the rules that the record finished last of their protocol was made by: only they are comparable."""
    ordered = sorted(entries, key=_age)
    rules = {entry.record.protocol: entry.record.provenance.rules for entry in ordered}
    return [entry for entry in ordered if entry.record.provenance.rules == rules[entry.record.protocol]]


def _place(record: Record) -> tuple[str, str, str]:
    return record.dataset, record.split, record.protocol


def _rank(record: Record) -> tuple[str, bool, str, str]:
    """Of a section: the paper's split stands before the others."""
    dataset, split, protocol = _place(record)
    return dataset, split != PAPER_SPLIT, split, protocol


def _row(record: Record) -> tuple[str, ...]:
    return record.backbone, record.init, str(record.seed), str(record.experiment)


def _order(record: Record) -> tuple[str, str, str, int]:
    return record.title.casefold(), record.backbone, record.init, record.seed


def _age(entry: Entry) -> tuple[datetime, str, str]:
    finished = entry.record.provenance.finished
    try:
        moment = datetime.fromisoformat(finished)
    except ValueError as error:
        raise InputError(
            f"{entry.path}: provenance.finished is {finished!r}; a time such as 2026-01-31T12:00:00+00:00 is "
            "needed. Records are never edited: restore the file, or delete it and run again."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC), entry.record.key, entry.path
