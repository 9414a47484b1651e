import pytest

from leaderboard.derived import pattern_density, pattern_gain, reliance
from support.records import score, trained

SCORES = {name: score(share) for name, share in (("background", 0.6), ("body", 0.4))}
WITHOUT = {name: score(share) for name, share in (("no_background", 0.2), ("no_pattern", 0.5))}
REGIONS = {"background": 0.5, "body": 0.25, "pattern": 1.25}


def test_numbers_by_hand() -> None:
    assert reliance(SCORES) == pytest.approx(1.5)
    assert pattern_gain(WITHOUT) == pytest.approx(-0.3)


def test_numbers_that_need_a_missing_score_or_divide_by_zero_are_none() -> None:
    assert reliance({}) is None
    assert pattern_gain({}) is None
    assert reliance({"background": score(0.5), "body": score(0.0)}) is None


@pytest.mark.parametrize(("empty", "density"), [(None, 1.25), (9, 1.25), (10, None)])
def test_cams_that_are_all_empty_have_no_density(empty: int | None, density: float | None) -> None:
    localisation = dict.fromkeys(("mass", "density", "rank"), REGIONS)
    classifier = trained(0.5, localisation=localisation | {"pattern_density": None, "images": 10, "empty": empty})
    assert pattern_density(classifier) == density
    assert pattern_density(trained(0.5)) is None
