import numpy as np
import pytest

from benchmark.metrics.resampling.chance import better_than_chance
from benchmark.records.record import Record
from leaderboard.contestants import better, known, without_looking
from support.records import complete, group_baseline


def scored(video: list[float], majority: list[float], **images: object) -> Record:
    """A record of 36 images of six individuals in 12 stretches, with two baselines that see no image."""
    values = {"labels": np.repeat(np.arange(6), 6).tolist(), "groups": np.repeat(np.arange(12), 3).tolist()}
    baselines = {
        name: group_baseline(float(np.mean(right)), correct=right)
        for name, right in (("majority", majority), ("video", video))
    }
    test_images = values | {"by": "stretches", "train_images": (9,) * 6} | images
    return complete(test_images=test_images, group_baselines=baselines).record


@pytest.mark.parametrize(
    ("video", "majority", "train", "expected"),
    [
        (0.5, 1 / 6, (9,) * 6, ("video", 0.5)),
        (0.1, 1 / 6, (9,) * 6, ("chance", 1 / 6)),
        (0.1, 0.0, (9, 1, 1, 0, 0, 0), ("chance", 1 / 3)),  # the six known images of the commonest, of 18
    ],
)
def test_the_best_answer_without_looking_is_that_right_most_often(
    video: float, majority: float, train: tuple[int, ...], expected: tuple[str, float]
) -> None:
    count = 6 * np.count_nonzero(train)
    unseen = without_looking(scored([video] * count, [majority] * count, train_images=train))
    assert unseen is not None
    assert (unseen.name, unseen.accuracy) == (expected[0], pytest.approx(expected[1]))


def test_of_some_images_and_with_unknown_individuals_a_baseline_is_read_at_the_known_ones() -> None:
    video = [*np.zeros(12), *np.ones(18)]  # the first individual is unknown
    record = scored(video, [0.0] * 30, train_images=(0, 9, 9, 9, 9, 9))
    unseen = without_looking(record, [0, 17, 18, 19])
    assert unseen is not None
    assert (unseen.name, unseen.correct.tolist()) == ("video", [0, 1, 1])


def test_without_test_images_nothing_is_known() -> None:
    assert without_looking(complete(test_images=None).record) is None


def test_a_classifier_that_knows_only_the_video_is_seldom_better_than_chance() -> None:
    """Right in each stretch with the probability of the video alone: found by the test in 5 %, else far more often."""
    record = scored([0.5] * 36, [1 / 6] * 36)
    images, unseen = record.test_images, without_looking(record)
    assert images is not None
    assert unseen is not None
    draws = np.random.default_rng(0).random((400, 12)) < 0.5
    answers = np.repeat(draws, 3, axis=1)
    found = [better(right[None], images, unseen).verdict == "yes" for right in answers]
    guess, groups = np.full(36, 1 / 6), np.array(images.groups)[known(images)]
    wrongly = [better_than_chance(right, guess, groups, seed=0).verdict == "yes" for right in answers]
    assert 0.005 < np.mean(found) < 0.08
    assert np.mean(wrongly) > 0.5
