"""Records of arbitrary values survive writing and reading."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.records.base import Interval, RecordPart
from benchmark.records.files import OLDEST_SCORING, read_record, record_path, write_record
from benchmark.records.provenance import Provenance
from benchmark.records.record import Record
from support.record_parts import instances, record_parts
from support.records import PROVENANCE, blank_record

NAMES = st.from_regex(r"[a-z0-9]{12,16}", fullmatch=True)
"""Names of which a path can be made."""


NEW = instances(Provenance, scoring=st.integers(OLDEST_SCORING, 2**53 - 1))


@given(instances(Record, key=NAMES, backbone=NAMES, dataset=NAMES, protocol=NAMES, provenance=NEW))
def test_a_record_survives_writing_and_reading(record: Record) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_record(record, Path(folder))
        assert path == record_path(record, Path(folder))
        assert Record.model_validate_json(path.read_bytes()) == record


@pytest.mark.parametrize("part", record_parts())
@given(data=st.data())
def test_a_part_survives_json(part: type[RecordPart], data: st.DataObject) -> None:
    value = data.draw(instances(part))
    assert part.model_validate_json(value.model_dump_json()) == value


def test_a_new_field_varies_although_it_has_a_default() -> None:
    class Longer(Interval):
        another: float | None = None

    assert find(instances(Longer), lambda part: bool(part.another)).another


def test_a_record_of_an_old_scoring_is_refused_with_the_fix(tmp_path: Path) -> None:
    old = PROVENANCE.model_copy(update={"scoring": OLDEST_SCORING - 1})
    path = write_record(blank_record(provenance=old), tmp_path)
    with pytest.raises(InputError, match=r"version 3 of the scoring.* version 4 or later.* and run again"):
        read_record(path)


def test_the_path_names_data_set_protocol_backbone_and_key() -> None:
    record = blank_record(dataset="stripes", protocol="quick", backbone="timm:vit/b 16", key="0123456789abcdef")
    assert record_path(record, Path("r")) == Path("r/stripes/quick/timm-vit-b-16-0123456789ab.json")
    failed = record.model_copy(update={"status": "crash"})
    assert record_path(failed, Path("r")) == Path("r/stripes/quick/timm-vit-b-16-0123456789ab-failed.json")


def test_a_successful_record_is_kept_and_a_failed_one_replaced(tmp_path: Path) -> None:
    for status, kept in (("ok", "first"), ("crash", "second")):
        for title in ("first", "second"):
            path = write_record(blank_record(status=status, title=title), tmp_path)
        assert read_record(path).title == kept


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = write_record(blank_record(title="first"), tmp_path)
    first = read_record(path)
    assert read_record(path) is first
    times = path.stat()
    path.write_text(path.read_text().replace('"first"', '"other"'))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert read_record(path).title == "other"


def test_a_file_that_is_not_a_record_is_refused_with_its_first_invalid_field(tmp_path: Path) -> None:
    path = write_record(blank_record(), tmp_path)
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {"seed": "x"}))
    with pytest.raises(InputError, match=r"lama-0123456789ab\.json: not a record: seed: "):
        read_record(path)
    path.write_text(json.dumps(fields | {"colour": 1}))
    with pytest.raises(InputError, match="not a record: colour: Extra inputs are not permitted"):
        read_record(path)
    path.write_text("{")
    with pytest.raises(InputError, match="not a record: the file: Invalid JSON"):
        read_record(path)
