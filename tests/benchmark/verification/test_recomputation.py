"""Scores of committed records are computed again, and a score that was edited is found."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.records.files import find_records, read_record
from benchmark.records.record import Record
from benchmark.verification.recomputation import recompute
from support.paths import ROOT

COMMITTED = [path for path in find_records(ROOT / "leaderboard" / "records") if "-failed" not in path.name]


@pytest.mark.parametrize("path", COMMITTED[:3], ids=lambda path: path.stem)
def test_every_score_of_a_committed_record_follows_from_its_answers(path: Path) -> None:
    checks = recompute(read_record(path))
    assert len(checks) > 100
    assert [check for check in checks if check.outcome != "match"] == []


def numbers(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every float of a JSON value that is no list of numbers."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in items:
        if isinstance(part, float) and isinstance(value, dict):
            yield (*steps, step)
        else:
            yield from numbers(part, (*steps, step))


OF_EMBEDDINGS = {"silhouette", "davies_bouldin", "calinski_harabasz", "permuted_silhouette"}
"""Shapes of clusters, which no record holds the points of."""

EDITABLE = (
    "classification",
    "untrained",
    "probes",
    "ablation",
    "clustering",
    "retrieval",
    "retrieval_baselines",
    "open_set",
)


def edited(number: float, step: str) -> float:
    """Another number within the bounds; both ends of an interval move to the same side."""
    return number - 0.01 if step in {"low", "high"} or number > 0.5 else number + 0.01


def test_every_edited_score_is_found() -> None:
    """All scores and interval ends of a record are edited; each is named, as none is computed from another."""
    record = json.loads(COMMITTED[0].read_text())
    places = [
        steps
        for steps in numbers({name: record[name] for name in EDITABLE if record[name]})
        if not OF_EMBEDDINGS & set(steps) and steps[-1] not in {"loss", "choice"} and not any(map(is_index, steps))
    ]
    assert len(places) > 70
    for steps in places:
        part = record
        for step in steps[:-1]:
            part = part[step]
        part[steps[-1]] = edited(part[steps[-1]], steps[-1])
    wrong = {check.place for check in recompute(Record.model_validate(record)) if check.outcome == "mismatch"}
    assert {".".join(steps) for steps in places} - wrong == set()


def is_index(step: object) -> bool:
    return isinstance(step, int)
