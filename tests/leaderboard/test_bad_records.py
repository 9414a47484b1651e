"""A bad record is named and set aside; it hides and stops no other."""

import shutil
from pathlib import Path

from benchmark.records.files import write_record
from leaderboard.record_files import faults, read, sections
from support.records import PROVENANCE, blank_record


def test_bad_records_are_named_and_the_others_read(tmp_path: Path) -> None:
    good = write_record(blank_record(), tmp_path / "records")
    copied = shutil.copy(good, good.with_name("lama-0123456789ab-2.json"))
    moved = tmp_path / "records" / "other" / "p" / good.name
    moved.parent.mkdir(parents=True)
    shutil.copy(good, moved)
    broken = good.with_name("broken.json")
    broken.write_text("{")
    assert [file.record for file in read(tmp_path)] == [blank_record()]
    messages = faults(tmp_path)
    assert len(messages) == 3
    for path in (copied, moved, broken):
        assert any(message.startswith(f"{path}: ") for message in messages)


def test_a_record_of_other_rules_hides_no_row_of_another_place(tmp_path: Path) -> None:
    forged = PROVENANCE.model_copy(update={"rules": "ab", "finished": "2099-01-01T00:00:00Z"})
    write_record(blank_record(), tmp_path / "records")
    write_record(blank_record(dataset="other", key="ff", provenance=forged), tmp_path / "records")
    assert {section.dataset for section in sections(read(tmp_path))} == {"d", "other"}
