from itertools import permutations
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.records.provenance import Failure
from benchmark.vocabulary import RunStatus
from leaderboard import headings
from leaderboard.plots.figures import place
from leaderboard.record_files import RecordFile, future_records, hidden_rows, sections
from support.records import PROVENANCE, blank_record


def file(
    key: str,
    finished: str,
    status: RunStatus = "ok",
    *,
    title: str = "LaMa",
    dataset: str = "body",
    seed: int = 0,
    **origin: object,
) -> RecordFile:
    """A record file; other keywords are fields of its provenance."""
    record = blank_record(
        key=key,
        status=status,
        backbone=title.lower(),
        title=title,
        dataset=dataset,
        split="time",
        protocol="full",
        seed=seed,
        failure=None if status == "ok" else Failure(stage="encode", cause="It stopped.", log=""),
        provenance=PROVENANCE.model_copy(update={"finished": finished} | origin),
    )
    return RecordFile(record, f"leaderboard/records/{dataset}/full/{title}-{key}-{status}.json")


def shown(*files: RecordFile) -> list[str]:
    """Keys and statuses of the records shown, for every order of the input."""
    every = {
        tuple(f"{row.record.key} {row.record.status}" for section in sections(order) for row in section.files)
        for order in permutations(files)
    }
    assert len(every) == 1
    return list(every.pop())


def test_the_record_finished_last_is_shown() -> None:
    assert shown(file("a", "2026-01-02T00:00:00Z"), file("b", "2026-01-01T00:00:00Z")) == ["a ok"]


def test_times_are_compared_as_times() -> None:
    earlier = file("a", "2026-01-02T01:00:00+02:00")
    assert shown(earlier, file("b", "2026-01-02T00:30:00Z"), file("c", "2026-01-01T23:59:00.5")) == ["b ok"]


def test_of_records_finished_together_the_higher_key_is_shown() -> None:
    assert shown(file("a", "2026-01-01"), file("b", "2026-01-01")) == ["b ok"]


def test_a_newer_failure_is_shown_instead_of_an_older_success_of_another_key() -> None:
    assert shown(file("a", "2026-01-01"), file("b", "2026-01-02", "timeout")) == ["b timeout"]


def test_a_failure_is_not_shown_where_a_success_has_its_key() -> None:
    assert shown(file("a", "2026-01-01"), file("a", "2026-01-02", "crash")) == ["a ok"]


def test_a_hidden_failure_leaves_the_newest_of_the_others() -> None:
    older, newer = file("a", "2026-01-01"), file("b", "2026-01-02")
    assert shown(older, newer, file("a", "2026-01-03", "crash")) == ["b ok"]


def test_another_seed_is_another_row_and_rows_are_in_order() -> None:
    rows = (
        file("a", "2026-01-01", seed=10),
        file("b", "2026-01-01", seed=9),
        file("c", "2026-01-01", title="aot-gan"),
    )
    assert shown(*rows) == ["c ok", "b ok", "a ok"]


def names(*files: RecordFile) -> list[str]:
    """The heading of each section, for every order of the input."""
    every = {tuple(headings.name(section) for section in sections(order)) for order in permutations(files)}
    assert len(every) == 1
    return list(every.pop())


@pytest.mark.parametrize("version", [{"rules": "2"}, {"scoring": 1}])
def test_records_of_an_earlier_version_are_left_out_and_named(version: dict[str, Any]) -> None:
    old, replaced = file("a", "2026-01-01", rules="1"), file("b", "2026-01-01", title="AOT-GAN", rules="1")
    (section,) = sections([old, replaced, file("c", "2026-01-02", title="AOT-GAN", **{"rules": "1"} | version)])
    assert [row.record.key for row in section.files] == ["c"]
    assert section.left_out == (old,)
    of = "protocol full" if "rules" in version else "the scoring"
    sentence = f"Not shown: 1 record of an earlier version of {of} (LaMa). Run them again to compare them."
    assert headings.left_out(section) == sentence
    assert headings.title(section) == f"## body, split time, protocol full\n\n{sentence}"


def test_records_that_newer_ones_replace_are_not_named() -> None:
    (section,) = sections([file("a", "2026-01-01", rules="1"), file("b", "2026-01-02", rules="2")])
    assert section.left_out == ()
    assert headings.title(section) == "## body, split time, protocol full"


def test_a_new_version_of_a_protocol_hides_no_row_of_other_data() -> None:
    old, new = file("a", "2026-01-01", rules="1111111111", dataset="birds"), file("b", "2026-01-02", rules="22222222")
    assert shown(old, new) == ["a ok", "b ok"]
    assert names(old, new) == [
        "birds, split time, protocol full; rules 1111111",
        "body, split time, protocol full; rules 2222222",
    ]


def test_one_name_for_two_data_sets_gives_two_sections() -> None:
    one, other = file("a", "2026-01-01", data="3f2a1b2c"), file("b", "2026-01-02", title="AOT-GAN", data="90909090")
    assert names(one, other) == [
        "body, split time, protocol full; data 3f2a1b2",
        "body, split time, protocol full; data 9090909",
    ]
    assert [len(section.files) for section in sections([one, other])] == [1, 1]


def test_one_name_for_two_splits_or_labels_gives_two_sections() -> None:
    """Also where two digests of data differ, if one of them has two splits."""
    files = [
        file("a", "2026-01-01", data="3f2a1b2c", split="aaaaaaaa"),
        file("b", "2026-01-02", data="3f2a1b2c", split="bbbbbbbb"),
        file("c", "2026-01-02", data="90909090", split="cccccccc"),
    ]
    assert names(*files[:2]) == [f"body, split time, protocol full; split {digit * 7}" for digit in "ab"]
    assert names(*files) == [
        "body, split time, protocol full; data 3f2a1b2, split aaaaaaa",
        "body, split time, protocol full; data 3f2a1b2, split bbbbbbb",
        "body, split time, protocol full; data 9090909",
    ]


def test_sections_of_one_name_have_figures_of_their_own() -> None:
    parts = sections([file("a", "2026-01-01", data="3f2a1b2c"), file("b", "2026-01-02", data="90909090")])
    assert [place(section) for section in parts] == ["body-time-full-data-3f2a1b2", "body-time-full-data-9090909"]


def test_another_data_set_is_another_section() -> None:
    parts = sections([file("a", "2026-01-01", dataset="zebra"), file("b", "2026-01-01", dataset="body")])
    assert [(section.dataset, section.split, section.protocol, section.differs) for section in parts] == [
        ("body", "time", "full", ""),
        ("zebra", "time", "full", ""),
    ]


def test_an_invalid_time_is_refused_with_its_file() -> None:
    with pytest.raises(InputError, match=r"a-ok\.json: provenance\.finished is 'yesterday'"):
        sections([file("a", "yesterday")])


def test_a_record_of_the_future_is_told_and_hides_no_later_run() -> None:
    wrong, right = file("a", finished="2931-01-01T00:00:00+00:00"), file("b", finished="2026-01-01T00:00:00+00:00")
    (message,) = future_records([wrong, right])
    assert "finished in the future (2931-01-01" in message
    assert shown(wrong, right) == ["b ok"]


OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("new", "hidden"),
    [
        (file("2", NEW, title="Other"), False),
        (file("2", NEW, seed=1), False),
        (file("2", NEW, data="ab"), False),
        (file("2", OLD.replace("2026", "2025")), False),
        (file("2", NEW), True),
        (file("2", NEW, title="Other", rules="ab"), True),
        (file("2", NEW, title="Other", scoring=99), True),
    ],
)
def test_a_row_that_a_new_record_hides_is_named(new: RecordFile, hidden: bool) -> None:
    old = file("1", OLD)
    messages = hidden_rows([old, new], {new.path})
    assert [message.partition(":")[0] for message in messages] == [old.path] * hidden
    assert hidden_rows([old, new], set()) == []
