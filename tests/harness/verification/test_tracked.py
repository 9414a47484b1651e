"""What was edited since a commit is named: records, dropped rows, figures, and text outside the markers."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.protocol import read_protocol
from benchmark.records.files import write_record
from benchmark.records.record import Record
from harness.run import SCORING
from harness.verification.tracked import (
    added_records,
    changes_since,
    copies,
    of_other_rules,
    with_known_answers,
)
from harness.workspace import Workspace
from support.answered import Design, answered_record
from support.records import PROVENANCE, blank_record

BLOCKS = {"leaderboard/page.md": "rows"}
PAGE = "# Title\n\n<!-- begin table: rows -->\n\n{table}\n\n<!-- end table: rows -->\n\n{end}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_record(blank_record(), tmp_path / "leaderboard" / "records")
    write_record(blank_record(key="f" * 16), tmp_path / "leaderboard" / "records")
    (tmp_path / "leaderboard" / "figures").mkdir()
    (tmp_path / "leaderboard" / "figures" / "a.png").write_bytes(b"one")
    (tmp_path / "leaderboard" / "page.md").write_text(PAGE.format(table="| 1 |", end="By hand."))
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_nothing_is_named_if_nothing_was_edited(root: Path) -> None:
    assert changes_since("HEAD", root, BLOCKS) == []


def test_each_kind_of_edit_is_named(root: Path) -> None:
    one, other = sorted((root / "leaderboard" / "records").rglob("*.json"))
    one.write_text(one.read_text() + " ")
    other.unlink()
    (root / "leaderboard" / "figures" / "a.png").write_bytes(b"two")
    (root / "leaderboard" / "figures" / "b.png").write_bytes(b"new")
    (root / "leaderboard" / "page.md").write_text(PAGE.format(table="| 2 |", end="By a stranger."))
    messages = changes_since("HEAD", root, BLOCKS)
    assert [message.split("since")[0] for message in messages] == [
        f"{one.relative_to(root)}: the record was edited ",
        f"{other.relative_to(root)}: the record was dropped ",
        "leaderboard/figures/a.png: the figure was edited ",
        "leaderboard/figures/b.png: the figure belongs to no new record and appeared ",
        "leaderboard/page.md: the text outside its table was edited ",
    ]


def test_tables_and_the_figures_of_its_section_change_with_a_new_record(root: Path) -> None:
    path = write_record(blank_record(key="e" * 16), root / "leaderboard" / "records")
    path.with_name(f"{path.stem}-focus.png").write_bytes(b"its own")
    (root / "leaderboard" / "figures" / "encoders-d-s-p.png").write_bytes(b"of its section")
    (root / "leaderboard" / "page.md").write_text(PAGE.format(table="| 2 |", end="By hand."))
    assert changes_since("HEAD", root, BLOCKS, {"leaderboard/figures/encoders-d-s-p.png"}) == []
    assert added_records("HEAD", root) >= {path.relative_to(root).as_posix()}


def test_a_new_record_excuses_no_change_of_anything_else(root: Path) -> None:
    other = min((root / "leaderboard" / "records").rglob("*.json"))
    added = write_record(blank_record(key="e" * 16), root / "leaderboard" / "records")
    (root / "leaderboard" / "figures" / "a.png").write_bytes(b"two")
    for name in (f"{other.stem}-focus.png", "notes.html"):
        (added.parent / name).write_bytes(b"new")
    messages = changes_since("HEAD", root, BLOCKS)
    assert sorted(message.split(" since")[0] for message in messages) == [
        "leaderboard/figures/a.png: the figure was edited",
        f"leaderboard/records/d/p/{other.stem}-focus.png: the figure belongs to no new record and appeared",
        "leaderboard/records/d/p/notes.html: the file is neither a record nor a figure and appeared",
    ]


def test_an_unknown_commit_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="git knows no commit 'nowhere'"):
        changes_since("nowhere", root, BLOCKS)


def test_a_row_of_other_rules_is_named() -> None:
    workspace = Workspace.here()
    rules = read_protocol("quick", workspace.protocols).rules
    own, other = (
        blank_record(protocol="quick", provenance=PROVENANCE.model_copy(update={"rules": one}))
        for one in (rules, "ab12")
    )
    assert of_other_rules({"own.json": own}, workspace) == []
    assert of_other_rules({"other.json": other}, workspace) == [
        "other.json: made by other rules than those of protocol 'quick' here. Run it again, or move it away."
    ]
    later = own.model_copy(update={"provenance": own.provenance.model_copy(update={"scoring": SCORING + 1})})
    assert of_other_rules({"later.json": later}, workspace) == [
        f"later.json: scored by version {SCORING + 1}, but this project has {SCORING}. Run it again, or move it away."
    ]
    assert of_other_rules({"mine.json": blank_record(protocol="mine")}, workspace) == []


def of_stage(stage: str, **fields: Any) -> Record:
    stages = {"encode": {"key": stage, "seconds": 1.0, "peak_memory_mib": 1.0, "threads": 1}}
    return blank_record(**{"provenance": PROVENANCE.model_dump() | {"stages": stages}} | fields)


@pytest.mark.parametrize(
    "copy",
    [
        of_stage("e" * 64, backbone="stranger"),  # renamed
        of_stage("f" * 64, backbone="stranger"),  # and its stages edited
        of_stage("e" * 64, backbone="stranger", key="9" * 16),  # or its key
    ],
)
def test_a_renamed_copy_is_named_whatever_was_edited_in_it(copy: Record) -> None:
    own = of_stage("e" * 64)
    assert [message.partition(": one of")[0] for message in copies({"own.json": own, "copy.json": copy})] == [
        "own.json: of the same run as copy.json",
        "copy.json: of the same run as own.json",
    ]


def test_no_record_is_a_copy_of_another_run() -> None:
    own = of_stage("e" * 64)
    again = of_stage("e" * 64, key="9" * 16)  # scored anew, from the same stages
    other = of_stage("f" * 64, key="8" * 16, backbone="other")
    assert copies({"own.json": own, "again.json": again, "other.json": other}) == []


def test_a_row_that_may_have_known_the_answers_is_named() -> None:
    honest, cheat = answered_record(Design(1, 0.9)), answered_record(Design(1, 0.17))
    assert with_known_answers({"honest.json": honest}) == []
    (message,) = with_known_answers({"honest.json": honest, "cheat.json": cheat})
    assert message.startswith(
        "cheat.json: classification.deep names 1.00 of the test images rightly, but 0.17 of the validation images, "
    )
