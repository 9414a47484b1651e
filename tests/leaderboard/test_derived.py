import pytest

from leaderboard.derived import (
    by_hirescam,
    excess_density,
    is_trained,
    not_trained,
    pattern_gain,
    reliance,
    share_of_ceiling,
    swap_share_of_ceiling,
    without_heads,
)
from support.records import complete, score, trained

SCORES = {name: score(share) for name, share in (("background", 0.6), ("body", 0.4))}
WITHOUT = {name: score(share) for name, share in (("no_background", 0.2), ("no_pattern", 0.5))}
REGIONS = {"background": 0.5, "body": 0.25, "pattern": 1.25}
LOCALISATION = dict.fromkeys(("mass", "density", "rank"), REGIONS) | {"images": 10}


def test_numbers_by_hand() -> None:
    assert reliance(SCORES) == pytest.approx(0.2)
    assert pattern_gain(WITHOUT) == pytest.approx(-0.3)


def test_numbers_that_need_a_missing_score_are_none() -> None:
    assert reliance({}) is None
    assert pattern_gain({}) is None
    assert reliance({"background": score(0.5)}) is None


def test_numbers_of_cams_by_hand() -> None:
    swapped = REGIONS | {"pattern": 1.0}
    swap = {"swap": dict.fromkeys(("mass", "density", "rank"), swapped), "ceiling": REGIONS | {"pattern": 5}}
    both = [LOCALISATION | swap, LOCALISATION | {"method": "hirescam"}]
    classifier = trained(0.5, localisations=both)
    first, second = classifier.localisations
    assert (excess_density(first), share_of_ceiling(first)) == (0.25, 0.25)
    assert (excess_density(second), share_of_ceiling(second)) == (None, None)
    assert (swap_share_of_ceiling(first), swap_share_of_ceiling(second)) == (0.2, None)
    assert by_hirescam(classifier) == second
    assert by_hirescam(trained(0.5)) is None


def test_a_head_is_trained_if_it_knows_more_than_a_guess() -> None:
    assert [is_trained(loss, 6) for loss in (1.79, 1.62, 1.61, 0.0)] == [False, False, True, True]
    assert is_trained(2.0, 100)


def test_all_that_was_scored_with_a_head_that_is_not_trained_is_left_out() -> None:
    def epochs(loss: float) -> list[dict[str, float]]:
        scores = dict.fromkeys(("accuracy", "recall", "f1"), 0.0)
        return [{"epoch": number, "loss": one, **scores} for number, one in ((1, 9.0), (2, loss))]

    variants = {"all": score(0.9).model_copy(update={"losses": (9.0, 1.7)}), "body": score(0.8)}
    record = complete(
        classification={"shallow": trained(0.9, validation=epochs(1.7)), "deep": trained(0.9, validation=epochs(0.1))},
        untrained=trained(0.2, validation=epochs(1.79)),
        ablation={"shallow": variants, "deep": {"body": score(0.7).model_copy(update={"losses": (1.75,)})}},
        validation={"shallow": variants},
    ).record
    heads = not_trained(record)
    assert heads == {("shallow", "all"): 1.7, ("untrained", "all"): 1.79, ("deep", "body"): 1.75}
    rest = without_heads(record, heads)
    assert (set(rest.classification), rest.untrained) == ({"deep"}, None)
    assert {mode: set(scores) for mode, scores in rest.ablation.items()} == {"shallow": {"body"}, "deep": set()}
    assert set(rest.validation["shallow"]) == {"body"}
