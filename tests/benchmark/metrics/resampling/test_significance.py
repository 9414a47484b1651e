import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark.errors import InputError
from benchmark.metrics.resampling import significance
from benchmark.metrics.resampling.seeds import seed_variance
from benchmark.metrics.resampling.significance import shared_ranks
from support.answers import clustered_answers, crossed_answers


def answers(skills: list[float], groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Right or wrong by row and image; rows share the difficulty of a group and differ in it by chance."""
    random = np.random.default_rng(seed)
    count = groups.max() + 1
    ease = random.normal(0, 1, (1, count)) + random.normal(0, 0.7, (len(skills), count))
    chance = 1 / (1 + np.exp(-(np.array(skills)[:, None] + ease[:, groups])))
    return random.random(chance.shape) < chance


def test_equal_rows_share_the_first_rank() -> None:
    row = np.random.default_rng(0).random(50) < 0.7
    ranks = shared_ranks(np.stack([row, row, row]), seed=0)
    assert ranks.rank.tolist() == [1, 1, 1]
    assert not ranks.better.any()
    assert ranks.groups == 50


def test_clear_differences_are_ranked_by_the_number_of_better_rows() -> None:
    random = np.random.default_rng(1)
    rows = np.stack([random.random(400) < share for share in (0.3, 0.9, 0.31, 0.6)])
    ranks = shared_ranks(rows, seed=0)
    assert ranks.rank.tolist() == [3, 1, 3, 2]
    assert ranks.better.sum() == 5


def test_a_row_between_two_may_share_a_rank_with_both() -> None:
    right = np.array([80, 74, 68])  # of the same 100 images, each row's among those of the row before
    ranks = shared_ranks(np.arange(100) < right[:, None], seed=0)
    assert ranks.better[0].tolist() == [False, False, True]
    assert ranks.rank.tolist() == [1, 1, 2]


@pytest.mark.parametrize("seed", range(8))
def test_two_rows_are_tested_as_by_scipy_s_permutation_of_signs(seed: int) -> None:
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(12), 5)
    rows = random.normal(size=(2, 60)) + np.array([[0.0], [0.1 * seed]]) + random.normal(0, 0.3, (2, 12))[:, groups]
    gaps = (rows[0] - rows[1]).reshape(12, 5).mean(axis=1)
    exact = stats.permutation_test((gaps,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert abs(exact.pvalue - 0.05) > 0.01  # not so near that the resamples decide
    assert shared_ranks(rows, groups, seed=0, resamples=4000).better.any() == (exact.pvalue < 0.05)


@pytest.mark.parametrize(("groups", "significant"), [(2, False), (5, False), (6, True)])
def test_a_row_that_is_always_better_is_significantly_better_from_six_groups_on(groups: int, significant: bool) -> None:
    rows = np.stack([np.ones(4 * groups), np.zeros(4 * groups)])
    of = np.repeat(np.arange(groups), 4)
    assert {bool(shared_ranks(rows, of, seed=seed, resamples=1000).better[0, 1]) for seed in range(60)} == {significant}


def test_t_is_the_difference_divided_by_its_error_over_groups_of_any_size() -> None:
    random = np.random.default_rng(2)
    sizes = np.array([1, 30, 4, 9, 2, 7, 50])
    groups = np.repeat(np.arange(7), sizes)
    rows, signs = random.random((3, 103)), random.choice([-1.0, 1.0], (5, 7))
    sums = np.stack([np.bincount(groups, row) for row in rows], axis=1)
    variances = np.broadcast_to([0.01, 0.02, 0.03], (5, 3))
    shifts = random.normal(size=(5, 3))
    drawn = significance._Resample(signs, shifts, variances)
    plain = significance._Resample(signs, 0 * shifts, 0 * variances)
    statistics = significance._statistics(sums, sizes.astype(float), plain)
    seeded = significance._statistics(sums, sizes.astype(float), drawn)
    for sign, shift, values, with_seeds in zip(signs, shifts, statistics, seeded, strict=True):
        for pair, (first, second) in enumerate(((0, 1), (0, 2), (1, 2))):
            gap = sign[groups] * (rows[first] - rows[second])
            residuals = [(gap[groups == group] - gap.mean()).sum() for group in range(7)]
            error = np.sqrt(7 / 6) * np.linalg.norm(residuals) / 103
            assert values[pair] == pytest.approx(gap.mean() / error)
            whole = np.hypot(error, np.sqrt(variances[0, first] + variances[0, second]))
            assert with_seeds[pair] == pytest.approx((gap.mean() + shift[first] - shift[second]) / whole)


def test_significant_pairs_are_removed_before_the_others_are_tested() -> None:
    null = np.array([[3.0, 1.0]] * 60 + [[1.0, 1.0]] * 940)  # the first alone reaches 3, in 6 % of resamples
    assert significance._step_down(np.array([2.0, 2.0]), null).tolist() == [False, False]
    assert significance._step_down(np.array([4.0, 2.0]), null).tolist() == [True, True]
    assert significance._step_down(np.array([4.0, 0.5]), null).tolist() == [True, False]


def test_copies_of_an_image_in_its_group_add_no_significance() -> None:
    rows = answers([0.5, 0.9, 1.4], np.arange(40), seed=3).astype(float)
    copies = shared_ranks(np.tile(rows, 9), np.tile(np.arange(40), 9), seed=1)
    assert (copies.better == shared_ranks(rows, seed=1).better).all()
    assert shared_ranks(np.tile(rows, 9), seed=1).better.sum() > copies.better.sum()


def test_a_false_difference_in_a_table_of_equal_rows_is_rare() -> None:
    groups = np.repeat(np.arange(12), 10)
    false = sum(
        shared_ranks(answers([1.0] * 6, groups, seed), groups, seed=seed, resamples=1000).better.any()
        for seed in range(150)
    )
    assert false / 150 <= 0.09  # 5 % and two standard errors


def test_a_true_difference_in_a_table_is_found() -> None:
    groups = np.repeat(np.arange(40), 10)
    tables = [shared_ranks(answers([2.2, 1, 1, 1], groups, seed), groups, seed=seed).better for seed in range(20)]
    assert np.mean([better[0, 1:] for better in tables]) > 0.9


def test_two_rows_that_hardly_differ_do_not_hide_other_differences() -> None:
    random = np.random.default_rng(5)
    row = random.random(200) < 0.9
    twin = row.copy()
    twin[:2] = ~twin[:2]
    poor = random.random(200) < 0.5
    assert shared_ranks(np.stack([row, twin, poor]), seed=0).rank.tolist() == [1, 1, 3]


def test_the_block_size_does_not_change_the_result() -> None:
    rows = answers([0.5, 0.9, 1.4], np.arange(40), seed=3)
    seeds = [np.stack([row, row[::-1]]) for row in rows]
    spread = seed_variance(seeds, np.arange(40))
    blocks = [
        np.concatenate(
            [drawn.shifts for drawn in significance._resamples(40, spread, np.array([2, 2, 2]), 1, 1000, size)]
        )
        for size in (8 * 40 * 7, 2**26)
    ]
    assert (blocks[0] == blocks[1]).all()
    assert (shared_ranks(seeds, seed=1, block_bytes=8 * 40 * 7).better == shared_ranks(seeds, seed=1).better).all()


def test_a_row_with_seeds_is_its_mean_and_their_spread_hides_small_differences() -> None:
    random = np.random.default_rng(0)
    good, poor = random.random((2, 200)) < np.array([[0.9], [0.6]])
    assert shared_ranks([np.stack([good] * 3), poor], seed=0).rank.tolist() == [1, 2]
    unsteady = np.stack([good, good, np.zeros(200, bool)])
    assert shared_ranks([unsteady, poor], seed=0).rank.tolist() == [1, 1]


def test_two_single_seeds_take_the_spread_of_rows_with_several() -> None:
    random = np.random.default_rng(1)
    first, second = random.random((2, 200)) < np.array([[0.9], [0.6]])
    assert shared_ranks([first, second], seed=0).better[0, 1]
    unsteady = np.stack([random.random(200) < share for share in (0.2, 0.5, 0.9)])
    assert not shared_ranks([first, second, unsteady], seed=0).better[0, 1]


def test_one_row_and_no_row() -> None:
    assert shared_ranks(np.ones((1, 20)), seed=0).rank.tolist() == [1]
    assert shared_ranks(np.ones((0, 20)), seed=0).rank.tolist() == []


def test_unusable_arguments_are_refused() -> None:
    values = np.ones((3, 20))
    with pytest.raises(InputError, match="row 2 for image 4 is not finite"):
        shared_ranks(np.where(np.arange(60).reshape(3, 20) == 44, np.nan, values), seed=0)
    with pytest.raises(InputError, match="all need the same images"):
        shared_ranks(values[:, :0], seed=0)
    with pytest.raises(InputError, match="999 resamples"):
        shared_ranks(values, seed=0, resamples=999)
    with pytest.raises(InputError, match=r"\(20,\) is needed"):
        shared_ranks(values, np.arange(19), seed=0)


@pytest.mark.slow
@pytest.mark.parametrize(("units", "seeds", "spread"), [(6, 3, 0.3), (12, 2, 0.3), (20, 3, 0.0), (36, 3, 0.3)])
def test_eight_equally_good_rows_with_seeds_are_rarely_split(units: int, seeds: int, spread: float) -> None:
    """At most 5 % and two points; by the means alone, which leave out the spread of seeds, it is more."""
    random, groups, trials = np.random.default_rng(4), np.repeat(np.arange(units), 5), 300
    false = means_alone = 0
    for trial in range(trials):
        table = crossed_answers(random, 0.7, seed_spread=spread, shape=(8, seeds, units, 5))
        false += shared_ranks(list(table), groups, seed=trial, resamples=1000).better.any()
        means_alone += shared_ranks(table.mean(axis=1), groups, seed=trial, resamples=1000).better.any()
    assert false / trials <= 0.07
    assert spread == 0 or means_alone > false


@pytest.mark.slow
@pytest.mark.parametrize(("units", "size"), [(6, 6), (20, 6)])
@pytest.mark.parametrize("agreement", [0.3, 0.6])
def test_eight_equally_good_rows_are_rarely_split_by_units_and_often_by_images(
    units: int, size: int, agreement: float
) -> None:
    random, groups = np.random.default_rng(4), np.repeat(np.arange(units), size)
    by_units = by_images = 0
    for trial in range(150):
        table = np.stack([clustered_answers(random, 0.6, agreement, units, size) for _ in range(8)])
        by_units += shared_ranks(table, groups, seed=trial, resamples=1000).better.any()
        by_images += shared_ranks(table, seed=trial, resamples=1000).better.any()
    assert by_units / 150 <= 0.07
    assert by_images / 150 > 0.3
