"""Records of the same run, and of runs that give the same numbers."""

from pathlib import Path

import pytest

from benchmark.protocol import read_protocol
from benchmark.records.files import write_record
from benchmark.records.record import Record
from harness.execution.results import Results
from harness.keeping import keep
from harness.workspace import Workspace
from support.fakes import RecordingListener
from support.pets import cut, pets
from support.records import blank_record, ranked, read_all, trained


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "checkout")


def kept(record: Record, workspace: Workspace, photos: Path) -> tuple[Record, list[str]]:
    """The kept record, and what was reported of it."""
    photos.mkdir(exist_ok=True)
    listener = RecordingListener()
    settings = read_protocol("quick", Workspace.here().protocols).inpaint
    return keep(record, Results({}), cut(pets(photos)), settings, workspace, listener), listener.reports


def published(workspace: Workspace) -> Record:
    record = blank_record(key="a" * 64, dataset="zebrafish-synth")
    write_record(record, workspace.results(record.dataset).records)
    return record


def test_equal_numbers_of_another_key_are_the_published_row(workspace: Workspace, tmp_path: Path) -> None:
    first = published(workspace)
    again = first.model_copy(update={"key": "b" * 64})
    record, messages = kept(again, workspace, tmp_path / "photos")
    assert record == first
    assert messages[-1].startswith(
        "Reproduced: every number equals the published row's, to the last digit (leaderboard/"
    )
    assert read_all(workspace.leaderboard / "records") == [first]


@pytest.mark.parametrize(("apart", "kept_one"), [(1e-15, True), (1e-5, False)])
def test_sums_in_another_order_are_the_published_row_and_other_numbers_are_not(
    apart: float, kept_one: bool, workspace: Workspace, tmp_path: Path
) -> None:
    first = blank_record(key="a" * 64, dataset="zebrafish-synth", classification={"deep": trained(0.5)})
    write_record(first, workspace.results(first.dataset).records)
    again = blank_record(key="b" * 64, dataset="zebrafish-synth", classification={"deep": trained(0.5 + apart)})
    record, messages = kept(again, workspace, tmp_path / "photos")
    assert record == (first if kept_one else again)
    assert [", to nine digits (leaderboard/" in message for message in messages] == ([True] if kept_one else [])


def test_other_numbers_of_the_same_key_are_reported(workspace: Workspace, tmp_path: Path) -> None:
    first = published(workspace)
    record, messages = kept(first.model_copy(update={"candidate_count": 99}), workspace, tmp_path / "photos")
    assert record == first
    assert messages[-1].startswith("Not reproduced: 1 values differ from the published row's")
    assert "the first is candidate_count. (leaderboard/records/zebrafish-synth/" in messages[-1]
    assert messages[-1].endswith(" stays as it is.)")
    assert read_all(workspace.leaderboard / "records") == [first]


@pytest.mark.parametrize(
    ("accuracy", "message"),
    [
        (0.45, "Reproduced within its intervals: all 2 scores lie in the published row's 95 % intervals. The largest"),
        (
            0.7,
            "Not reproduced: 1 scores lie outside the intervals of the published row's, the first is classification.",
        ),
    ],
)
def test_scores_of_another_processor_are_compared_by_their_intervals(
    accuracy: float, message: str, workspace: Workspace, tmp_path: Path
) -> None:
    def record(value: float, processor: str) -> Record:
        interval = {"low": 0.3, "high": 0.6, "groups": 9}
        deep = trained(value, intervals={"accuracy": interval})
        ranking = {"rank1_interval": None, "map_interval": interval, "mean_average_precision": 0.4}
        provenance = blank_record().provenance.model_copy(update={"hardware": {"processor": processor}})
        return blank_record(
            key="a" * 64,
            dataset="zebrafish-synth",
            classification={"deep": deep},
            retrieval={"initial": {"cosine": ranked(0.5, **ranking)}},
            provenance=provenance,
        )

    write_record(record(0.5, "Intel Xeon"), workspace.results("zebrafish-synth").records)
    _, messages = kept(record(accuracy, "AMD EPYC"), workspace, tmp_path / "photos")
    assert messages[-1].startswith(message)
    if accuracy < 0.6:
        assert "difference is 0.05. The last digits differ, on AMD EPYC and Intel Xeon." in messages[-1]


def test_other_numbers_of_another_key_and_other_rules_are_a_new_record(workspace: Workspace, tmp_path: Path) -> None:
    first = published(workspace)
    other = first.model_copy(update={"key": "b" * 64, "candidate_count": 99})
    rules = first.provenance.model_copy(update={"rules": "0f"})
    newer = first.model_copy(update={"key": "c" * 64, "provenance": rules})
    for record in (other, newer):
        assert kept(record, workspace, tmp_path / "photos") == (record, [])
    assert len(read_all(workspace.leaderboard / "records")) == 3


def test_own_data_never_meets_the_leaderboard(workspace: Workspace, tmp_path: Path) -> None:
    record = blank_record(dataset="pets")
    assert kept(record, workspace, tmp_path / "photos") == (record, [])
    assert not workspace.leaderboard.exists()
    assert read_all(workspace.root / "results" / "pets" / "records") == [record]
