"""Records with their files, and the sections of comparable records that the tables show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from benchmark.errors import InputError
from benchmark.records.files import read_record
from benchmark.records.record import Record
from leaderboard.derived import Head, not_trained, without_heads

PAPER_SPLIT = "random"


@dataclass(frozen=True)
class RecordFile:
    """A record and the path of its file.

    Attributes:
        record: in a section, without what was scored with heads that are not trained.
        path: with `/`, relative to the folder that holds the pages' folder.
        not_trained: last training loss of these heads.
    """

    record: Record
    path: str
    not_trained: Mapping[Head, float] = field(default_factory=dict)

    def judged(self) -> "RecordFile":
        """The file without what was scored with heads that are not trained."""
        heads = not_trained(self.record)
        return RecordFile(without_heads(self.record, heads), self.path, heads) if heads else self


@dataclass(frozen=True)
class Section:
    """The records that may be compared with each other, in the order of the table."""

    dataset: str
    split: str
    protocol: str
    files: tuple[RecordFile, ...]

    @property
    def records(self) -> list[Record]:
        """The records without their files."""
        return [file.record for file in self.files]


def read(folder: Path) -> list[RecordFile]:
    """Every record below `<folder>/records`.

    Raises:
        InputError: a file is no record.
    """
    paths = sorted((folder / "records").rglob("*.json"))
    return [RecordFile(read_record(path), path.relative_to(folder.parent).as_posix()) for path in paths]


def sections(files: Iterable[RecordFile], experiment: str | None = None) -> list[Section]:
    """The records to show, by data set, split and protocol; the order of the input does not matter.

    Of several records of one backbone, initialisation and seed, the one that finished last is shown. A failed record
    is shown only if no successful record has its key. Records of an earlier version of their protocol are not shown.

    Heads that are not trained have no scores in them (`derived.not_trained`).

    Args:
        files: all records.
        experiment: name of the experiment whose records are shown; None = the records of no experiment.

    Raises:
        InputError: a record has no valid finishing time.
    """
    members = [
        file.judged()
        for file in files
        if (file.record.experiment.name if file.record.experiment else None) == experiment
    ]
    current = _current(members)
    succeeded = {file.record.key for file in current if file.record.status == "ok"}
    newest: dict[tuple[str, ...], RecordFile] = {}
    for file in current:
        if file.record.status == "ok" or file.record.key not in succeeded:
            newest[*_place(file.record), *_identity(file.record)] = file
    ordered = sorted(newest.values(), key=lambda file: (_section_order(file.record), _row_order(file.record)))
    return [Section(*place, tuple(rows)) for place, rows in groupby(ordered, key=lambda file: _place(file.record))]


def _current(files: Iterable[RecordFile]) -> list[RecordFile]:
    """The records made with the newest rules of their protocol, oldest first; others are not comparable with them."""
    ordered = sorted(files, key=_age)
    rules = {file.record.protocol: file.record.provenance.rules for file in ordered}
    return [file for file in ordered if file.record.provenance.rules == rules[file.record.protocol]]


def _place(record: Record) -> tuple[str, str, str]:
    return record.dataset, record.split, record.protocol


def _section_order(record: Record) -> tuple[str, bool, str, str]:
    """The paper's split comes before the others."""
    dataset, split, protocol = _place(record)
    return dataset, split != PAPER_SPLIT, split, protocol


def _identity(record: Record) -> tuple[str, ...]:
    return record.backbone, record.init, str(record.seed), str(record.experiment)


def _row_order(record: Record) -> tuple[str, str, str, int]:
    return record.title.casefold(), record.backbone, record.init, record.seed


def _age(file: RecordFile) -> tuple[datetime, str, str]:
    finished = file.record.provenance.finished
    try:
        moment = datetime.fromisoformat(finished)
    except ValueError as error:
        raise InputError(
            f"{file.path}: provenance.finished is {finished!r}; a time such as 2026-01-31T12:00:00+00:00 is "
            "needed. Records are never edited: restore the file, or delete it and run again."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC), file.record.key, file.path
