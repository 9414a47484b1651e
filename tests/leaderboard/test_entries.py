from itertools import permutations

import pytest

from benchmark.errors import InputError
from benchmark.records.provenance import Failure
from benchmark.vocabulary import RunStatus
from leaderboard.entries import Entry, sections
from support.records import PROVENANCE, blank_record


def entry(
    key: str,
    finished: str,
    status: RunStatus = "ok",
    *,
    title: str = "LaMa",
    dataset: str = "body",
    seed: int = 0,
    rules: str = "",
) -> Entry:
    one = blank_record(
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
    return Entry(one, f"leaderboard/records/{dataset}/full/{title}-{key}-{status}.json")


def shown(*entries: Entry) -> list[str]:
    """What is shown, whatever the order of the input."""
    every = {
        tuple(f"{row.record.key} {row.record.status}" for section in sections(order) for row in section.entries)
        for order in permutations(entries)
    }
    assert len(every) == 1
    return list(every.pop())


def test_the_record_finished_last_is_shown() -> None:
    assert shown(entry("a", "2026-01-02T00:00:00Z"), entry("b", "2026-01-01T00:00:00Z")) == ["a ok"]


def test_times_are_compared_as_times() -> None:
    earlier = entry("a", "2026-01-02T01:00:00+02:00")
    assert shown(earlier, entry("b", "2026-01-02T00:30:00Z"), entry("c", "2026-01-01T23:59:00.5")) == ["b ok"]


def test_of_records_finished_together_the_higher_key_is_shown() -> None:
    assert shown(entry("a", "2026-01-01"), entry("b", "2026-01-01")) == ["b ok"]


def test_a_newer_failure_is_shown_instead_of_an_older_success_of_another_key() -> None:
    assert shown(entry("a", "2026-01-01"), entry("b", "2026-01-02", "timeout")) == ["b timeout"]


def test_a_failure_is_not_shown_where_a_success_has_its_key() -> None:
    assert shown(entry("a", "2026-01-01"), entry("a", "2026-01-02", "crash")) == ["a ok"]


def test_a_hidden_failure_leaves_the_newest_of_the_others() -> None:
    older, newer = entry("a", "2026-01-01"), entry("b", "2026-01-02")
    assert shown(older, newer, entry("a", "2026-01-03", "crash")) == ["b ok"]


def test_another_seed_is_another_row_and_rows_are_in_order() -> None:
    rows = (
        entry("a", "2026-01-01", seed=10),
        entry("b", "2026-01-01", seed=9),
        entry("c", "2026-01-01", title="aot-gan"),
    )
    assert shown(*rows) == ["c ok", "b ok", "a ok"]


def test_records_of_an_earlier_version_of_their_protocol_are_not_shown() -> None:
    """Whatever the data set: rows of two versions are not to be compared between data sets or splits either."""
    old, older = entry("a", "2026-01-01", rules="1"), entry("b", "2026-01-01", title="AOT-GAN", dataset="birds")
    assert shown(old, older, entry("c", "2026-01-02", title="AOT-GAN", rules="2")) == ["c ok"]
    assert shown(old, older, entry("c", "2026-01-02", title="AOT-GAN", rules="1")) == ["c ok", "a ok"]


def test_another_data_set_is_another_section() -> None:
    found = sections([entry("a", "2026-01-01", dataset="zebra"), entry("b", "2026-01-01", dataset="body")])
    assert [(section.dataset, section.split, section.protocol) for section in found] == [
        ("body", "time", "full"),
        ("zebra", "time", "full"),
    ]


def test_a_time_that_is_none_is_refused_with_its_file() -> None:
    with pytest.raises(InputError, match=r"a-ok\.json: provenance\.finished is 'yesterday'"):
        sections([entry("a", "yesterday")])
