"""Records with their files, and the sections of comparable records that the tables show."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import InputError
from benchmark.records.files import find_records, read_record, record_path
from benchmark.records.record import Record
from leaderboard.derived import Head, not_trained, without_heads

PAPER_SPLIT = "random"

CLOCKS_DIFFER = timedelta(days=1)
"""How far the clocks of two machines may differ."""

DIGITS = 7
"""Digits of a digest that are shown."""


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
    """The records that may be compared with each other, in the order of the table.

    Attributes:
        dataset: name of the data set.
        split: name of the split.
        protocol: name of the protocol.
        files: the records.
        differs: digests that tell it from sections of the same names, such as `data 3f2a1b2`; empty if there are none.
        left_out: records of the same names and data that are not comparable with these and have no newer row.
    """

    dataset: str
    split: str
    protocol: str
    files: tuple[RecordFile, ...]
    differs: str = ""
    left_out: tuple[RecordFile, ...] = ()

    @property
    def records(self) -> list[Record]:
        """The records without their files."""
        return [file.record for file in self.files]


class Place(NamedTuple):
    """What the records of one table have in common, beside the version of the protocol.

    Attributes:
        dataset: name of the data set.
        split: name of the split.
        protocol: name of the protocol.
        data: digest of images, regions, labels and metadata.
        split_rows: digest of the split's images, labels and parts.
    """

    dataset: str
    split: str
    protocol: str
    data: str
    split_rows: str


class Version(NamedTuple):
    """How a number was made: digest of the protocol's rules, and version of the scoring."""

    rules: str
    scoring: int


def read(folder: Path) -> list[RecordFile]:
    """Every record below `<folder>/records` that can be shown; `faults` names the others."""
    return _read(folder)[0]


def faults(folder: Path) -> list[str]:
    """A message for each file below `<folder>/records` that is set aside: it is no record, or not in its place."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[list[RecordFile], list[str]]:
    files, bad = [], []
    for path in find_records(folder / "records"):
        try:
            record = read_record(path)
        except InputError as error:
            bad.append(str(error))
            continue
        expected = record_path(record, folder / "records")
        if path != expected:
            bad.append(f"{path}: a copy, or renamed: this record is {expected}. Delete the file, or give it that name.")
            continue
        files.append(RecordFile(record, path.relative_to(folder.parent).as_posix()))
    return files, bad


def place_of(record: Record) -> Place:
    """Names and digests of a record's data set, split and protocol."""
    provenance = record.provenance
    return Place(record.dataset, record.split, record.protocol, provenance.data, provenance.split)


def version_of(record: Record) -> Version:
    """The version of a record's protocol and scoring."""
    return Version(record.provenance.rules, record.provenance.scoring)


def sections(files: Iterable[RecordFile], experiment: str | None = None) -> list[Section]:
    """The records to show, by data set, split and protocol; the order of the input does not matter.

    Heads that are not trained have no scores in them (`derived.not_trained`).

    Args:
        files: all records.
        experiment: name of the experiment whose records are shown; None = the records of no experiment.

    Raises:
        InputError: a record has no valid finishing time.
    """
    return grouped(
        file.judged()
        for file in files
        if (file.record.experiment.name if file.record.experiment else None) == experiment
    )


def grouped(files: Iterable[RecordFile], place: Callable[[Record], Place] = place_of) -> list[Section]:
    """Sections of records of one place each; the paper's split comes before the others.

    A section shows the newest version of its protocol and scoring; records of an earlier one are left out, and
    named unless a newer row replaces them. Of several records of one backbone, initialisation and seed, the one that
    finished last is shown. A failed record is shown only if no successful record has its key.

    Args:
        files: records in any order.
        place: what the records of one section share.

    Raises:
        InputError: a record has no valid finishing time.
    """
    members: defaultdict[Place, list[RecordFile]] = defaultdict(list)
    for file in sorted(files, key=_age):
        members[place(file.record)].append(file)
    placed = [(spot, *_current(members[spot])) for spot in sorted(members, key=_place_order)]
    differs = _differences({spot: version_of(shown[0].record).rules for spot, shown, _ in placed})
    return [Section(*spot[:3], shown, differs[spot], left_out) for spot, shown, left_out in placed]


def _current(files: Sequence[RecordFile]) -> tuple[tuple[RecordFile, ...], tuple[RecordFile, ...]]:
    """The records of one place to show, and those left out; both in the order of a table.

    Args:
        files: the oldest first.
    """
    version = version_of(files[-1].record)
    current = [file for file in files if version_of(file.record) == version]
    succeeded = {file.record.key for file in current if file.record.status == "ok"}
    shown = {
        _identity(file.record): file
        for file in current
        if file.record.status == "ok" or file.record.key not in succeeded
    }
    earlier = {_identity(file.record): file for file in files if version_of(file.record) != version}
    left_out = [file for identity, file in earlier.items() if identity not in shown]
    return tuple(sorted(shown.values(), key=_row_order)), tuple(sorted(left_out, key=_row_order))


def _differences(rules: Mapping[Place, str]) -> dict[Place, str]:
    """The digests that tell places of the same names apart, shortened.

    Args:
        rules: digest of the protocol's rules, by place.
    """
    texts = {}
    for spot, own in rules.items():
        namesakes = [other for other in rules if other[:3] == spot[:3]]
        digests = {
            "data": (spot.data, {other.data for other in namesakes}),
            "split": (spot.split_rows, {other.split_rows for other in namesakes if other.data == spot.data}),
            "rules": (own, {of for other, of in rules.items() if other.protocol == spot.protocol}),
        }
        texts[spot] = ", ".join(
            f"{name} {digest[:DIGITS]}" for name, (digest, all_) in digests.items() if len(all_) > 1
        )
    return texts


def _place_order(place: Place) -> tuple[str, bool, Place]:
    """The paper's split comes before the others."""
    return place.dataset, place.split != PAPER_SPLIT, place


def _identity(record: Record) -> tuple[str, ...]:
    return record.backbone, record.init, str(record.seed), str(record.experiment)


def _row_order(file: RecordFile) -> tuple[str, str, str, float, int]:
    record = file.record
    strength = record.experiment.strength if record.experiment else 0.0
    return record.title.casefold(), record.backbone, record.init, strength, record.seed


def _age(file: RecordFile) -> tuple[bool, datetime, str, str]:
    """Order of records, the oldest first. A clock that was wrong hides no later run: the future counts as oldest."""
    moment = finishing_time(file)
    return moment <= datetime.now(UTC) + CLOCKS_DIFFER, moment, file.record.key, file.path


def finishing_time(file: RecordFile) -> datetime:
    """When the run of a record finished, by the clock of its machine.

    Raises:
        InputError: the record has no valid time.
    """
    finished = file.record.provenance.finished
    try:
        moment = datetime.fromisoformat(finished)
    except ValueError as error:
        raise InputError(
            f"{file.path}: provenance.finished is {finished!r}; a time such as 2026-01-31T12:00:00+00:00 is "
            "needed. Records are never edited: restore the file, or delete it and run again."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def future_records(files: Iterable[RecordFile]) -> list[str]:
    """A message for each record that was finished in the future: a clock was wrong, or is."""
    limit = datetime.now(UTC) + CLOCKS_DIFFER
    return [
        f"{file.path}: finished in the future ({file.record.provenance.finished}): the clock of its machine was wrong, "
        "or that of this one is. It counts as the oldest row. Set the clock, move the file away, and run it again."
        for file in files
        if finishing_time(file) > limit
    ]


def hidden_rows(files: Sequence[RecordFile], added: Container[str]) -> list[str]:
    """A message for each row that new records hide: it was shown without them, and is not any more.

    Args:
        files: all records.
        added: paths of the new ones.
    """
    before, after = (_shown(part) for part in ([file for file in files if file.path not in added], files))
    return [
        f"{path}: its row is hidden by a new record, which finished later. Say why in the commit that adds the record, "
        "and drop this one; or take the new one back."
        for path in sorted(before - after)
    ]


def _shown(files: Sequence[RecordFile]) -> set[str]:
    """Paths of the records that the tables show."""
    experiments = {file.record.experiment.name if file.record.experiment else None for file in files}
    return {file.path for one in experiments for section in sections(files, one) for file in section.files}
