"""The page of the shortcut calibration, from records made by hand."""

from itertools import permutations
from pathlib import Path

import pytest
from PIL import Image

from benchmark.records.classification import Classification, Scores, SplitAudit
from benchmark.records.files import write_record
from benchmark.records.provenance import Failure
from benchmark.records.record import Record
from benchmark.vocabulary import Mode, RegionVariant
from leaderboard.markdown import NOTHING
from leaderboard.pages import shortcut
from leaderboard.pages.shortcut import PAGE
from leaderboard.render import PAGES, check, show, write
from support.records import PROVENANCE, read_all
from support.shortcut import ablated, files, reader, record, trained
from support.tables import page_text, rows


def cells(text: str) -> list[list[str]]:
    """The rows of all tables without their headers."""
    return [row for row in rows(text) if row[0] != "Backbone"]


def page_of(*records: Record) -> str:
    return page_text(PAGE, *files(*records))


def test_without_records_the_page_says_how_to_get_them() -> None:
    assert page_of() == "No records yet; `patternbench experiment shortcut` writes them."


def test_a_row_shows_what_the_record_holds() -> None:
    (row,) = cells(page_of(reader(0.5, 0.6, 0.9)))
    assert row[:4] == ["READER", "random weights", "shallow", "0.50"]
    assert row[4:7] == ["0.60", "0.90", "-0.30"]  # no interval: the record holds no answers
    assert row[7:9] == ["+0.40", "-0.20"]  # 0.8 - 0.4, 0.7 - 0.9: of the validation images
    assert row[9:11] == ["-0.30", "+0.00"]  # 0.3 - 0.6, 0.5 - 0.5: of the clean test images
    assert row[11:] == ["+0.20 [0.10, 0.30]", "38 of 40"]


@pytest.mark.parametrize(
    ("excess", "empty", "expected"),
    [(0.2, 39, ["+0.20 [0.10, 0.30]", "1 of 40"]), (None, 40, [NOTHING, "0 of 40: all are zero"])],
)
def test_the_number_of_cams_that_are_not_empty_is_shown(excess: float | None, empty: int, expected: list[str]) -> None:
    classifier = trained(0.6, excess)
    (localisation,) = classifier.localisations
    localised = classifier.model_copy(update={"localisations": (localisation.model_copy(update={"empty": empty}),)})
    (row,) = cells(page_of(record("reader", 0.5, {"shallow": localised}, {"shallow": ablated()})))
    assert row[11:13] == expected


def test_cams_by_another_method_alone_are_not_shown() -> None:
    classifier = trained(0.6)
    (localisation,) = classifier.localisations
    other = classifier.model_copy(update={"localisations": (localisation.model_copy(update={"method": "gradcam"}),)})
    (row,) = cells(page_of(record("reader", 0.5, {"shallow": other}, {"shallow": ablated()})))
    assert row[11:13] == [NOTHING, NOTHING]


def test_the_facts_of_an_experiment_are_above_its_table() -> None:
    text = page_of(reader(0, 0.6, 0.6), reader(1, 0.3, 0.9))
    assert "\n\n## 144 pictures a video, data seed 1, split clean-test, protocol quick\n\n" in text
    assert "6 individuals, uniform guess 0.17, 40 test images and 20 validation images." in text


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every head is better than chance from strength 0 on; the records here hold no answers that could show it."""
    monkeypatch.setattr(shortcut, "is_above_chance", lambda _answers, record, *_: record.experiment.strength >= 0)


@pytest.mark.usefixtures("learnt")
def test_the_page_says_first_which_heads_are_calibrated() -> None:
    none = (
        "Nothing is calibrated yet: no head is better than chance, on the validation or the clean test images, at two"
    )
    assert none in page_of(reader(0, 0.6, 0.6), reader(0, 0.6, 0.6, seed=1))
    text = page_of(reader(1, 0.6, 0.9), reader(0, 0.6, 0.6))
    assert (
        "at two strengths or more: READER (random weights), shallow, at 0.00, 1.00. The other rows calibrate nothing."
        in text
    )
    assert "Nothing is calibrated" not in text


def test_a_head_at_chance_calibrates_nothing_and_the_text_follows_from_the_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shortcut, "is_above_chance", lambda _answers, record, *_: record.experiment.strength == 1)
    text = page_of(reader(0.5, 0.6, 0.6), reader(0, 0.6, 0.6), reader(1, 0.3, 0.9))
    assert "Nothing is calibrated yet" in text
    assert "Better than chance at one strength alone, so that no change can be seen: READER" in text
    assert "from 0.00 to" not in text


def test_heads_of_which_nothing_is_known_calibrate_nothing() -> None:
    text = page_of(reader(0, 0.6, 0.6), reader(1, 0.3, 0.9))
    assert "Nothing is calibrated yet" in text
    assert "at one strength alone" not in text


@pytest.mark.usefixtures("learnt")
@pytest.mark.parametrize(("excess", "words"), [(0.9, "rises (+0.70"), (-0.5, "falls (-0.70"), (0.2, "is not shown to")])
def test_the_text_says_what_the_excess_density_does_and_no_more(excess: float, words: str) -> None:
    last = record("reader", 1, {"shallow": trained(0.3, excess)}, {"shallow": ablated()})
    text = page_of(record("reader", 0, {"shallow": trained(0.6)}, {"shallow": ablated()}), last)
    assert "READER (random weights), shallow, from 0.00 to 1.00: " in text
    assert f"excess density {words}" in text


def test_the_audit_names_the_strengths_at_which_the_split_is_not_clean() -> None:
    clean, twins = (
        SplitAudit(sentence="A sentence", faults=()),
        SplitAudit(sentence="A sentence", faults=("twins", "copies")),
    )
    records = [
        reader(0, 0.6, 0.6).model_copy(update={"audit": clean}),
        reader(1, 0.3, 0.9).model_copy(update={"audit": twins}),
    ]
    assert "\n\n*A sentence.* At strength 1.00: twins; copies.\n\n" in page_of(*records)


def test_strengths_are_in_order_for_each_backbone_and_classifier() -> None:
    both: dict[Mode, Classification] = {"deep": trained(0.7), "shallow": trained(0.5)}
    validation: dict[Mode, dict[RegionVariant, Scores]] = {"deep": ablated(), "shallow": ablated()}
    records = [reader(1, 0.3, 0.9), reader(0, 0.6, 0.6), record("Both", 0.25, both, validation), reader(0.5, 0.5, 0.7)]
    texts = {page_of(*order) for order in permutations(records)}
    assert len(texts) == 1
    assert [row[:1] + row[2:4] for row in cells(texts.pop())] == [
        ["BOTH", "shallow", "0.25"],
        ["BOTH", "deep", "0.25"],
        ["READER", "shallow", "0.00"],
        ["READER", "shallow", "0.50"],
        ["READER", "shallow", "1.00"],
    ]


def test_other_designs_and_protocols_have_tables_of_their_own() -> None:
    text = page_of(reader(0, 0.6, 0.6), reader(0, 0.5, 0.5, frames=36), reader(0, 0.4, 0.4, protocol="paper"))
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## 144 pictures a video, data seed 1, split clean-test, protocol paper",
        "## 144 pictures a video, data seed 1, split clean-test, protocol quick",
        "## 36 pictures a video, data seed 1, split clean-test, protocol quick",
    ]
    assert len(cells(text)) == 3


def test_a_missing_number_is_a_dash() -> None:
    validation = ablated()
    del validation["body"]
    bare = record("bare", 1, {"shallow": trained(0.2, excess=None)}, {"shallow": validation})
    broken = reader(1, 0.2, 0.2).model_copy(
        update={
            "status": "crash",
            "classification": {},
            "ablation": {},
            "validation": {},
            "group_baselines": {},
            "failure": Failure(stage="encode", cause="It stopped.", log=""),
        }
    )
    first, second = cells(page_of(bare, broken))
    assert (first[7], first[11]) == (NOTHING, NOTHING)
    assert second[2:13] == [NOTHING, "1.00", *[NOTHING] * 9]
    assert "failed: `crash` in encode: It stopped." in second[-1]


def test_failed_runs_alone_have_no_figure() -> None:
    broken = reader(1, 0.2, 0.2).model_copy(update={"status": "crash", "classification": {}, "validation": {}})
    assert "![" not in page_of(broken)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A `leaderboard` folder with empty pages, two records of the experiment and one of the leaderboards."""
    for name, page in PAGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            f"# A title\n\n<!-- begin table: {page.block} -->\n<!-- end table: {page.block} -->\n"
        )
    ordinary = record("ordinary", 0, {"shallow": trained(0.5)}, {}).model_copy(
        update={"experiment": None, "dataset": "zebrafish-synth"}
    )
    for one in (reader(0, 0.6, 0.6), reader(1, 0.3, 0.9), ordinary):
        write_record(one, tmp_path / "leaderboard" / "records")
    return tmp_path / "leaderboard"


def test_records_of_the_experiment_are_on_its_page_alone(folder: Path) -> None:
    changed = write(folder)
    texts = {name: (folder.parent / name).read_text() for name in PAGES}
    assert "READER" in texts[PAGE.file]
    assert "ORDINARY" not in texts[PAGE.file]
    assert [
        name for name in PAGES if name != PAGE.file and ("READER" in texts[name] or "shortcut-" in texts[name])
    ] == []
    assert "ORDINARY" in texts["leaderboard/classification.md"]
    (picture,) = (folder / "figures").glob("shortcut-*.png")
    assert f"](figures/{picture.name})" in texts[PAGE.file]
    assert f"leaderboard/figures/{picture.name}" in changed
    with Image.open(picture) as drawn:
        assert drawn.width > 1000
    assert [name.name for name in (folder / "figures").iterdir() if "shortcut" in name.name] == [picture.name]
    assert check(folder) == []
    assert write(folder) == []


def test_the_terminal_shows_the_whole_experiment_and_nothing_else(folder: Path) -> None:
    text = show(folder, reader(1, 0.3, 0.9))
    assert len(cells(text)) == 2
    assert "ORDINARY" not in text
    assert "![" not in text
    ordinary = next(one for one in read_all(folder / "records") if one.experiment is None)
    assert "READER" not in show(folder, ordinary)


def test_a_newer_record_replaces_an_older_one_of_the_same_strength_and_design() -> None:
    newer = reader(0, 0.9, 0.9).model_copy(
        update={"key": "newer", "provenance": PROVENANCE.model_copy(update={"finished": "2026-02-01T00:00:00Z"})}
    )
    (row,) = cells(page_of(reader(0, 0.6, 0.6), newer))
    assert row[5] == "0.90"
    assert len(cells(page_of(reader(0, 0.6, 0.6, frames=36), newer))) == 2
