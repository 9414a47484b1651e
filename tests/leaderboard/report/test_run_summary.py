"""The last lines of benchmark runs, from records made by hand."""

from typing import Any

from benchmark.records.record import Record
from leaderboard.record_files import RecordFile
from leaderboard.report.run_summary import run_summary
from leaderboard.report.summary import WIDTH
from support.records import complete, failed, record_file
from support.region_probes import IMAGES, probes


def probed(background: int = 12, pattern: int = 24, whole: int = 22, **fields: Any) -> RecordFile:
    """A record whose probe names so many of 24 images rightly: two individuals, twelve units, chance 0.5."""
    regions = dict.fromkeys(("reliance", "information"), (background, 12, pattern, 12, 12, 12))
    values = {"probes": {"initial": probes(whole, regions)}, "test_images": IMAGES, "individuals": 2}  # type: ignore[arg-type]
    return record_file(**values | fields)


def lines(files: list[RecordFile], *records: Record) -> dict[str, str]:
    """The lines of some runs by their first words, among all records."""
    shown = run_summary(records, files, {"Tables": "leaderboard"})
    assert all(len(line) <= WIDTH for line in shown)
    return {line[:15].strip(): line[15:] for line in shown}


def test_one_run_is_answered_in_ten_lines() -> None:
    mine, other = probed(), probed(24, 12, 12, backbone="a", title="A", key="a" * 16)
    found = lines([mine, other], mine.record)
    assert len(found) == 11
    assert found["Run"] == "LaMa, weights big-lama, seed 0, protocol full"
    assert found["Data"] == "zebrafish-synth, split time: 24 test images, 2 individuals"
    assert found["Named rightly"].startswith("0.92 [0")
    assert found["Named rightly"].endswith("by linear probe")
    assert found["Chance"] == "0.50 by any individual of training; better than chance: yes"
    assert found["Background"].startswith("0.50 [")
    assert found["Pattern"].startswith("1.00 [")
    assert found["Verdict"] == "mostly pattern"
    assert found["Rank"] == "1 of 2"
    assert found["Tables"] == "leaderboard"


def test_seeds_of_one_contestant_are_one_answer() -> None:
    first, second = probed(), probed(seed=1, key="b" * 16)
    found = lines([first, second], first.record, second.record)
    assert found["Run"] == "LaMa, weights big-lama, seed 0, 1, protocol full"


def test_several_contestants_have_a_line_each() -> None:
    mine, other = probed(), probed(24, 12, 24, backbone="a", title="A", key="a" * 16)
    found = lines([mine, other], mine.record, other.record)
    assert list(found) == ["lama", "a", "Tables"]
    assert found["lama"].endswith("split time; mostly pattern")
    assert found["a"].endswith("split time; mostly background")


def test_what_was_not_measured_is_said() -> None:
    file = complete()
    found = lines([file], file.record)
    assert found["Named rightly"] == "0.97 by deep"
    assert found["Background"] == "not known: no region masks"
    assert found["Rank-1"] == "not measured"
    assert found["Rank"].startswith("none")


def test_a_failed_run_has_no_answer() -> None:
    file = failed()
    assert lines([file], file.record) == {"Tables": "leaderboard"}
