"""A row that is right on test images and lost on validation images is implausible, and no honest row is."""

from pathlib import Path

import pytest

from benchmark.records.files import find_records, read_record
from benchmark.verification.known_answers import check_plausible, implausible_scores
from support.answered import Design, answered_record
from support.paths import ROOT
from support.records import blank_record, group_baseline


@pytest.mark.parametrize("mode", ["deep", "shallow", "untrained"])
@pytest.mark.parametrize(
    "design",
    [
        Design(1, 1 / 6),
        Design(1, 0),
        Design(0.98, 0.17),
        Design(0.96, 0.22, images=60),
        Design(1, 0.17, epochs=(0.9,)),
        Design(1, 0.17, units=6),
        Design(1, 0.17, images=6),
    ],
)
def test_a_perfect_test_beside_a_validation_at_chance_is_implausible(design: Design, mode: str) -> None:
    (one,) = implausible_scores(answered_record(design, mode))
    assert one.place == ("untrained" if mode == "untrained" else f"classification.{mode}")
    assert (one.test, one.chance) == (design.tested, pytest.approx(1 / 6))
    assert one.validation == pytest.approx(design.validated, abs=0.02)
    (check,) = check_plausible(answered_record(design, mode))
    assert (check.outcome, check.place) == ("mismatch", f"{one.place}: test beside validation")


@pytest.mark.parametrize(
    "design",
    [
        Design(1, 1),
        Design(1, 0.5),
        Design(0.97, 0.36),
        Design(0.92, 0.17),
        Design(0.17, 0.17),
        Design(0.17, 1),
        Design(1, 0.17, epochs=(0.17,), units=3),
        Design(1, 0.25, images=600, units=4),
    ],
)
def test_near_misses_are_not(design: Design) -> None:
    assert implausible_scores(answered_record(design)) == []
    assert [check.outcome for check in check_plausible(answered_record(design))] == ["match"]


def test_a_validation_at_its_own_chance_is_that_of_the_best_baseline() -> None:
    """A baseline that sees no image names half of them: naming as many needs no animal."""
    half = answered_record(Design(1, 0.5, images=600))
    assert implausible_scores(half) == []
    baseline = group_baseline(0.5, correct=(0.5,) * 600)
    seen = half.model_copy(update={"validation_baselines": {"video": baseline}})
    (one,) = implausible_scores(seen)
    assert one.chance == 0.5


@pytest.mark.parametrize("path", find_records(ROOT / "leaderboard" / "records"), ids=lambda path: path.stem)
def test_no_committed_row_is_implausible(path: Path) -> None:
    assert implausible_scores(read_record(path)) == []


def test_a_record_without_validation_is_not_judged() -> None:
    assert implausible_scores(blank_record(test_images=None)) == []
    assert list(check_plausible(blank_record(test_images=None))) == []
