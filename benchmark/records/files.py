"""Reading and writing records as JSON files. What is written can be read: it is read back before it has its name."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from benchmark.errors import InputError, RunError, first_problem
from benchmark.files import atomic_write, is_temporary
from benchmark.records.consistency import problems
from benchmark.records.record import Record

OLDEST_SCORING = 4
"""Earliest version of the scoring whose records hold all that the pages show."""


LARGEST_BYTES = 2**30
"""Largest file that can be a record."""

KEPT_RECORDS = 256
"""Records that a process keeps after it has read them."""


def read_record(path: Path) -> Record:
    """Read one record. A file that has not changed is read once in a process.

    Raises:
        InputError: the file is not a record, and its first invalid field is named; or its parts contradict each other;
            or its scoring is too old.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return _read_version(path, (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))


@lru_cache(KEPT_RECORDS)
def _read_version(path: Path, version: tuple[int, ...]) -> Record:
    """The record of a file as it is: its inode, bytes, and times of the last change of its content and its status."""
    try:
        if version[1] > LARGEST_BYTES:
            raise ValueError(f"it has more than {LARGEST_BYTES} bytes")  # noqa: TRY301 - one message for all
        record = parse_record(path.read_bytes())
    except (ValueError, OSError) as error:
        raise _unreadable(path, error) from error
    if record.provenance.scoring < OLDEST_SCORING:
        raise InputError(
            f"{path}: a record of version {record.provenance.scoring} of the scoring; the pages need version "
            f"{OLDEST_SCORING} or later. Delete the file, or move it out of the folder, and run again."
        )
    if contradictions := problems(record):
        raise InputError(
            f"{path}: the record contradicts itself: {'; '.join(contradictions)}. Records are written by `patternbench "
            "run` and never edited; restore the file, or delete it and run again."
        )
    return record


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path}: not a record: {_problem(error)}. Records are written by `patternbench run` and never "
        "edited; restore the file, or delete it and run again."
    )


def find_records(folder: Path) -> list[Path]:
    """The files of records below a folder, sorted; files that are being written are none."""
    return sorted(path for path in folder.rglob("*.json") if not is_temporary(path))


def parse_record(text: bytes) -> Record:
    """A record from its JSON, in which every name is unique and every number finite.

    Raises:
        ValueError: it is no record; a pydantic error if a field is wrong.
    """
    record = Record.model_validate_json(text)
    try:
        json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("too many brackets are inside each other") from None
    return record


def _problem(error: Exception) -> str:
    return first_problem(error, "the file") if isinstance(error, ValidationError) else f"the file: {error}"


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"{name[:60]!r} is there twice")
        fields[name] = value
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def record_path(record: Record, folder: Path) -> Path:
    """Path of a record: `<folder>/<dataset>/<protocol>/<backbone>-<key>[-failed].json`."""
    suffix = "" if record.status == "ok" else "-failed"
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", record.backbone)
    return folder / record.dataset / record.protocol / f"{slug}-{record.key[:12]}{suffix}.json"


def earlier_records(record: Record, folder: Path) -> dict[Path, Record]:
    """The successful records that a folder has of the same backbone, data set and protocol, by their paths."""
    path = record_path(record, folder)
    slug = path.name.removesuffix(path.name.rsplit("-", 1)[-1])
    records = {}
    for file in sorted(path.parent.glob(f"{slug}*.json")):
        with suppress(InputError):  # a bad record, which the tables name, ends no run
            records[file] = read_record(file)
    return {file: one for file, one in records.items() if one.status == "ok" and one.backbone == record.backbone}


def write_record(record: Record, folder: Path) -> Path:
    """Write a record. An existing record of the same successful run is kept; that of a failed run is replaced.

    Returns:
        The record's path.
    """
    path = record_path(record, folder)
    if path.exists() and record.status == "ok":
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(record_text(record) + "\n", encoding="utf-8")
        try:
            unchanged = parse_record(temporary.read_bytes()) == record
        except ValueError as error:
            raise RunError(f"{path} would not be a record: {_problem(error)}. It was not written.") from error
        if not unchanged:
            raise RunError(f"{path} would be another record when it is read. It was not written; please report it.")
    return path


def record_text(record: Record) -> str:
    """A record as JSON, with each list of numbers on one line."""
    text = json.dumps(record.model_dump(mode="json"), indent=1, sort_keys=True)
    return re.sub(r"\[\n(?:null|true|false|[-+.,\s\deE])+\]", _on_one_line, text)


def _on_one_line(numbers: re.Match[str]) -> str:
    return re.sub(r"\s+", " ", numbers[0]).replace("[ ", "[").replace(" ]", "]")
