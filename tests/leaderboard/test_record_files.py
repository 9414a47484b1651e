from itertools import permutations

import pytest

from benchmark.errors import InputError
from benchmark.records.provenance import Failure
from benchmark.vocabulary import RunStatus
from leaderboard.record_files import RecordFile, sections
from support.records import PROVENANCE, blank_record


def file(
    key: str,
    finished: str,
    status: RunStatus = "ok",
    *,
    title: str = "LaMa",
    dataset: str = "body",
    seed: int = 0,
    rules: str = "",
) -> RecordFile:
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
        provenance=PROVENANCE.model_copy(update={"finished": finished, "rules": rules}),
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


def test_records_of_an_earlier_version_of_their_protocol_are_not_shown() -> None:
    """In no data set: rows of two versions cannot be compared between data sets or splits either."""
    old, older = file("a", "2026-01-01", rules="1"), file("b", "2026-01-01", title="AOT-GAN", dataset="birds")
    assert shown(old, older, file("c", "2026-01-02", title="AOT-GAN", rules="2")) == ["c ok"]
    assert shown(old, older, file("c", "2026-01-02", title="AOT-GAN", rules="1")) == ["c ok", "a ok"]


def test_another_data_set_is_another_section() -> None:
    parts = sections([file("a", "2026-01-01", dataset="zebra"), file("b", "2026-01-01", dataset="body")])
    assert [(section.dataset, section.split, section.protocol) for section in parts] == [
        ("body", "time", "full"),
        ("zebra", "time", "full"),
    ]


def test_an_invalid_time_is_refused_with_its_file() -> None:
    with pytest.raises(InputError, match=r"a-ok\.json: provenance\.finished is 'yesterday'"):
        sections([file("a", "yesterday")])
