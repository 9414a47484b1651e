"""The measurements of evaluation, at sizes of no time: each does its work and states its costs."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from perf.measure import find_targets
from perf.support.apart import Cost, cost_of
from perf.support.target import Measurement, timed
from perf.targets import evaluation

TINY: list[Callable[[], Measurement]] = [
    partial(evaluation.compare_clustering, 24, 128),
    partial(evaluation.time_clustering, 24, 128, 60),
    partial(evaluation.measure_retrieval, 24, 6, 4096),
    partial(evaluation.measure_audit, 60, 6, 60),
    partial(evaluation.measure_scoring, 24, 6, 60),
]


def cost_here(work: Callable[[], object]) -> Cost:
    """The work in this process, as a new one for each takes longer than the work."""
    return Cost(timed(work)(), 1)


@pytest.mark.parametrize("measure", TINY, ids=lambda measure: measure.func.__name__)
def test_a_measurement_states_its_costs(measure: Callable[[], Measurement], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "cost_of", cost_here)
    measured = measure()
    assert measured.ratio == pytest.approx(measured.plain / measured.fast)
    assert measured.fast > 0
    assert "MiB" in measured.note + measured.unit


def test_memory_is_that_of_the_work_alone() -> None:
    held = np.ones((1024, 2**20), np.uint8)
    little, much = (cost_of(partial(np.ones, (mebibytes, 2**20), np.uint8)) for mebibytes in (1, 128))
    assert 120 < much.mebibytes - little.mebibytes < 140
    assert much.mebibytes < held.nbytes / 2**20
    with pytest.raises(RuntimeError, match="failed"):
        evaluation.measure_audit(-1, 0, 1)


def test_full_sizes_are_measured_only_if_they_are_wanted() -> None:
    usual, every = (set(find_targets(["evaluation"], full=full)) for full in (False, True))
    assert {target.full for target in usual} == {False}
    assert {target.full for target in every - usual} == {True}
